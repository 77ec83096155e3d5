"""Files that only their owner may read, off the disk where that is possible."""

from __future__ import annotations

import os
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108  keys are kept off the disk where that is possible


def private_place() -> str | None:
    """Where private folders are made: in memory, or None for the system's own choice."""
    return str(_MEMORY) if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None


def write_private(path: Path, text: str) -> Path:
    """A new file only its owner may read. ssh wants line ends as on Unix, the last one included."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text.replace("\r\n", "\n").strip() + "\n")
    return path
