"""Files that only their owner may read, off the disk where that is possible, and private keys that are in no file."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.processes.process_names import lives, own_name

_MEMORY = Path("/dev/shm")  # noqa: S108  keys are kept off the disk where that is possible
_PREFIX = "pushpull-"
_OWNED = re.compile(r"pushpull-(\d+\.\d+)-[a-z0-9_]{8}\Z")
_OLDER = re.compile(r"pushpull-[a-z0-9_]{8}\Z")  # of versions whose folders did not name their process
_OLD_S = 86_400.0


def private_place() -> str | None:
    """Where private folders are made: in memory, or None for the system's own choice."""
    return str(_MEMORY) if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None


def new_private_folder() -> Path:
    """Make a folder only its owner may enter. `clear_folders` removes it once this process has ended."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{own_name()}-", dir=private_place()))


@contextmanager
def private_folder() -> Iterator[Path]:
    """A private folder that goes with the context."""
    folder = new_private_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_private(path: Path, text: str) -> Path:
    """A new file only its owner may read. ssh wants line ends as on Unix, the last one included."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(_lines(text))
    return path


@contextmanager
def key_file(text: str) -> Iterator[Path]:
    """A path at which programs that we start find a private key, as long as the context lasts.

    The key is in the memory of this process and goes with it, however it ends. Only a system without such files (not
    Linux, or no /proc) gets it as a private file in a private folder."""
    held = _in_memory(_lines(text).encode())
    if held is not None:
        try:
            yield Path(f"/proc/{os.getpid()}/fd/{held}")
        finally:
            os.close(held)
        return
    with private_folder() as folder:
        yield write_private(folder / "key", text)


def clear_folders() -> list[Path]:
    """Remove the private folders of processes that have ended; returns them."""
    places = {Path(tempfile.gettempdir()), *([_MEMORY] if _MEMORY.is_dir() else [])}
    left = [folder for place in places for folder in place.glob(f"{_PREFIX}*") if _is_left(folder)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return left


def _is_left(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    if found.st_uid != os.getuid() or not folder.is_dir() or folder.is_symlink():
        return False
    owned = _OWNED.match(folder.name)
    if owned:
        return not lives(owned[1])
    return _OLDER.match(folder.name) is not None and time.time() - found.st_mtime > _OLD_S


def _in_memory(content: bytes) -> int | None:
    """A file without a name, or None where there are none that another program can open."""
    held = -1
    try:
        held = os.memfd_create("pushpull-key", os.MFD_CLOEXEC)
        os.fchmod(held, 0o600)  # ssh reads no key that others may read
        os.write(held, content)
        with open(f"/proc/{os.getpid()}/fd/{held}", "rb") as again:
            if again.read() == content:
                return held
    except (OSError, AttributeError):
        pass
    if held >= 0:
        with suppress(OSError):
            os.close(held)
    return None


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip() + "\n"
