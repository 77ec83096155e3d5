"""Releases: readers never see a mixture, old ones are kept and gone back to, and a damaged one is not trusted."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import Terminated
from app.domain.state.plan import Action, Drift
from tests.support.delivery import Watcher, checked_out, deliver, listing, paths_of, planned
from tests.support.repo import GitRepo, link, script
from tests.targets.conftest import ReleaseSite


def names(site: ReleaseSite) -> list[str]:
    """The releases that lie there."""
    return sorted(os.listdir(site.path / "releases"), key=lambda name: int(name.partition("-")[2]))


def current(site: ReleaseSite) -> str:
    return os.readlink(site.path / "current").removeprefix("releases/")


def test_each_delivery_fills_a_folder_of_its_own(releases: ReleaseSite, repo: GitRepo, tmp_path: Path) -> None:
    tree: dict[str, Any] = {"a/b": "1", "run": script("x"), "link": link("a/b")}
    for number in range(5):
        revision = repo.commit({**tree, "n": str(number)})
        deliver(releases.open(), repo, revision, only=number > 0)
        assert current(releases) == f"{revision[:12]}-{number + 1}"
    assert [name.partition("-")[2] for name in names(releases)] == ["3", "4", "5"], "three are kept"
    checked_out(repo, revision, tmp_path / "peer")
    assert listing(releases.folder).keys() == listing(tmp_path / "peer").keys()
    assert sorted(os.listdir(releases.path)) == ["current", "releases"]
    assert (releases.path / "releases" / current(releases)).stat().st_mode & 0o7777 == 0o755


def test_a_reader_never_sees_a_mixture(releases: ReleaseSite, repo: GitRepo) -> None:
    files = [f"d{number}/f" for number in range(25)]
    revisions = [repo.commit(dict.fromkeys(files, f"{turn}")) for turn in range(4)]
    deliver(releases.open(), repo, revisions[0])
    stop, mixtures, seen, reads = threading.Event(), [], set(), 0

    def read() -> None:
        nonlocal reads
        while not stop.is_set():
            folder = os.open(releases.folder, os.O_RDONLY | os.O_DIRECTORY)  # one step: from then on one release
            try:
                found = {_content(folder, file) for file in files}
            except FileNotFoundError:
                found = set() if os.fstat(folder).st_nlink == 0 else {"", "gone"}
            finally:
                os.close(folder)
            reads += 1
            seen.update(found)
            if len(found) > 1:
                mixtures.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for turn in range(1, 13):
            deliver(releases.open(), repo, revisions[turn % 4])
    finally:
        stop.set()
        reader.join()
    assert mixtures == []
    assert reads > 20
    assert len(seen) >= 3


def _content(folder: int, file: str) -> str:
    opened = os.open(file, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(opened, 10).decode()
    finally:
        os.close(opened)


def test_going_back_switches_to_the_kept_release(releases: ReleaseSite, repo: GitRepo) -> None:
    first, second = repo.commit({"a": "1", "b/c": "1"}), repo.commit({"a": "2"})
    deliver(releases.open(), repo, first)
    kept = current(releases)
    inode = (releases.folder / "a").stat().st_ino
    deliver(releases.open(), repo, second)
    watch = Watcher()
    deliver(releases.open(), repo, first, watch=watch)
    assert current(releases) == kept
    assert (releases.folder / "a").stat().st_ino == inode
    assert watch.seen == [], "nothing was written"
    assert planned(releases.open(), repo, first)[1].items == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "a").write_text("9"),
        lambda folder: (folder / "a").unlink(),
        lambda folder: (folder / "b" / "extra").write_text(""),
        lambda folder: (folder / "a").chmod(0o600),
    ],
)
def test_a_kept_release_that_was_altered_is_not_gone_back_to(
    releases: ReleaseSite, repo: GitRepo, damage: object
) -> None:
    first, second = repo.commit({"a": "1", "b/c": "1"}), repo.commit({"a": "2"})
    deliver(releases.open(), repo, first)
    kept = current(releases)
    deliver(releases.open(), repo, second)
    assert callable(damage)
    damage(releases.path / "releases" / kept)
    deliver(releases.open(), repo, first)
    assert current(releases) != kept
    assert listing(releases.folder) == {b"a": (0o100644, b"1"), b"b/c": (0o100644, b"1")}


def test_drift_in_the_live_release_is_healed_by_a_new_one(releases: ReleaseSite, repo: GitRepo) -> None:
    revision = repo.commit({"a": "1", "b/c": "1"})
    deliver(releases.open(), repo, revision)
    before = current(releases)
    releases.write("a", b"by hand")
    _, plan = planned(releases.open(), repo, revision)
    assert [(item.key, item.drift, item.action) for item in plan.items] == [(b"a", Drift.CHANGED, Action.UPDATE)]
    deliver(releases.open(), repo, revision)
    assert current(releases) != before
    assert (releases.folder / "a").read_text() == "1"
    assert (releases.path / "releases" / before / "a").read_text() == "by hand", "the old release keeps its evidence"


def test_a_link_that_was_turned_back_is_drift(releases: ReleaseSite, repo: GitRepo) -> None:
    first, second = repo.commit({"a": "1", "b": "1"}), repo.commit({"a": "2"})
    deliver(releases.open(), repo, first)
    old = current(releases)
    deliver(releases.open(), repo, second)
    new = current(releases)
    (releases.path / "current").unlink()
    (releases.path / "current").symlink_to(f"releases/{old}")
    assert paths_of(releases.open().look()) == [b"a"]
    (releases.path / "current").unlink()
    assert paths_of(releases.open().look()) == [b"a", b"b"]
    deliver(releases.open(), repo, second)
    assert current(releases) == new, "what is still right is switched to again"
    assert planned(releases.open(), repo, second)[1].items == ()


def test_a_stopped_delivery_leaves_the_old_release_live_and_no_rest(releases: ReleaseSite, repo: GitRepo) -> None:
    first = repo.commit({f"f{number}": "1" for number in range(8)})
    second = repo.commit({f"f{number}": "2" for number in range(8)})
    deliver(releases.open(), repo, first)
    before = current(releases)
    with pytest.raises(Terminated):
        deliver(releases.open(), repo, second, watch=Watcher(stop_after=3))
    assert current(releases) == before
    assert not releases.open().inventory().whole
    assert releases.open().look().deviations == ()
    deliver(releases.open(), repo, second)
    assert len(names(releases)) == 2
    assert (releases.folder / "f7").read_text() == "2"


def test_an_emptied_tree_becomes_an_empty_release(releases: ReleaseSite, repo: GitRepo) -> None:
    deliver(releases.open(), repo, repo.commit({"a": "1"}))
    deliver(releases.open(), repo, repo.commit({"a": None}))
    assert os.listdir(releases.folder) == []


def test_commands_run_where_readers_look(releases: ReleaseSite, repo: GitRepo) -> None:
    assert releases.registry.workdir(releases.environment) is None
    releases.path.mkdir()
    assert releases.registry.workdir(releases.environment) == str(releases.path)
    deliver(releases.open(), repo, repo.commit({"a": "1"}))
    assert releases.registry.workdir(releases.environment) == str(releases.path / "current")
