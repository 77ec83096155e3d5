"""Comparing the stats of a few files ourselves: to start a git process costs more than to look at some hundred files.

A stat that is remembered is compared whole, to the nanosecond, where Git compares seconds: what is taken for moved is
read, so that this can only cost more, never miss more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from app.domain.state.git_files import file_item, traits_of
from app.domain.state.items import Item
from app.targets.files.file_inventory import Row
from app.targets.files.git_index import stat_of
from app.targets.files.root_handle import Root, parted


def moved(root: Root, rows: Iterable[Row]) -> list[tuple[bytes, Item]]:
    """Those of the inventory's files whose stat is not the one remembered, or cannot be told."""
    return [
        (path, file_item(traits_of(mode), blob.hex()))
        for path, mode, blob, stat in rows
        if stat is None or stat != _stat(root, path, mode)
    ]


def _stat(root: Root, path: bytes, mode: int) -> bytes | None:
    folder, name = parted(path)
    try:
        return stat_of(os.stat(name, dir_fd=root.folder(folder), follow_symlinks=False), mode)
    except OSError:
        return None
