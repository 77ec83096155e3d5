"""Pins of deployed commits, taken from one mirror of a repository into another."""

from __future__ import annotations

import logging
from pathlib import Path

from app.git import GitFailed
from app.sources.git import Repository
from app.sources.objects.ref_names import KEPT

log = logging.getLogger(__name__)


def beside(folder: Path, key: str) -> list[Path]:
    """The mirrors of the same repository that were made with other credentials."""
    address = key.partition("+")[0]
    return [*folder.glob(f"{address}.git"), *folder.glob(f"{address}+*.git")]


def carry_over(fresh: Repository, old: Path) -> None:
    """Pin in a new mirror what was pinned in an old one, as far as its objects can be had."""
    lost = [sha for sha in _pinned(old) if not _rescue(fresh, old, sha)]
    if lost:
        log.error("mirror %s: deployed commits were lost: %s", old.stem, ", ".join(lost))


def _rescue(fresh: Repository, old: Path, sha: str) -> bool:
    spec = f"+{sha}:{KEPT}{sha}"
    for attempt in (("update-ref", KEPT + sha, sha), ("fetch", "--quiet", "--no-tags", "--", str(old), spec)):
        try:
            fresh.run(*attempt, environment={"GIT_ALLOW_PROTOCOL": "file"})
            return True
        except GitFailed:
            continue
    return False


def _pinned(git_dir: Path) -> list[str]:
    """Pinned commits, read without git: it refuses where anything is broken."""
    loose = git_dir / KEPT
    found = {file.name for file in loose.glob("*")} if loose.is_dir() else set()
    try:
        packed = (git_dir / "packed-refs").read_text("utf-8", "replace")
    except OSError:
        packed = ""
    found.update(line.rpartition("/")[2] for line in packed.splitlines() if f" {KEPT}" in line)
    return sorted(name for name in found if len(name) in (40, 64))
