"""The fast look misses nothing: neither what hides behind stat values, nor what lies in the target to mislead Git."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.domain.state.git_files import blob_id, traits_of
from app.domain.state.plan import LiveState
from app.ports import Target
from app.targets.files import directory_listing, directory_scan, root_handle
from app.targets.files import git_index as index
from app.targets.files.git_index import made_index, stat_of
from tests.support.delivery import deliver, paths_of
from tests.support.repo import ENVIRONMENT, GitRepo, link, script
from tests.targets.conftest import Site

TREE: dict[str, Any] = {
    "a.txt": "same size 1\n",
    "b/c.txt": "line\nline\n",
    "b/run": script("run"),
    "link": link("a.txt"),
}


@pytest.fixture(params=[0, 1_000], ids=["by git", "by ourselves"], autouse=True)
def _comparing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to compare stats tell the same."""
    monkeypatch.setattr(directory_scan, "FEW", request.param)


@pytest.fixture
def delivered(site: Site, repo: GitRepo) -> Site:
    """A delivered tree whose stats are believed."""
    deliver(site.open(), repo, repo.commit(TREE))
    site.later().look()
    second = int(time.time())
    while time.time() < second + 1.02:  # Git compares whole seconds; a file's clock may lag by a tick
        time.sleep(0.005)
    return site


def reads(monkeypatch: pytest.MonkeyPatch, delivered: Site) -> tuple[int, LiveState]:
    """How many files a look reads."""
    sizes: list[int] = []

    def counted(file: int, size: int) -> str:
        sizes.append(size)
        return original(file, size)

    original = root_handle.digest
    with monkeypatch.context() as patch:
        patch.setattr(root_handle, "digest", counted)
        live = delivered.later().look()
    return len(sizes), live


def test_unchanged_files_are_not_read_again(monkeypatch: pytest.MonkeyPatch, delivered: Site) -> None:
    assert reads(monkeypatch, delivered)[0] == 0
    os.utime(delivered.path / "a.txt")
    count, live = reads(monkeypatch, delivered)
    assert (count, live.deviations) == (1, ())
    assert reads(monkeypatch, delivered)[0] == 0, "a stat that moved without the content costs only once"


def test_a_young_stat_is_not_believed(site: Site, repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second change within the clock tick of the first leaves no trace in the stat: such files are read each time."""
    deliver(site.open(), repo, repo.commit(TREE))
    site.open().look()
    assert reads(monkeypatch, site)[0] == 3
    file = site.path / "a.txt"
    for number in range(40):
        before = file.stat()
        with file.open("r+b") as opened:
            opened.write(b"same size %d\n" % (number % 8 + 2))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert paths_of(site.open().look()) == [b"a.txt"]


def test_a_change_with_size_and_time_restored_is_found(delivered: Site) -> None:
    file = delivered.path / "a.txt"
    before = file.stat()
    with file.open("r+b") as opened:
        opened.write(b"same size 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (before.st_size, before.st_mtime_ns, before.st_ino)
    assert paths_of(delivered.later().look()) == [b"a.txt"]


def test_permissions_and_owner(delivered: Site) -> None:
    for mode in (0o600, 0o640, 0o666, 0o744, 0o1644):
        (delivered.path / "a.txt").chmod(mode)
        for _ in range(2):
            (deviation,) = delivered.later().look().deviations
            assert deviation.found is not None
            assert deviation.found.traits == traits_of(0o100000 | mode)
    (delivered.path / "a.txt").chmod(0o644)
    if os.geteuid() == 0:
        os.chown(delivered.path / "a.txt", 65534, 65534)
    assert delivered.later().look().deviations == (), "ownership is not managed"


@pytest.mark.parametrize(
    "lies",
    [
        {
            ".gitattributes": "* text=auto eol=crlf\n*.txt filter=evil ident working-tree-encoding=UTF-16 -diff\n",
            "b/.gitattributes": "* text eol=crlf\n",
            ".gitignore": "*\n",
            "b/.gitignore": "*\n",
            ".gitmodules": '[submodule "b"]\n\tpath = b\n\turl = ../b\n\tignore = all\n',
            ".git/info/exclude": "*\n",
            ".git/config": "[core]\n\tfileMode = false\n\ttrustCTime = false\n\tfsmonitor = touch /tmp/never\n",
            "b/.git/HEAD": "ref: refs/heads/main\n",
        },
        {".git": "gitdir: /nonexistent\n", "b/.git": "gitdir: /nonexistent\n", ".GIT/config": "[core]\n"},
    ],
)
def test_nothing_in_the_target_has_a_say(delivered: Site, lies: dict[str, str]) -> None:
    for name, content in lies.items():
        delivered.write(name, content.encode())
    names = {name.encode() for name in lies}
    looked = delivered.later().look()
    assert (looked.deviations, set(looked.unmanaged), looked.unmanaged_count) == ((), names, len(names))
    delivered.write("b/c.txt", b"line\r\nline\r\n")
    delivered.write("new.txt", b"new")
    delivered.write("b/new.txt", b"new")
    (delivered.path / "b" / "run").chmod(0o644)
    looked = delivered.later().look()
    assert paths_of(looked) == [b"b/c.txt", b"b/run"]
    assert set(looked.unmanaged) == names | {b"new.txt", b"b/new.txt"}


def test_a_repository_inside_the_target_hides_nothing(delivered: Site) -> None:
    for folder in (delivered.path / "nested", delivered.path / "b"):
        subprocess.run(["git", "init", "-q", str(folder)], env=ENVIRONMENT, check=True)
        (folder / "theirs").write_text("x")
    (delivered.path / "b" / "c.txt").write_text("changed")
    looked = delivered.later().look()
    assert paths_of(looked) == [b"b/c.txt"]
    assert {b"nested/theirs", b"b/theirs", b"nested/.git/HEAD", b"b/.git/HEAD"} <= set(looked.unmanaged)


def test_the_machines_own_git_configuration_has_no_say(
    delivered: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text("[core]\n\ttrustCTime = false\n\tfileMode = false\n\tignoreStat = true\n")
    for name, value in (
        ("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig")), ("GIT_DIR", "/nonexistent"),
        ("GIT_INDEX_FILE", "/nonexistent"), ("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.fileMode"),
        ("GIT_CONFIG_VALUE_0", "false"), ("GIT_CEILING_DIRECTORIES", "/"), ("GIT_PREFIX", "b/"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(delivered.path / "b")
    (delivered.path / "b" / "run").chmod(0o644)
    assert paths_of(delivered.later().look()) == [b"b/run"]


def test_new_names_are_seen_although_directories_are_remembered(
    delivered: Site, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[bytes] = []
    original = directory_listing._list

    def counted(*args: object) -> object:
        listed.append(args[1])  # type: ignore[arg-type]
        return original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(directory_listing, "_list", counted)
    assert delivered.later().look().unmanaged == ()
    assert listed == []
    delivered.write("b/new", b"x")
    delivered.write("d/e/f", b"x")
    for _ in range(2):
        assert delivered.later().look().unmanaged == (b"b/new", b"d/e/f")
    assert sorted(listed) == [b"", b"b", b"d", b"d/e"], "each directory that changed was listed once"
    (delivered.path / "d" / "e" / "f").unlink()
    (delivered.path / "b" / "new").rename(delivered.path / "d" / "moved")
    assert delivered.later().look().unmanaged == (b"d/moved",)
    deliver(delivered.later(), repo, repo.commit({"d/moved": "x"}))
    assert delivered.later().look().unmanaged == (), "it is ours now, although its directory did not change"


def test_a_second_look_agrees_with_the_first_after_any_of_it_was_lost(delivered: Site) -> None:
    delivered.write("a.txt", b"changed")
    delivered.write("theirs", b"x")
    first = delivered.later().look()
    for file in (delivered.data / "inventories" / "7" / "git").rglob("*"):
        if file.is_file():
            file.unlink()
    assert delivered.later().look() == first


def test_a_damaged_index_is_made_again(delivered: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_scan, "FEW", 0)
    delivered.later().look()
    (file,) = (delivered.data / "inventories" / "7" / "git").glob("index-*")
    file.write_bytes(b"DIRC" + bytes(200))
    with pytest.raises(Exception, match="Git could not look"):
        delivered.later().look()
    assert delivered.later().look().deviations == ()


def test_an_index_that_vanishes_while_git_reads_is_not_taken_for_an_empty_one(
    delivered: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_scan, "FEW", 0)
    delivered.write("a.txt", b"changed")
    original: Any = vars(index)["git"]
    calls: list[Path] = []

    def meddled(*args: str, index: Path, **more: Any) -> bytes:
        calls.append(index)
        if len(calls) == 1:
            index.unlink()
        done: bytes = original(*args, index=index, **more)
        return done

    monkeypatch.setattr(index, "git", meddled)
    assert paths_of(delivered.later().look()) == [b"a.txt"]
    assert len(calls) == 2


def _look(target: Callable[[], Target]) -> LiveState:
    return target().look()


def test_many_may_look_at_once(site: Site, repo: GitRepo) -> None:
    deliver(site.open(), repo, repo.commit({f"d{number % 9}/f{number}": f"{number}" for number in range(120)}))
    site.write("d1/f1", b"changed")
    with ThreadPoolExecutor(6) as pool:
        for target in (site.later, site.open, site.later):
            seen = [pool.submit(_look, target) for _ in range(12)]
            assert [paths_of(one.result()) for one in seen] == [[b"d1/f1"]] * 12


def test_the_index_is_the_one_git_writes(tmp_path: Path) -> None:
    tree, where = tmp_path / "tree", tmp_path / "own.git"
    tree.mkdir()
    environment = {**ENVIRONMENT, "GIT_DIR": str(where)}
    subprocess.run(["git", "init", "-q", "--bare", str(where)], env=environment, check=True)
    names = [b"a", b"a-b", b"a.b", b"c/b", b"a0", b"\xff", b"x y\n", b"n" * 200 + b"/" + b"m" * 250]
    for number, name in enumerate(names):
        path = os.path.join(os.fsencode(tree), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(name * number)
    (tree / "a-b").chmod(0o755)
    (tree / "link").symlink_to("a/b")
    working = {**environment, "GIT_WORK_TREE": str(tree)}
    subprocess.run(["git", "-c", "core.bare=false", "add", "--all"], cwd=tree, env=working, check=True)
    listed = subprocess.run(["git", "ls-files", "-s", "-z"], env=environment, check=True, capture_output=True).stdout
    rows = []
    for line in listed.split(b"\0")[:-1]:
        facts, _, path = line.partition(b"\t")
        mode, blob, _ = facts.split(b" ")
        found = os.lstat(os.path.join(os.fsencode(tree), path))
        rows.append((path, int(mode, 8), bytes.fromhex(blob.decode()), stat_of(found, int(mode, 8))))
    written = (where / "index").read_bytes()
    made = made_index(rows)
    assert made[:-20] == written[: len(made) - 20]
    assert {mode for _, mode, _, _ in rows} == {0o100644, 0o100755, 0o120000}
    assert index.SETTLE_NS >= 2 * 10**9, "Git compares whole seconds"
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
