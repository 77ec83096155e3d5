"""How an agent's process is started, so that it stays small. Measured by bench/agent.py.

Without docstrings (-OO) it takes 3 MB less, as long as Python finds its modules compiled that way; those are kept in
the agent's own folder, because the program's may not be writable. One allocation arena does for a few calm threads.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

WARM, MIGRATE = "--warm", "--migrate"
SMALL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
NOT_OURS = ("PUSHPULL_ENROLLMENT_TOKEN", "PYTHONDONTWRITEBYTECODE", "PYTHONOPTIMIZE")


def command(folder: Path, given: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Argument list and environment of an agent's process; its modules are compiled if they are not."""
    variables = {name: value for name, value in given.items() if name not in NOT_OURS}
    variables |= {**SMALL, "PYTHONPYCACHEPREFIX": str(folder / ".cache"), "PYTHONUNBUFFERED": "1"}
    argv = [sys.executable, "-OO", "-P", "-m", "app.agent", str(folder)]
    if not (folder / ".cache").is_dir():
        subprocess.run([*argv, WARM], env=variables, check=True)
    return argv, variables


def migrate(folder: Path, given: Mapping[str, str]) -> None:
    """Bring the store to this version in a process of its own: what that takes is not kept in memory."""
    argv, variables = command(folder, given)
    subprocess.run([*argv, MIGRATE], env=variables, check=True)
