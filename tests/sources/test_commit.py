"""Commits that PushPull makes: drift that is adopted, revisions that are reverted."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.errors import InvalidInput, PushRejected, RevisionNotFound, SourceUnreachable
from app.domain.revision import Person
from app.domain.state.git_files import DIRECTORY, EXECUTABLE, FILE, SUBMODULE, SYMLINK, blob_of, file_item
from app.sources.git_source import GitSource
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo, link, script

ANN = Person("Ann Author", "ann@example.org")


def refs_of(source: GitSource) -> str:
    """All refs of the mirror."""
    return source._repository.run("for-each-ref").decode()


def left_behind(tmp_path: Path) -> list[Path]:
    """Files that only a failed import or a crash leaves in a mirror."""
    mirrors = tmp_path / "data" / "mirrors"
    return [*mirrors.glob("*/fast_import*"), *mirrors.glob("*/*.lock"), *mirrors.glob("*/refs/pushpull/drafts/*")]


def test_every_kind_of_edit(local: Place, tmp_path: Path) -> None:
    parent = local.repo.commit(
        {"mode": "m", "old/only": "o", "becomes-dir": "x", "dir/becomes-file": "y", "moved": "content", "keep": "k"}
    )
    source = local.fetched()
    moved = dict(source.entries(source.tree(parent, "")))[b"moved"]
    made = source.commit(
        "main",
        parent,
        {
            b"mode": (EXECUTABLE, b"m"),
            b"old/only": None,
            b'becomes-dir/in \xff\n"\\ner': (FILE, b"\0binary\xff"),
            b"dir": (FILE, b"now a file"),
            b"link": (SYMLINK, b"keep"),
            b"moved": None,
            b"here": file_item(FILE, blob_of(moved)),
            b"empty": (FILE, b""),
            b"never was": None,
        },
        "All\n\nkinds",
        ANN,
    )
    expected = GitRepo(tmp_path / "repos" / "expected.git")
    expected.commit(
        {
            "mode": script("m"),
            b'becomes-dir/in \xff\n"\\ner': b"\0binary\xff",
            "dir": "now a file",
            "link": link("keep"),
            "here": "content",
            "empty": "",
            "keep": "k",
        }
    )
    assert local.repo.tree("main") == expected.tree("main")
    assert made.message == "All\n\nkinds"
    assert local.repo.git("fsck", "--strict") == ""
    assert left_behind(tmp_path) == []


def test_a_new_branch_starts_at_any_commit(local: Place) -> None:
    base = local.repo.commit({"a": "1"})
    tip = local.repo.commit({"a": "2"})
    source = local.fetched()
    made = source.commit("pushpull/adopt-1", base, {b"a": (FILE, b"3")}, "m", ANN)
    assert (local.repo.sha("pushpull/adopt-1"), local.repo.sha("main")) == (made.sha, tip)
    assert source.resolve("pushpull/adopt-1").parents == (base,)
    assert source.fetch() == ()


def test_edits_that_change_nothing_make_no_commit(local: Place) -> None:
    parent = local.repo.commit({"a": "1"})
    source = local.fetched()
    before = refs_of(source)
    assert source.commit("main", parent, {b"a": (FILE, b"1"), b"b": None}, "m", ANN).sha == parent
    assert source.commit("main", parent, {}, "m", ANN).sha == parent
    assert (local.repo.sha("main"), refs_of(source)) == (parent, before)


def test_a_commit_never_overwrites_what_the_mirror_knows_is_newer(local: Place) -> None:
    parent = local.repo.commit({"a": "1"})
    newer = local.repo.commit({"a": "2"})
    source = local.fetched()
    with pytest.raises(PushRejected, match="moved on"):
        source.commit("main", parent, {b"a": (FILE, b"3")}, "m", ANN)
    assert local.repo.sha("main") == newer


def test_a_branch_that_appeared_meanwhile_is_not_overwritten(local: Place, tmp_path: Path) -> None:
    parent = local.repo.commit({"a": "1"})
    source = local.fetched()
    theirs = local.repo.commit({"a": "2"}, branch="new", onto=parent)
    before = refs_of(source)
    with pytest.raises(PushRejected, match="moved on"):
        source.commit("new", parent, {b"a": (FILE, b"3")}, "m", ANN)
    assert (local.repo.sha("new"), refs_of(source)) == (theirs, before)
    assert left_behind(tmp_path) == []


def test_the_servers_reason_is_told(local: Place, web: Place, server: GitServer) -> None:
    parent = local.repo.commit({"a": "1"})
    hook = local.repo.path / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho 'main is protected: ask https://ann:hunter2@host' >&2\nexit 1\n")
    hook.chmod(0o755)
    source = web.fetched()
    before = refs_of(source)
    with pytest.raises(PushRejected, match="main is protected") as problem:
        source.commit("main", parent, {b"a": (FILE, b"2")}, "m", ANN)
    assert "hunter2" not in problem.value.detail
    assert (local.repo.sha("main"), refs_of(source)) == (parent, before)


def test_a_server_that_takes_no_pushes_is_named(web: Place, server: GitServer) -> None:
    parent = web.repo.commit({"a": "1"})
    source = web.fetched()
    server.readonly = True
    with pytest.raises(PushRejected, match="does not let"):
        source.commit("main", parent, {b"a": (FILE, b"2")}, "m", ANN)
    server.stop()
    with pytest.raises(SourceUnreachable, match="refused the connection"):
        source.commit("main", parent, {b"a": (FILE, b"2")}, "m", ANN)


def test_what_cannot_be_committed_is_refused(local: Place, tmp_path: Path) -> None:
    parent = local.repo.commit({"a": "1"})
    source = local.fetched()
    before = refs_of(source)
    for edit in (
        (SUBMODULE, b"1" * 40),
        (DIRECTORY, b""),
        file_item(SUBMODULE, "1" * 40),
        file_item(FILE, "x\nD a"),
        file_item(FILE, ""),
    ):
        with pytest.raises(InvalidInput):
            source.commit("main", parent, {b"a": edit}, "m", ANN)
    for wrong in ("e" * 40, "main", "--all"):
        with pytest.raises(RevisionNotFound):
            source.commit("main", wrong, {b"a": (FILE, b"2")}, "m", ANN)
    with pytest.raises(RevisionNotFound):
        source.commit("main", parent, {b"a": file_item(FILE, "e" * 40)}, "m", ANN)
    assert (local.repo.sha("main"), refs_of(source)) == (parent, before)
    assert left_behind(tmp_path) == []


def test_head_is_the_default_branch(local: Place) -> None:
    parent = local.repo.commit({"a": "1"})
    made = local.fetched().commit("HEAD", parent, {b"a": (FILE, b"2")}, "m", ANN)
    assert (made.parents, local.repo.sha("main")) == ((parent,), made.sha)
    assert local.repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"


@pytest.mark.parametrize("branch", ["", "-x", "a..b", "a b", "main:evil", "+main", "refs/heads/../x", "x.lock"])
def test_a_branch_needs_a_proper_name(local: Place, branch: str) -> None:
    parent = local.repo.commit({"a": "1"})
    source = local.fetched()
    if branch == "+main":
        assert source.commit(branch, parent, {b"a": (FILE, b"2")}, "m", ANN).parents == (parent,)
        assert local.repo.sha("main") == parent
        return
    with pytest.raises(InvalidInput) as problem:
        source.commit(branch, parent, {b"a": (FILE, b"2")}, "m", ANN)
    assert "branch" in problem.value.fields


@pytest.mark.parametrize(
    ("name", "email", "message"),
    [
        ("A <evil@x>\ncommitter B", "a@x>\nparent 1", "m"),
        ("", "", "m\n\nfrom refs/heads/x\nM 100644 inline evil\ndata 4\nevil\n"),
        ("Zoë 🚀", "zoë@example.org", "\n\nGröße\n\n"),
        ("\0", "\0", "a\0b"),
        ("\ud800", "x", "\ud800"),
    ],
)
def test_people_and_messages_cannot_write_headers(local: Place, name: str, email: str, message: str) -> None:
    parent = local.repo.commit({"a": "1"})
    made = local.fetched().commit("main", parent, {b"a": (FILE, b"2")}, message, Person(name, email))
    assert made.parents == (parent,)
    assert set(local.repo.files("main")) == {b"a"}
    assert local.repo.git("show", "-s", "--format=%cn", "main") == "PushPull"
    assert made.message == message.replace("\0", "").replace("\ud800", "?").strip()
