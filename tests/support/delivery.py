"""Delivering trees of a real repository to a target, as a sync does: look, compare, apply or record."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Self

from app.domain.errors import SourceDamaged, Terminated
from app.domain.state.git_files import EMPTY_TREE, blob_of, file_item, traits_of
from app.domain.state.items import Change, Item, Key
from app.domain.state.plan import LiveState, Plan, compare
from app.ports import Target
from tests.support.repo import ENVIRONMENT, GitRepo
from tests.support.states import GivenState


class Blobs:
    """Implements the port ContentReader over one `git cat-file --batch`."""

    def __init__(self, repo: GitRepo) -> None:
        self._process = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**ENVIRONMENT, "GIT_DIR": str(repo.path)},
        )

    def expect(self, items: Sequence[tuple[Key, Item]]) -> None:
        pass

    def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
        into, out = _pipes(self._process)
        into.write(blob_of(item).encode() + b"\n")
        into.flush()
        head = out.readline().split()
        if len(head) != 3:
            raise SourceDamaged(f"there is no {item}")
        left = size = int(head[2])
        while left:
            chunk = out.read(min(left, 1 << 16))
            write(chunk)
            left -= len(chunk)
        out.read(1)
        return size

    def close(self) -> None:
        for pipe in _pipes(self._process):
            pipe.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


@dataclass
class Watcher:
    """Implements the port Watch: counts, and stops after `stop_after` paths."""

    stop_after: int | None = None
    seen: list[tuple[int, int, bytes]] = field(default_factory=list)
    at: Callable[[int], object] = lambda done: None

    def progressed(self, done: int, total: int, path: bytes) -> None:
        self.seen.append((done, total, path))
        self.at(done)

    def check(self) -> None:
        if self.stop_after is not None and len(self.seen) >= self.stop_after:
            raise Terminated("told to stop")


def entries(repo: GitRepo, tree: str) -> dict[bytes, Item]:
    """Path → entry of a tree."""
    return (
        {path: file_item(traits_of(mode), blob) for path, (mode, blob) in repo.files(tree).items()}
        if tree != EMPTY_TREE
        else {}
    )


def desired(repo: GitRepo, revision: str, reader: Callable[[GitRepo], Blobs] = Blobs) -> GivenState:
    """A commit's tree."""
    tree = repo.tree(revision)
    return GivenState(tree, revision, lambda: list(entries(repo, tree).items()), lambda: reader(repo))


def changes(old: Mapping[bytes, Item], new: Mapping[bytes, Item]) -> list[Change]:
    """The differences of two listings."""
    paths = sorted(old.keys() | new.keys())
    return [Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def planned(
    target: Target,
    repo: GitRepo,
    revision: str,
    *,
    prune: bool = True,
    only: bool = False,
    ignored: Callable[[bytes], bool] = lambda _: False,
) -> tuple[LiveState, Plan]:
    """What a refresh finds."""
    head = target.inventory()
    owned = entries(repo, head.state or EMPTY_TREE) if head.whole else dict(target.inventory_items())
    moves = changes(owned, entries(repo, repo.tree(revision)))
    live = target.look([move.key for move in moves], only=only)
    return live, compare(moves, live, prune=prune, ignored=ignored)


def deliver(
    target: Target,
    repo: GitRepo,
    revision: str,
    *,
    prune: bool = True,
    only: bool = False,
    watch: Watcher | None = None,
    ignored: Callable[[bytes], bool] = lambda _: False,
) -> Plan:
    """A sync; returns the plan that was carried out."""
    _, plan = planned(target, repo, revision, prune=prune, only=only, ignored=ignored)
    if plan.work:
        target.apply(plan, desired(repo, revision), watch or Watcher())
    else:
        target.record(plan, desired(repo, revision))
    return plan


def checked_out(repo: GitRepo, revision: str, folder: str | os.PathLike[str]) -> None:
    """Git's own checkout of a commit, to compare with."""
    os.makedirs(folder, exist_ok=True)
    index = os.path.join(repo.path, "index-for-checkout")
    where = {**ENVIRONMENT, "GIT_DIR": str(repo.path), "GIT_WORK_TREE": str(folder), "GIT_INDEX_FILE": index}
    for args in (["read-tree", revision], ["checkout-index", "--all", "--force"]):
        subprocess.run(["git", "-c", "core.bare=false", *args], env=where, cwd=folder, check=True)


def listing(folder: str | os.PathLike[str]) -> dict[bytes, tuple[int, bytes]]:
    """Every file and link below a folder: path → (mode, content or link text)."""
    top = os.fsencode(folder)
    found = {}
    for at, folders, names in os.walk(top):
        for name in [*names, *(one for one in folders if os.path.islink(os.path.join(at, one)))]:
            path = os.path.join(at, name)
            mode = os.lstat(path).st_mode
            if os.path.islink(path):
                found[path[len(top) + 1 :]] = (mode & 0o170000, os.readlink(path))
            else:
                with open(path, "rb") as file:
                    found[path[len(top) + 1 :]] = (mode, file.read())
    return found


def paths_of(live: LiveState) -> Iterable[bytes]:
    """Where live differs from the inventory."""
    return [deviation.key for deviation in live.deviations]
