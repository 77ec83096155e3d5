"""What is read without a process of its own says what git says."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.state.git_files import EMPTY_TREE
from app.sources import ref_files
from app.sources.git import Repository
from app.sources.objects import tree_diff
from app.sources.objects.cat_file_pool import CatFilePool
from app.sources.objects.object_reader import ObjectReader
from tests.sources.conftest import Place
from tests.support.repo import GitRepo, link, script

OPTIONS = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev")


def _gits(repo: GitRepo, old: str, new: str) -> list[tuple[bytes, bytes]]:
    """Git's records, without the letter of the kind of change."""
    parts = Repository(repo.path).run("diff-tree", *OPTIONS, old, new).split(b"\0")[:-1]
    return [(head[:-1], path) for head, path in zip(parts[::2], parts[1::2], strict=True)]


def _ours(repo: GitRepo, old: str, new: str) -> list[tuple[bytes, bytes]] | None:
    parts = tree_diff.records(ObjectReader(Repository(repo.path), CatFilePool()), old, new)
    if parts is None:
        return None
    return [(head[:-1], path) for head, path in zip(parts[::2], parts[1::2], strict=True)]


def _tree(chance: random.Random) -> dict[str | bytes, Any]:
    names = ["a", "a-b", "a.b", "a/b", "a/c/d", "a0", "b/x y", "b/ä", "c/d/e/f", "c/d.e", "z"]
    kinds: list[Callable[[], Any]] = [
        lambda: f"{chance.random()}\n",
        lambda: "same\n",
        lambda: link("a"),
        lambda: script("x"),
    ]
    chosen: dict[str | bytes, Any] = {}
    for name in chance.sample(names, chance.randint(1, len(names))):
        above = [name.rsplit("/", count)[0] for count in range(1, name.count("/") + 1)]
        below = any(str(other).startswith(f"{name}/") for other in chosen)
        if not below and not any(one in chosen for one in above):
            chosen[name] = chance.choice(kinds)()
    return chosen


def test_differences_of_small_trees_are_gits_own(local: Place) -> None:
    chance = random.Random(5)
    trees = []
    for number in range(24):
        local.repo.git("update-ref", "-d", "refs/heads/main")
        local.repo.commit(_tree(chance), f"tree {number}")
        trees.append(local.repo.git("rev-parse", "main:"))
    for old, new in zip(trees, [*trees[1:], trees[0]], strict=True):
        assert _ours(local.repo, old, new) == _gits(local.repo, old, new)


def test_many_differing_trees_are_left_to_git(local: Place) -> None:
    local.repo.commit({f"d{number}/f": "1\n" for number in range(60)})
    old = local.repo.git("rev-parse", "main:")
    local.repo.commit({f"d{number}/f": "2\n" for number in range(60)})
    assert _ours(local.repo, old, local.repo.git("rev-parse", "main:")) is None
    assert _ours(local.repo, old, "1" * 40) is None
    assert len(local.fetched().changes(EMPTY_TREE, old)) == 60


def test_refs_out_of_their_files_are_those_that_git_lists(local: Place) -> None:
    sha = local.repo.commit({"a": "1\n"})
    git = local.repo.git
    git("branch", "deep/er/branch")
    git("-c", "user.name=x", "-c", "user.email=x@example.org", "tag", "-a", "-m", "one", "v1")
    git("pack-refs", "--all")
    local.repo.commit({"a": "2\n"})
    git("tag", "light", sha)
    lines = (line.split(" ") for line in git("show-ref", "--heads", "--tags").splitlines())
    listed = {name: id for id, name in lines}
    assert ref_files.plain(local.repo.path) == listed
    assert "v1" in str(listed)
    source = local.fetched()
    assert source.resolve("v1").sha == sha
    assert not source.fetch()


@pytest.mark.parametrize("content", ["ref: refs/heads/other\n", "scribble\n", "", "é" * 40])
def test_a_ref_that_is_not_plain_is_left_to_git(local: Place, content: str) -> None:
    local.repo.commit({"a": "1\n"})
    (local.repo.path / "refs" / "heads" / "odd").write_text(content)
    assert ref_files.plain(local.repo.path) is None
