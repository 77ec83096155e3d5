"""The connection is cut at any byte: each file is old or new, and one retry brings it right."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import TargetUnreachable
from app.domain.state.git_files import blob_id
from app.ssh import Pool
from tests.support.cutting import Cut
from tests.support.delivery import deliver, planned
from tests.support.repo import GitRepo, link, script
from tests.targets.conftest import SshReleaseSite, SshSite, environment, shared_server

CUTS = 8
FILES: dict[str, Any] = {f"d{number % 3}/f{number}": f"one {number}\n" * 40 for number in range(25)}
ONE: dict[str, Any] = {
    **FILES,
    "run": script("one"),
    "link": link("d0/f0"),
    "big": b"1" * 90_000,
    "gone/deep/x": "one",
    "kind": "file",
}
TWO: dict[str, Any] = {
    **{path: f"two {path}\n" * 50 for path in FILES},
    "run": "two",
    "link": link("d1/f1"),
    "big": b"2" * 90_000,
    "new/deep/y": "two",
    "kind/is": "a directory",
}


@pytest.fixture
def cut() -> Iterator[Cut]:
    with Cut(shared_server().port) as way:
        yield way


class CutSite(SshSite):
    """Behind a way that can be cut."""

    def __init__(self, folder: Path, way: Cut, **options: Any) -> None:
        super().__init__(folder, **options)
        self.pool = Pool()
        self.environment = environment(7, "ssh", **{**self.environment.target.options, "port": way.port})
        self.registry = self.connect(self.pool)


def revisions(repo: GitRepo) -> tuple[str, str]:
    return repo.commit(ONE), repo.commit(TWO, onto=None, branch="two")


def tree(repo: GitRepo, revision: str) -> dict[bytes, tuple[int, str]]:
    return repo.files(repo.tree(revision))


def hashed(site: SshSite) -> dict[bytes, tuple[int, str]]:
    return {path: (mode, blob_id(content)) for path, (mode, content) in site.live().items()}


def ours(path: bytes) -> bool:
    return path.startswith(b".pushpull-")


def test_a_cut_leaves_each_file_old_or_new_and_a_retry_brings_it_right(quick_path: Path, cut: Cut) -> None:
    site, repo = CutSite(quick_path, cut), GitRepo(quick_path / "repo.git")
    pair = revisions(repo)
    trees = [tree(repo, revision) for revision in pair]
    deliver(site.open(), repo, pair[0])
    before = cut.passed
    deliver(site.open(), repo, pair[1])
    whole = cut.passed - before
    dice = random.Random(20261127)
    broken = 0
    for number in range(CUTS):
        wanted = number % 2
        cut.after(dice.randint(1, whole))
        try:
            deliver(site.open(), repo, pair[wanted])
        except TargetUnreachable:
            broken += 1
        for path, found in hashed(site).items():
            assert ours(path) or found in (trees[0].get(path), trees[1].get(path)), path
        cut.after(None)
        looked, plan = planned(site.open(), repo, pair[wanted])
        assert (plan.drift, looked.unmanaged_count) == ((), 0), "an interrupted delivery is not drift"
        deliver(site.open(), repo, pair[wanted])
        assert hashed(site) == trees[wanted]
        assert [name for name in os.listdir(site.path) if ours(os.fsencode(name))] == []
    site.pool.close()
    assert broken > CUTS // 2


def test_a_cut_never_shows_readers_a_mixed_release(quick_path: Path, cut: Cut) -> None:
    site, repo = CutSite(quick_path, cut, layout="releases", keep_releases=2), GitRepo(quick_path / "repo.git")
    pair = revisions(repo)
    site.__class__ = type("CutReleases", (CutSite,), {"folder": SshReleaseSite.folder})
    trees = [tree(repo, revision) for revision in pair]
    deliver(site.open(), repo, pair[0])
    dice = random.Random(7)
    for number in range(4):
        cut.after(dice.randint(1_000, 150_000))
        with contextlib.suppress(TargetUnreachable):
            deliver(site.open(), repo, pair[(number + 1) % 2])
        assert hashed(site) in trees
        cut.after(None)
        deliver(site.open(), repo, pair[(number + 1) % 2])
        assert hashed(site) == trees[(number + 1) % 2]
        assert len(os.listdir(site.path / "releases")) <= 2
    site.pool.close()


def test_who_still_works_there_is_ended_by_the_next_run(quick_path: Path) -> None:
    site, repo = SshSite(quick_path), GitRepo(quick_path / "repo.git")
    first, second = revisions(repo)
    deliver(site.open(), repo, first)
    orphan = _holding_the_lock(site)
    started = time.monotonic()
    deliver(site.open(), repo, second)
    assert orphan not in os.listdir("/proc")
    assert hashed(site) == tree(repo, second)
    assert time.monotonic() - started < 60
    (site.path / ".pushpull-000000000000-0").symlink_to("pushpull=1=not-its-start")
    deliver(site.open(), repo, first)
    assert hashed(site) == tree(repo, first), "the lock of a process that is gone holds nobody up"


def _holding_the_lock(site: SshSite) -> str:
    """A process of its own that stands as an orphan would."""
    process = subprocess.Popen(["sleep", "300"], start_new_session=True)
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
    (site.path / ".pushpull-000000000000-0").symlink_to(f"pushpull={process.pid}={fields[19]}")
    threading.Thread(target=process.wait, daemon=True).start()
    return str(process.pid)
