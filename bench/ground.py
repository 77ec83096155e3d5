"""Where measurements take place: a folder of their own on memory where there is some, and what machine it is on."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED_MEMORY = Path("/dev/shm")
NEEDED = 3 << 30  # bytes that the largest benchmark fills
GIT_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PUSHPULL_"))},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Bench",
    "GIT_AUTHOR_EMAIL": "bench@example.org",
    "GIT_COMMITTER_NAME": "Bench",
    "GIT_COMMITTER_EMAIL": "bench@example.org",
    "LC_ALL": "C.UTF-8",
}


class Unable(Exception):
    """A benchmark cannot be run here; says why."""


class NotInstalled(Unable):
    """A benchmark needs a program that this machine does not have; says which."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One benchmark's folder. `quick`: only show that everything works, with small sizes."""

    folder: Path
    quick: bool

    def of(self, full: int, quick: int) -> int:
        """A size."""
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        """How often each case is timed."""
        return self.of(15, 2)


@contextmanager
def ground(base: Path | None, quick: bool) -> Iterator[Ground]:
    """A folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pushpull-bench-", dir=base or _memory()))
    try:
        yield Ground(folder, quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> Path | None:
    """A file system in memory with enough room; None for the usual temporary folder."""
    if SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free > NEEDED:
        return SHARED_MEMORY
    return None


def machine(base: Path | None) -> str:
    """The machine in one line, without names or paths of it."""
    git = _said("git", "--version").removeprefix("git version ")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    return ", ".join((
        f"{os.cpu_count()} × {_processor()}",
        f"{memory:.0f} GiB",
        f"{platform.system()} {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        f"git {git}",
        f"SQLite {sqlite3.sqlite_version}",
        f"on {_file_system(base or _memory() or Path(tempfile.gettempdir()))}",
    ))  # fmt: skip


def load() -> str:
    """How busy the machine is: the load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _file_system(folder: Path) -> str:
    return _said("stat", "--file-system", "--format=%T", str(folder)) or "an unknown file system"


def _said(*argv: str) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=False, env=GIT_ENVIRONMENT).stdout.strip()
    except OSError:
        return ""


def command(*argv: str, cwd: Path | None = None) -> None:
    """A peer's command; its output is read and thrown away."""
    subprocess.run(argv, check=True, cwd=cwd, env=GIT_ENVIRONMENT, capture_output=True)
