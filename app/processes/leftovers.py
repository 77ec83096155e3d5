"""Children of a process that was killed: each carries its parent's name, so that the next process ends them.

The name is in their environment, from their first moment and in all that they start themselves. Linux only: elsewhere
nothing is found, and nothing is ended.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress

from app.processes.private_files import clear_folders
from app.processes.process_names import PROC, lives, own_name

MARK = "PUSHPULL_CHILD_OF"


def mark() -> Mapping[str, str]:
    """The variable by which a child of ours is known."""
    return {MARK: own_name()}


def clear_up() -> tuple[int, int]:
    """End the children and remove the private folders of processes of ours that have ended; returns their numbers."""
    ended = _end(lambda variables: MARK in variables and not lives(variables[MARK]))
    return ended, len(clear_folders())


def end_children_with(name: str, values: Collection[str]) -> int:
    """End each process of this user that has one of the values in a variable of its environment; returns how many."""
    wanted = frozenset(values) - {""}
    return _end(lambda variables: variables.get(name) in wanted) if wanted else 0


def _end(ours: Callable[[Mapping[str, str]], bool]) -> int:
    """Twice, because a process may start another one while we look. One that takes its time to end counts once."""
    ended: set[int] = set()
    for _ in range(2):
        ended.update(pid for pid in _others() if _end_one(pid, ours))
    return len(ended)


def _end_one(pid: int, ours: Callable[[Mapping[str, str]], bool]) -> bool:
    if not ours(_variables(pid)):
        return False
    with suppress(OSError, AttributeError):
        handle = os.pidfd_open(pid)  # from here on the number cannot become another process's
        try:
            if ours(_variables(pid)):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                return True
        finally:
            os.close(handle)
    return False


def _others() -> Iterator[int]:
    if not (PROC / "self").exists():
        return
    for entry in os.scandir(PROC):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                if entry.stat().st_uid == os.getuid():
                    yield int(entry.name)


def _variables(pid: int) -> Mapping[str, str]:
    try:
        raw = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (part.decode("utf-8", "replace").partition("=") for part in raw.split(b"\0") if part)
    return {name: value for name, _, value in pairs}
