"""What every way to a repository can do: a path, smart HTTP and SSH pass the same tests."""

from __future__ import annotations

import pytest

from app.domain.errors import PushRejected, RevisionNotFound
from app.domain.revision import Person
from app.domain.state.git_files import EMPTY_TREE, FILE, blob_of, mode_of
from app.ports.sources import RefMove, RefTip, Source
from tests.sources.conftest import Place
from tests.support.repo import link, script

ANN = Person("Ann Author", "ann@example.org")


def test_a_repository_is_mirrored_and_read(place: Place) -> None:
    first = place.repo.commit(
        {"deploy/site.conf": "one\n", "deploy/run": script("#!/bin/sh\n"), "README": "x"}, "First"
    )
    place.repo.tag("v1", annotated=True)
    second = place.repo.commit({"deploy/site.conf": "two\n", "deploy/latest": link("site.conf")}, "Second\n\nWhy")
    source: Source = place.open()

    heads = source.remote_heads()
    assert heads == {"HEAD": second, "refs/heads/main": second, "refs/tags/v1": first}
    assert source.fetch() == (
        RefMove("refs/heads/main", None, second),
        RefMove("refs/tags/v1", None, first),
    )
    assert source.remote_heads() == heads
    assert source.resolve("main").sha == second
    assert source.resolve("main").subject == "Second"
    assert source.resolve("v1").sha == first
    tree = source.tree(second, "deploy")
    assert {path: (mode_of(entry.traits), blob_of(entry)) for path, entry in source.entries(tree)} == place.repo.files(
        tree
    )
    assert [change.key for change in source.changes(source.tree(first, "deploy"), tree)] == [b"latest", b"site.conf"]
    read = bytearray()
    with source.contents() as contents:
        assert contents.write_to(blob_of(source.changes(EMPTY_TREE, tree)[-1].after), read.extend) == 4  # type: ignore[arg-type]
    assert bytes(read) == b"two\n"


def test_moves_are_reported_with_what_was_rewritten(place: Place) -> None:
    base = place.repo.commit({"a": "1"})
    gone = place.repo.commit({"b": "1"}, branch="gone", onto=base)
    source = place.fetched()

    ahead = place.repo.commit({"a": "2"})
    place.repo.branch("new", base)
    place.repo.delete_branch("gone")
    assert source.fetch() == (
        RefMove("refs/heads/gone", gone, None),
        RefMove("refs/heads/main", base, ahead),
        RefMove("refs/heads/new", None, base),
    )
    rewritten = place.repo.commit({"a": "3"}, onto=base)
    assert source.fetch() == (RefMove("refs/heads/main", ahead, rewritten, forced=True),)
    assert source.fetch() == ()
    with pytest.raises(RevisionNotFound):
        source.resolve("gone")


def test_an_empty_repository_has_no_refs_and_grows(place: Place) -> None:
    source = place.open()
    assert source.remote_heads() == {}
    assert source.fetch() == ()
    with pytest.raises(RevisionNotFound, match="no branches and no tags yet"):
        source.resolve("main")
    sha = place.repo.commit({"a": "1"})
    assert source.fetch() == (RefMove("refs/heads/main", None, sha),)
    assert source.resolve("main").sha == sha


def test_a_commit_is_made_and_pushed(place: Place) -> None:
    parent = place.repo.commit({"deploy/keep": "k", "deploy/old": "o"})
    source = place.fetched()
    edits = {b"deploy/new file": (FILE, b"n\n"), b"deploy/old": None}

    made = source.commit("main", parent, edits, "Adopt a change\n\nReason", ANN)

    assert place.repo.sha("main") == made.sha
    assert made.parents == (parent,)
    assert (made.author, made.subject) == (ANN, "Adopt a change")
    assert place.repo.git("show", "-s", "--format=%an <%ae> / %cn", "main") == "Ann Author <ann@example.org> / PushPull"
    assert set(place.repo.files("main")) == {b"deploy/keep", b"deploy/new file"}
    assert source.resolve("main") == made
    assert source.fetch() == ()


def test_a_commit_on_a_branch_that_moved_on_is_rejected(place: Place) -> None:
    parent = place.repo.commit({"a": "1"})
    source = place.fetched()
    theirs = place.repo.commit({"a": "2"})

    with pytest.raises(PushRejected, match="moved on"):
        source.commit("main", parent, {b"a": (FILE, b"3")}, "mine", ANN)

    assert place.repo.sha("main") == theirs
    assert source.resolve("main").sha == parent


def test_one_ref_is_looked_at_without_the_others(place: Place) -> None:
    place.repo.commit({"a": "1"})
    source = place.fetched()
    sha = place.repo.commit({"a": "2"})
    place.repo.commit({"a": "3"}, branch="other")
    place.repo.tag("main", "other")
    assert source.look("main") == RefTip("refs/heads/main", source.resolve(sha))
    with pytest.raises(RevisionNotFound):
        source.resolve("other")
    place.repo.delete_branch("main")
    assert source.look("main").name == "refs/tags/main"
    place.repo.git("symbolic-ref", "HEAD", "refs/heads/other")
    assert source.look("HEAD").name == "refs/heads/other"
    with pytest.raises(RevisionNotFound):
        source.look("gone")


def test_a_shallow_repository_is_delivered_from(place: Place) -> None:
    place.repo.commit({"a": "1"})
    sha = place.repo.commit({"a": "2"})
    (place.repo.path / "shallow").write_text(f"{sha}\n")  # what `git clone --depth 1` leaves
    source = place.fetched()
    assert source.resolve("main").sha == sha
    newer = place.repo.commit({"a": "3"})
    source.fetch()
    assert source.is_ancestor(sha, newer)
    assert [one.sha for one in source.between(None, newer)] == [newer, sha]
    assert source.fetch() == ()


@pytest.mark.parametrize(("name", "object", "what"), [("tree", "main^{tree}", "a tree"), ("blob", "main:a", "a blob")])
def test_a_tag_of_what_is_no_commit_is_named(place: Place, name: str, object: str, what: str) -> None:
    place.repo.commit({"a": "1"})
    place.repo.tag(name, object, annotated=True)
    source = place.fetched()
    for ask in (source.resolve, source.look):
        with pytest.raises(RevisionNotFound, match=f"'{name}' names {what}"):
            ask(name)
    assert source.resolve("main").sha == place.repo.sha("main")
