"""Nothing outside the root is read or written, whatever lies in the target or is swapped in while we work."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from app.domain.errors import Problem, TargetRefused, TargetUnreachable
from app.domain.state.git_files import mode_of
from app.domain.state.plan import Action, Drift
from tests.support.delivery import Watcher, deliver, listing, paths_of, planned
from tests.support.repo import File, GitRepo, link
from tests.targets.conftest import ReleaseSite, Site


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A place that must stay as it is."""
    folder = tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    (folder / "secret").write_text("secret")
    (folder / "sub" / "x").write_text("theirs")
    return folder


def untouched(outside: Path) -> bool:
    return listing(outside) == {b"secret": (0o100644, b"secret"), b"sub/x": (0o100644, b"theirs")}


def test_links_in_the_tree_are_kept_and_never_followed(site: Site, repo: GitRepo, outside: Path) -> None:
    first = repo.commit({"out": link(str(outside)), "up": link("../../.."), "file": link(str(outside / "secret"))})
    deliver(site.open(), repo, first)
    assert os.readlink(site.path / "out") == str(outside)
    assert planned(site.open(), repo, first)[1].items == ()
    assert site.open().read(b"file", 4096) == os.fsencode(outside / "secret")
    assert site.open().read(b"out/secret", 100) is None
    second = repo.commit({"out": None, "out/sub/x": "ours", "up": None, "up/x": "ours", "file": "ours"})
    deliver(site.open(), repo, second, only=True)
    assert untouched(outside)
    assert site.live()[b"out/sub/x"] == (0o100644, b"ours")


def test_a_link_on_the_target_is_replaced_where_a_directory_must_be(site: Site, repo: GitRepo, outside: Path) -> None:
    site.path.mkdir()
    (site.path / "sub").symlink_to(outside / "sub")
    (site.path / "deep").mkdir()
    (site.path / "deep" / "er").symlink_to("../../../outside")
    revision = repo.commit({"sub/x": "ours", "deep/er/secret": "ours", "deep/er/sub/x": "ours"})
    looked, plan = planned(site.open(), repo, revision)
    assert (looked.deviations, {item.action for item in plan.items}) == ((), {Action.CREATE})
    deliver(site.open(), repo, revision)
    assert untouched(outside)
    assert site.live()[b"deep/er/sub/x"] == (0o100644, b"ours")


def test_a_directory_that_became_a_link_is_missing_and_never_pruned_through(
    site: Site, repo: GitRepo, outside: Path
) -> None:
    first = repo.commit({"sub/x": "theirs", "sub/y": "ours", "keep": "k"})
    deliver(site.open(), repo, first)
    (site.path / "sub").rename(site.path / "away")
    (site.path / "sub").symlink_to(outside / "sub")
    for live in (site.open().look(), site.later().look(), site.open().look([b"sub/x", b"sub/y"], only=True)):
        assert [(one.key, one.found) for one in live.deviations] == [(b"sub/x", None), (b"sub/y", None)]
    assert site.open().read(b"sub/x", 100) is None
    second = repo.commit({"sub/x": None, "sub/y": None})
    deliver(site.open(), repo, second)
    assert untouched(outside)
    assert (site.path / "sub").is_symlink()
    deliver(site.open(), repo, first)
    assert untouched(outside)
    assert site.live()[b"sub/y"] == (0o100644, b"ours")


def test_a_hard_link_to_the_outside_is_not_written_through(site: Site, repo: GitRepo, outside: Path) -> None:
    revision = repo.commit({"config": "secret"})
    deliver(site.open(), repo, revision)
    (site.path / "config").unlink()
    (site.path / "config").hardlink_to(outside / "secret")
    (outside / "secret").chmod(0o600)
    assert planned(site.open(), repo, revision)[1].items[0].drift is Drift.TRAITS
    deliver(site.open(), repo, revision)
    assert (outside / "secret").stat().st_mode & 0o777 == 0o600
    deliver(site.open(), repo, repo.commit({"config": "new"}), only=True)
    assert (outside / "secret").read_text() == "secret"


def test_special_files_are_told_and_never_waited_for(
    site: Site, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = repo.commit({"pipe": "text", "door": "text", "folder": "text"})
    deliver(site.open(), repo, revision)
    for name in ("pipe", "door", "folder"):
        (site.path / name).unlink()
    os.mkfifo(site.path / "pipe", 0o644)
    monkeypatch.chdir(site.path)  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("door")
    (site.path / "folder").mkdir()
    os.mkfifo(site.path / "theirs")
    looked, plan = planned(site.open(), repo, revision)
    assert [(item.key, item.action, item.drift) for item in plan.items] == [
        (name, Action.UPDATE, Drift.CHANGED) for name in (b"door", b"folder", b"pipe")
    ]
    found = {one.key: one.found for one in looked.deviations if one.found}
    assert {path: (mode_of(entry.traits) & 0o170000, entry.digest) for path, entry in found.items()} == {
        b"door": (0o140000, ""), b"folder": (0o040000, ""), b"pipe": (0o010000, "")
    }  # fmt: skip
    assert looked.unmanaged == (b"theirs",)
    assert [site.open().read(name, 10) for name in (b"pipe", b"door", b"theirs", b"folder")] == [None] * 4
    deliver(site.open(), repo, revision)
    assert planned(site.open(), repo, revision)[1].items == ()


def test_a_filled_directory_in_the_way_is_refused_before_anything_changes(site: Site, repo: GitRepo) -> None:
    site.write("wanted/deep/theirs.txt", b"theirs")
    revision = repo.commit({"a": "new", "wanted": "a file"})
    with pytest.raises(TargetRefused, match=r"'wanted' must become a file.*'wanted/deep/theirs.txt'.*nothing"):
        deliver(site.open(), repo, revision)
    assert site.live() == {b"wanted/deep/theirs.txt": (0o100644, b"theirs")}
    assert site.open().inventory().whole
    (site.path / "wanted" / "deep" / "theirs.txt").unlink()
    deliver(site.open(), repo, revision)
    assert site.live()[b"wanted"] == (0o100644, b"a file")


def test_a_strange_file_where_a_directory_must_be_is_refused_before_anything_changes(site: Site, repo: GitRepo) -> None:
    site.write("conf", b"theirs")
    revision = repo.commit({"a": "new", "conf/d/x": "ours"})
    with pytest.raises(TargetRefused, match=r"'conf' must become a directory.*Nothing was changed"):
        deliver(site.open(), repo, revision)
    assert site.live() == {b"conf": (0o100644, b"theirs")}
    assert site.open().inventory().whole


def test_a_file_put_where_our_directory_was_is_drift_and_healed(site: Site, repo: GitRepo) -> None:
    revision = repo.commit({"conf/d/x": "ours", "conf/y": "ours"})
    deliver(site.open(), repo, revision)
    for name in ("d/x", "y"):
        (site.path / "conf" / name).unlink()
    (site.path / "conf" / "d").rmdir()
    (site.path / "conf").rmdir()
    (site.path / "conf").write_text("in the way")
    looked, plan = planned(site.open(), repo, revision)
    assert [(item.key, item.drift) for item in plan.items] == [
        (b"conf/d/x", Drift.MISSING), (b"conf/y", Drift.MISSING)
    ]  # fmt: skip
    assert looked.unmanaged == (b"conf",)
    deliver(site.open(), repo, revision)
    assert planned(site.open(), repo, revision)[1].items == ()


def test_a_directory_that_took_a_pruned_files_place_is_left_alone(site: Site, repo: GitRepo) -> None:
    deliver(site.open(), repo, repo.commit({"a": "x", "b": "y"}))
    (site.path / "a").unlink()
    site.write("a/theirs", b"theirs")
    second = repo.commit({"a": None})
    deliver(site.open(), repo, second)
    assert site.live()[b"a/theirs"] == (0o100644, b"theirs")
    looked, plan = planned(site.open(), repo, second)
    assert (plan.items, looked.unmanaged) == ((), (b"a/theirs",))


def test_only_directories_that_we_made_are_removed_and_only_when_empty(site: Site, repo: GitRepo) -> None:
    (site.path / "before" / "us").mkdir(parents=True)
    first = repo.commit({"before/us/a": "x", "before/new/b": "x", "made/c/d": "x", "made/e": "x", "f": "x"})
    deliver(site.open(), repo, first)
    site.write("made/theirs", b"theirs")
    deliver(site.open(), repo, repo.commit(dict.fromkeys(("before/us/a", "before/new/b", "made/c/d", "made/e"))))
    folders = sorted(str(path.relative_to(site.path)) for path in site.path.rglob("*") if path.is_dir())
    assert folders == ["before", "before/us", "made"]
    deliver(site.open(), repo, repo.commit({"f": None, "g": "x"}))
    deliver(site.open(), repo, repo.commit({"g": None}))
    assert site.path.is_dir()


def test_a_link_in_place_of_the_root_is_refused(site: Site, repo: GitRepo, outside: Path) -> None:
    revision = repo.commit({"secret": "ours", "sub/x": "ours"})
    deliver(site.open(), repo, revision)
    site.path.rename(site.roots / "moved")
    site.path.symlink_to(outside)
    for use in (lambda: site.open().look(), lambda: site.later().look(), lambda: deliver(site.open(), repo, revision)):
        with pytest.raises(TargetRefused, match="a link or a file stands there"):
            use()
    with pytest.raises(TargetRefused):
        site.open().read(b"secret", 10)
    assert untouched(outside)
    site.path.unlink()
    site.path.write_text("a file")
    with pytest.raises(TargetRefused):
        site.open().look()


def test_a_link_in_place_of_a_release_or_its_folder_is_refused(
    releases: ReleaseSite, repo: GitRepo, outside: Path
) -> None:
    revision = repo.commit({"secret": "ours", "sub/x": "ours"})
    deliver(releases.open(), repo, revision)
    name = os.readlink(releases.path / "current").removeprefix("releases/")
    release = releases.path / "releases" / name
    release.rename(releases.path / "releases" / "away")
    release.symlink_to(outside)
    with pytest.raises(TargetRefused):
        releases.open().look()
    release.unlink()
    (releases.path / "current").unlink()
    (releases.path / "current").symlink_to(outside)
    assert paths_of(releases.open().look()) == [b"secret", b"sub/x"]
    deliver(releases.open(), repo, revision)
    assert untouched(outside)
    (releases.path / "current").unlink()
    (releases.path / "current").mkdir()
    with pytest.raises(TargetRefused, match="must be a link"):
        deliver(releases.open(), repo, revision)


@pytest.mark.parametrize("depth", ["d", "d/e"])
def test_a_directory_that_is_swapped_for_a_link_while_we_work_leads_nowhere(
    site: Site, repo: GitRepo, tmp_path: Path, depth: str
) -> None:
    outside = tmp_path / "outside"
    for number in range(40):
        for name in (f"e/f{number}", f"f{number}"):
            (outside / name).mkdir(parents=True)
            (outside / name / "x").write_text("theirs")
    before = listing(outside)
    revisions = [repo.commit({f"d/e/f{number}/x": f"{turn}" for number in range(40)}) for turn in range(4)]
    deliver(site.open(), repo, revisions[0])
    stop = threading.Event()
    swapped, aways = site.path / depth, site.roots / "aways"
    aways.mkdir()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not stop.is_set():
            away = aways / str(swaps)
            with contextlib.suppress(OSError):
                os.rename(swapped, away)
                os.symlink(outside, swapped)
                swaps += 1
                time.sleep(0.0005)
            with contextlib.suppress(OSError):
                os.unlink(swapped)
            with contextlib.suppress(OSError):
                os.rename(away, swapped)  # fails where a new directory was made meanwhile
            time.sleep(0.0005)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for turn in range(60):
            with contextlib.suppress(TargetRefused, TargetUnreachable):  # it may well fail, as long as it fails here
                deliver(site.open(), repo, revisions[turn % 4])
            site.open().read(b"d/e/f1/x", 10)
            if swaps > 50 and turn > 12:
                break
    finally:
        stop.set()
        thread.join()
    assert swaps > 5
    assert listing(outside) == before


def test_a_bottomless_pit_is_no_problem(site: Site, repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    deliver(site.open(), repo, first)
    dig(site.path, 1050)  # deeper than calls of calls may go in Python, longer than a path may be
    try:
        looked, plan = planned(site.open(), repo, first)
        assert (looked.unmanaged_count, plan.items) == (1, ())
    finally:
        subprocess.run(["rm", "-rf", str(site.path)], check=True)  # it would be too deep for pytest to clean up


def test_a_release_goes_with_all_that_was_put_in_it(releases: ReleaseSite, repo: GitRepo, outside: Path) -> None:
    deliver(releases.open(), repo, repo.commit({"a": "1"}))
    dig(releases.folder, 60)
    (releases.folder / "link").symlink_to(outside)
    for turn in range(3):
        deliver(releases.open(), repo, repo.commit({"a": f"{turn + 2}"}))
    assert len(os.listdir(releases.path / "releases")) == 3
    assert untouched(outside)


def dig(folder: Path, depth: int) -> None:
    """Directories in directories, with a file at the bottom."""
    fd = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=fd)
        deeper = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = deeper
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)


def test_links_that_no_file_system_takes_are_refused_in_bounded_memory(site: Site, repo: GitRepo) -> None:
    for content, words in ((b"x" * 5000, "more than 4095 bytes"), (b"a\0b", "no file system takes"), (b"", "takes")):
        with pytest.raises(TargetRefused, match=words):
            deliver(site.open(), repo, repo.commit({"l": File(content, 0o120000)}))
        assert site.live() == {}


def test_somebody_elses_operation_is_waited_for_but_not_for_ever(
    site: Site, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.targets.inventory.inventory_files.PATIENCE_S", 0.1)
    revision = repo.commit({"a": "1"})
    refused: list[Problem] = []

    def meanwhile(_: int) -> None:
        for use in (lambda: site.open().look(), lambda: site.open().forget()):
            with pytest.raises(TargetUnreachable, match="Another operation") as told:
                use()
            refused.append(told.value)

    deliver(site.open(), repo, revision, watch=Watcher(at=meanwhile))
    assert len(refused) == 2
    assert planned(site.open(), repo, revision)[1].items == ()
