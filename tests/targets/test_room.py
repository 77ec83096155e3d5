"""No room, no rights, no target: what is said, what was not changed, and that nothing is left over."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.errors import TargetRefused
from app.domain.state.plan import Drift, InventoryHead
from app.store.backup import _files
from tests.support.delivery import Watcher, deliver, planned
from tests.support.repo import GitRepo
from tests.targets.conftest import Site

ROOT = Path(__file__).resolve().parents[2]


def straits(what: str, folder: Path, *, mount: str = "") -> dict[str, str]:
    """Deliver in a process that is short of something; what it was told."""
    command = [sys.executable, "-m", "tests.support.straits", what, str(folder)]
    if mount:
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh", *command]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    if mount and ("unshare" in done.stderr or "mount" in done.stderr):
        pytest.skip("needs mounts in a user namespace (unshare --map-root-user --mount)")
    assert done.returncode == 0, done.stderr
    told: dict[str, str] = json.loads(done.stdout)
    return told


def test_a_full_disk(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    (tmp_path / "srv").mkdir()
    told = straits("no room", tmp_path, mount=f"mount -t tmpfs -o size=256k none {tmp_path / 'srv'}")
    assert told["problem"] == "TargetUnreachable"
    assert "No space left on device" in told["detail"]
    assert re.search(r"At least \d+ of 21 changes were made; the next sync goes on from there\.", told["detail"])
    assert told["left over"] == "0"
    assert told["torn"] == "0"
    assert told["after room was made"] == "right"


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    told = straits("file too large", tmp_path)
    assert told["problem"] == "TargetUnreachable"
    assert "'large' cannot be written" in told["detail"]
    assert told["left over"] == "0"
    assert told["after room was made"] == "right"


def test_a_read_only_file_system(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    srv = tmp_path / "srv"
    srv.mkdir()
    told = straits("read only", tmp_path, mount=f"mount --bind -o ro {srv} {srv} && mount -o remount,bind,ro {srv}")
    assert told["problem"] == "TargetRefused"
    assert "Read-only file system" in told["detail"]


def test_no_rights(tmp_path: Path) -> None:
    told = straits("no rights", tmp_path)
    assert told["write"].startswith("TargetRefused: ")
    assert "Give the account that runs PushPull the right" in told["write"]
    assert told["unreadable file"] == "CHANGED with mode 100000, not the content"
    assert told["unreadable directory"] == "unmanaged: closed/."
    assert told["our unreadable directory"].startswith("TargetRefused: 'ours/x' cannot be looked at")


def test_the_target_is_made_when_it_is_missing(site: Site, repo: GitRepo) -> None:
    site.roots.rmdir()
    first = repo.commit({"a": "1", "b/c": "1"})
    assert site.open().look().deviations == ()
    previous = os.umask(0o077)
    try:
        deliver(site.open(), repo, first)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(site.path.stat().st_mode) == 0o755
    assert stat.S_IMODE((site.path / "b").stat().st_mode) == 0o755
    assert stat.S_IMODE((site.path / "a").stat().st_mode) == 0o644


def test_a_target_that_vanished_is_missing_everywhere_and_healed(site: Site, repo: GitRepo) -> None:
    first = repo.commit({"a": "1", "b/c": "1"})
    deliver(site.open(), repo, first)
    shutil.rmtree(site.path)
    _, plan = planned(site.open(), repo, first)
    assert {item.key: item.drift for item in plan.items} == {b"a": Drift.MISSING, b"b/c": Drift.MISSING}
    assert site.open().read(b"a", 10) is None
    deliver(site.open(), repo, first)
    assert planned(site.open(), repo, first)[1].items == ()


def test_a_name_that_no_file_system_takes_is_refused_before_anything_changes(site: Site, repo: GitRepo) -> None:
    deliver(site.open(), repo, repo.commit({"a": "1"}))
    with pytest.raises(TargetRefused, match="name longer than 255 bytes"):
        deliver(site.open(), repo, repo.commit({"a": "2", "d/" + "n" * 256: "x"}))
    assert site.live() == {b"a": (0o100644, b"1")}
    assert site.open().inventory().whole


def test_an_inventory_of_another_place_is_not_believed(site: Site, repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    deliver(site.open(), repo, first)
    moved = Site.__new__(Site)
    moved.data, moved.roots, moved.path = site.data, site.roots, site.roots / "moved"
    moved.registry, moved.environment = site.registry, site.environment
    assert moved.later().inventory() == InventoryHead()
    assert moved.later().look().deviations == ()


def test_a_damaged_inventory_is_told_with_the_mend(site: Site, repo: GitRepo) -> None:
    first = repo.commit({"a": "1"})
    deliver(site.open(), repo, first)
    folder = site.data / "inventories" / "7"
    (folder / "inventory.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(TargetRefused, match=r"is damaged.*Restore .* from a backup, or move it away"):
        site.open().look()
    folder.rename(site.data / "damaged")
    assert deliver(site.open(), repo, first).work == ()
    assert planned(site.open(), repo, first)[1].items == ()


def test_a_backup_holds_the_inventory_as_of_one_moment(site: Site, repo: GitRepo, tmp_path: Path) -> None:
    first = repo.commit({f"f{number}": "1" for number in range(40)})
    second = repo.commit({f"f{number}": "2" for number in range(40)})
    deliver(site.open(), repo, first)
    deliver(site.open(), repo, first)
    site.later().look()
    copies: list[dict[str, bytes]] = []
    watch = Watcher(at=lambda done: copies.append(dict(_files(site.data))) if done == 20 else None)
    deliver(site.open(), repo, second, watch=watch)
    assert copies[0].keys() == {"inventories/7/inventory.db"}
    shutil.rmtree(site.data / "inventories" / "7")
    (site.data / "inventories" / "7").mkdir()
    (site.data / "inventories" / "7" / "inventory.db").write_bytes(copies[0]["inventories/7/inventory.db"])
    assert site.open().inventory() == InventoryHead(repo.tree(first), first, whole=False)
    deliver(site.open(), repo, second)
    assert planned(site.open(), repo, second)[1].items == ()
