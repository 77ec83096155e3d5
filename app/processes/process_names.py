"""The name of a process that no other one has while the machine runs: its number and when it was started."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

PROC = Path("/proc")
_STARTED = 19  # of the fields after the command's name in /proc/<pid>/stat


def own_name() -> str:
    """This process's name, such as "4711.93482"; without /proc "4711.0"."""
    return _cached(os.getpid())


@lru_cache(1)
def _cached(pid: int) -> str:
    return _name(pid) or f"{pid}.0"


def lives(name: str) -> bool:
    """Whether the process of that name still runs. One whose start nobody can tell counts as running."""
    number, _, started = name.partition(".")
    if not number.isdigit() or not started.isdigit():
        return False
    if started == "0" or not (PROC / "self").exists():
        return True
    return _name(int(number)) == name


def _name(pid: int) -> str:
    try:
        fields = (PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{pid}.{fields[_STARTED]}" if fields[0] not in "ZX" else ""
