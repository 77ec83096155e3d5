"""What stands in a directory, to the inode: two pictures are equal only where nothing was written in between."""

from __future__ import annotations

import os
from pathlib import Path

Picture = dict[str, tuple[int, int, int, bytes]]


def picture(folder: Path) -> Picture:
    """{path: (inode, modified in ns, mode, content)} of everything below a directory, itself included."""
    found: Picture = {}
    for path in (folder, *sorted(folder.rglob("*"))):
        stat = path.lstat()
        content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (stat.st_ino, stat.st_mtime_ns, stat.st_mode, content)
    return found
