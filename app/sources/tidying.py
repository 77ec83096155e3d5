"""What lies around mirrors and is no longer needed, and when one wants to be packed."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from app.sources.objects.ref_names import KEPT

PASSING = ".passing."  # before the names of folders that are only there while something is made
_ASIDE_LIFETIME, _VIEW_LIFETIME = 7 * 86400.0, 86400.0
_PACKS, _LOOSE, _PINS = 40, 24, 400  # beyond these counts (packs, loose objects in one of 256 folders, pins): gc


def sweep(folder: Path, aside: Path) -> None:
    """Remove a replaced mirror after a week, and what a killed process left: views of local repositories, contents that
    were on their way."""
    left = [*folder.glob(".view.*"), *folder.glob(f"{PASSING}*")]
    old = [(aside, _ASIDE_LIFETIME), *((one, _VIEW_LIFETIME) for one in left)]
    for place, lifetime in old:
        try:
            due = time.time() - place.lstat().st_mtime > lifetime
        except OSError:
            continue
        if due:
            shutil.rmtree(place, ignore_errors=True)


def crowded(git_dir: Path) -> bool:
    """Whether there are so many packs, objects or pins that they are better packed."""
    objects = git_dir / "objects"
    counts = (_count(objects / "pack", ".pack"), _count(objects / "17"), _count(git_dir / KEPT))
    return any(count > most for count, most in zip(counts, (_PACKS, _LOOSE, _PINS), strict=True))


def _count(folder: Path, ending: str = "") -> int:
    try:
        return sum(1 for name in os.listdir(folder) if name.endswith(ending))
    except OSError:
        return 0
