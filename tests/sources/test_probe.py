"""A look at a repository before it is saved."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from app.domain.environment import SourceSpec
from app.domain.errors import InvalidInput, RevisionNotFound, SourceRefused, SourceUnreachable
from app.domain.state.items import Unsupported
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo, submodule

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


@pytest.fixture
def filled(place: Place) -> Place:
    """A repository with two branches, a tag and some things that are not delivered."""
    repo = place.repo
    repo.commit({"deploy/a": "1", "deploy/big": "x" * 100_000, "README": "r"}, "First")
    repo.tag("v1", annotated=True)
    repo.commit({"deploy/c": "2", "deploy/model": POINTER, "deploy/lib": submodule()}, "Second")
    repo.branch("staging")
    return place


def test_a_probe_tells_what_is_there_and_leaves_nothing(filled: Place, tmp_path: Path) -> None:
    found = filled.sources.probe(SourceSpec(filled.url, "main", "deploy", filled.credential))
    assert (found.branches, found.tags, found.default_branch) == (("main", "staging"), ("v1",), "main")
    assert found.revision is not None
    assert found.revision.subject == "Second"
    assert found.revision.sha == filled.repo.sha("main")
    assert found.files == 4
    assert set(found.unsupported) == {Unsupported(b"lib", "submodule"), Unsupported(b"model", "lfs_pointer")}
    assert list((tmp_path / "data" / "mirrors").iterdir()) == []


def test_the_mirror_answers_the_same(local: Place) -> None:
    local.repo.commit({"deploy/a": "1", "deploy/model": POINTER})
    spec = SourceSpec(local.url, "main", "deploy")
    before = local.sources.probe(spec)
    local.fetched()
    assert local.sources.probe(spec) == before
    local.repo.commit({"deploy/b": "2"})
    assert local.sources.probe(spec).files == 3


@pytest.mark.parametrize("ref", ["v1", "refs/tags/v1", "SHA", "SHORT", "HEAD", "main"])
def test_every_kind_of_revision_is_found(web: Place, ref: str) -> None:
    first = web.repo.commit({"a": "1"})
    web.repo.tag("v1", annotated=True)
    wanted = {"SHA": first, "SHORT": first[:8]}.get(ref, ref)
    found = web.sources.probe(SourceSpec(web.url, wanted))
    assert found.revision is not None
    assert (found.revision.sha, found.files) == (first, 1)


def test_an_empty_repository_is_reachable(web: Place) -> None:
    found = web.sources.probe(SourceSpec(web.url, "main"))
    assert (found.branches, found.revision, found.files) == ((), None, 0)


def test_what_is_missing_is_named_with_its_field(web: Place, server: GitServer) -> None:
    web.repo.commit({"deploy/a": "1"})
    web.fetched()
    web.repo.branch("production")
    for ref in ("produktion", "main", "e" * 40, "eeee"):
        spec = SourceSpec(web.url, ref, "deploy/a" if ref == "main" else "")
        with pytest.raises((RevisionNotFound, InvalidInput)) as problem:
            web.sources.probe(spec)
        assert set(problem.value.fields) <= {"source.ref", "source.path"}
        assert problem.value.fields
    with pytest.raises(SourceUnreachable) as unreachable:
        web.sources.probe(SourceSpec(server.url("nothing")))
    assert set(unreachable.value.fields) <= {"source.repo_url", "source.credential"}
    assert web.sources.probe(SourceSpec(web.url, "main", "nothing/here")).files == 0


def test_a_deleted_branch_is_not_found_in_the_mirror(web: Place) -> None:
    web.repo.commit({"a": "1"})
    web.repo.branch("old")
    web.fetched()
    web.repo.delete_branch("old")
    with pytest.raises(RevisionNotFound):
        web.sources.probe(SourceSpec(web.url, "old"))


def test_paths_are_checked_before_anything_is_asked(web: Place, server: GitServer) -> None:
    with pytest.raises(InvalidInput):
        web.sources.probe(SourceSpec(web.url, "main", "../x"))
    with pytest.raises(SourceRefused):
        web.sources.probe(SourceSpec("ext::sh", "main"))
    assert server.seen == []


def test_history_and_large_files_stay_away(web: Place, server: GitServer, tmp_path: Path) -> None:
    noise = random.Random(3)
    other = GitRepo(tmp_path / "repos" / "large.git")
    old = {f"old{number}": noise.randbytes(450).hex() for number in range(200)}
    other.commit(old)
    other.commit({**dict.fromkeys(old), **{f"big{number}": noise.randbytes(300_000).hex() for number in range(3)}})
    server.sent = 0
    assert web.sources.probe(SourceSpec(server.url(other.path), "main")).files == 3
    assert 0 < server.sent < 50_000
