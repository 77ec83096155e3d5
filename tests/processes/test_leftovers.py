"""What a process leaves when it is killed: the next one ends its children and removes its private folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.processes import clear_up, end_children_with, key_file, mark, new_private_folder, private_folder
from app.processes.private_files import private_place

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc here: nothing is found after a kill")
SECRET = "a secret that no other test writes"
KILLED = f"""
import os, subprocess, sys, time
from app.processes import key_file, mark, new_private_folder
folder = new_private_folder()
(folder / "use").write_text("settings")
child = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!; wait"], env={{**os.environ, **mark()}},
                         stdout=subprocess.PIPE, start_new_session=True)
with key_file({SECRET!r}) as key:
    assert key.read_text() == {SECRET!r} + "\\n"
    print(child.pid, int(child.stdout.readline()), folder, flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def killed() -> Iterator[tuple[list[int], Path]]:
    """The children and the private folder of a process that was killed while a program read its key."""
    process = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    one, other, folder = process.stdout.readline().split()
    process.kill()
    process.wait()
    process.stdout.close()
    yield [int(one), int(other)], Path(folder)
    for child in (int(one), int(other)):
        if runs(child):
            os.kill(child, signal.SIGKILL)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_children_and_folders_of_a_killed_process_are_cleared_up(killed: tuple[list[int], Path]) -> None:
    children, folder = killed
    assert all(runs(child) for child in children)
    assert folder.exists()
    clear_up()
    for _ in range(500):
        if not any(runs(child) for child in children):
            break
        time.sleep(0.01)
    assert [child for child in children if runs(child)] == []
    assert not folder.exists()


def test_a_key_is_in_no_file_not_even_after_a_kill(killed: tuple[list[int], Path]) -> None:
    place = private_place()
    assert place is not None
    for file in Path(place).rglob("pushpull-*/**/*"):
        with suppress(FileNotFoundError):  # others come and go meanwhile
            assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def test_what_belongs_to_a_living_process_is_left_alone() -> None:
    with private_folder() as folder, subprocess.Popen(["sleep", "1000"], env={**os.environ, **mark()}) as child:
        clear_up()
        assert folder.is_dir()
        assert runs(child.pid)
        child.kill()
    assert not folder.exists()


def test_what_an_interrupted_operation_runs_is_ended_and_nothing_else() -> None:
    ours = subprocess.Popen(["sleep", "1000"], env={"PATH": os.environ["PATH"], "PUSHPULL_OPERATION": "01ONE"})
    other = subprocess.Popen(["sleep", "1000"], env={"PATH": os.environ["PATH"], "PUSHPULL_OPERATION": "01TWO"})
    nobodys = subprocess.Popen(["sleep", "1000"], env={"PATH": os.environ["PATH"], "PUSHPULL_OPERATION": ""})
    assert end_children_with("PUSHPULL_OPERATION", ["01ONE", ""]) == 1
    assert ours.wait(20) == -signal.SIGKILL
    for one in (other, nobodys):
        assert one.poll() is None
        one.kill()
        one.wait()


def test_folders_of_older_versions_go_after_a_day() -> None:
    place = private_place()
    assert place is not None
    old, fresh = Path(place, "pushpull-abcdefg1"), Path(place, "pushpull-abcdefg2")
    for folder in (old, fresh):
        folder.mkdir(exist_ok=True)
    os.utime(old, (time.time() - 90_000, time.time() - 90_000))
    clear_up()
    assert (old.exists(), fresh.exists()) == (False, True)
    fresh.rmdir()


def test_a_system_without_such_files_gets_a_private_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    with key_file("one\r\ntwo") as key:
        assert key.read_text() == "one\ntwo\n"
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700
    assert not key.parent.exists()


def test_private_folders_name_their_process() -> None:
    folder = new_private_folder()
    assert f"pushpull-{os.getpid()}." in folder.name
    folder.rmdir()
