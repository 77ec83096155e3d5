"""A hundred random trees, one after the other, byte by byte what Git itself checks out."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.support.delivery import checked_out, deliver, listing, planned
from tests.support.repo import File, GitRepo
from tests.targets.conftest import Site, SshSite

NAMES = ["a", "b", "c d", "é", "x\ny", '"q"', "-o", "*", "z.txt", "index.html"]
ROUNDS = 100


def _path(dice: random.Random) -> str:
    return "/".join(dice.choice(NAMES) for _ in range(dice.randint(1, 4)))


def _tree(dice: random.Random, before: dict[str, File]) -> dict[str, File]:
    """Some files go, some change in content, mode or kind, some come; a path is never a file and a directory."""
    after = {path: file for path, file in before.items() if dice.random() > 0.15}
    for path in list(after):
        if dice.random() < 0.2:
            after[path] = _file(dice, path)
    for _ in range(dice.randint(0, 12)):
        path = _path(dice)
        for other in [one for one in after if one.startswith(f"{path}/") or path.startswith(f"{one}/")]:
            del after[other]
        after[path] = _file(dice, path)
    return after


def _file(dice: random.Random, path: str) -> File:
    kind = dice.random()
    if kind < 0.15:
        return File(dice.choice([b"a", b"../b", b"/etc", b"nowhere", path.encode()]), 0o120000)
    content = dice.randbytes(dice.choice([0, 1, 7, 300, 70_000])) if kind < 0.9 else b"line\r\nline\n"
    return File(content, 0o100755 if kind > 0.7 else 0o100644)


def test_a_hundred_random_trees_equal_gits_own_checkout(quick_path: Path) -> None:
    walk(Site(quick_path), quick_path, ROUNDS)


def test_random_trees_equal_gits_own_checkout_over_ssh(quick_path: Path) -> None:
    walk(SshSite(quick_path), quick_path, 12)


def walk(site: Site, quick_path: Path, rounds: int) -> None:
    """One tree after the other."""
    repo = GitRepo(quick_path / "repo.git")
    dice = random.Random(20261123)
    files: dict[str, File] = {}
    for number in range(rounds):
        after = _tree(dice, files)
        edits: dict[str, Any] = {**dict.fromkeys(files), **after}
        gone = {path: None for path in edits if path not in after}
        revision = repo.commit({**gone, **after}, f"tree {number}")
        target = site.open()
        if files and dice.random() < 0.3:
            _disturb(dice, site, files)
            deliver(target, repo, revision)
        else:
            deliver(target, repo, revision, only=number > 0)
        files = after
        if number % 4 == 0 or number == rounds - 1:
            peer = quick_path / f"peer-{number}"
            checked_out(repo, revision, peer)
            live = listing(site.path) if site.path.exists() else {}
            assert live == {path: (_exact(mode), content) for path, (mode, content) in listing(peer).items()}
            assert planned(site.open(), repo, revision)[1].items == ()


def _exact(mode: int) -> int:
    """Git obeys the umask; we do not."""
    if mode & 0o170000 == 0o120000:
        return mode
    return 0o100755 if mode & 0o100 else 0o100644


def _disturb(dice: random.Random, site: Site, files: dict[str, File]) -> None:
    path = dice.choice(sorted(files))
    file = site.path / path
    match dice.randint(0, 3):
        case 0:
            file.unlink()
        case 1:
            file.unlink()
            file.write_bytes(b"disturbed")
        case 2:
            file.unlink()
            file.symlink_to("/etc")
        case _ if not file.is_symlink():
            file.chmod(0o600)
