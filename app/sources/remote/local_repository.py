"""Local repositories: everything that git would read must lie below the configured roots.

A directory below a root can point elsewhere: by symlinks, by a `.git` file, by `commondir` and by alternates. Git
follows all of them, so they are checked before every use.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.domain.errors import SourceUnreachable
from app.sources.remote.address import refused

_PARTS = ("HEAD", "config", "refs", "refs/heads", "refs/tags", "packed-refs", "objects", "objects/info", "objects/pack")
_NESTED = 5
_HIDING = re.compile(rb"hiderefs|include|worktreeconfig", re.IGNORECASE)
_LARGEST = 1 << 20


def check(path: Path, roots: Sequence[Path]) -> None:
    """Raise SourceRefused where the repository reaches out of the roots, SourceUnreachable where there is none."""
    open_places = [os.path.realpath(root).rstrip("/") + "/" for root in roots]
    for place in _places(git_dir(path), _NESTED):
        if not f"{os.path.realpath(place)}/".startswith(tuple(open_places)):
            mend = "Local repositories may use only what lies below PUSHPULL_SOURCE_ROOTS."
            raise refused("The repository refers to a place that is not open for repositories.", mend)


def shows_all(git_dir: Path) -> bool:
    """Whether a reader of the repository's files sees the refs that its server would show: as far as its configuration,
    which may lie elsewhere as well, hides none."""
    try:
        with (git_dir / "config").open("rb") as file:
            config = file.read(_LARGEST + 1)
    except OSError:
        return False
    return len(config) <= _LARGEST and not _HIDING.search(config) and not (git_dir / "commondir").exists()


def git_dir(path: Path) -> Path:
    """Where the repository's own files lie. Raises SourceRefused, SourceUnreachable."""
    if os.path.realpath(path) != str(path):
        raise refused("The address leads elsewhere by now.", "Save the environment again with the present address.")
    for candidate in (path / ".git", path):
        if candidate.is_file():
            return path / _pointer(candidate, r"gitdir: (.+)\n?\Z")
        if (candidate / "HEAD").is_file() or (candidate / "HEAD").is_symlink():
            return candidate
    mend = "Check the path; the user that runs PushPull must be able to read it."
    raise SourceUnreachable(f"There is no Git repository at this path. {mend}", fields={"source.repo_url": mend})


def _places(git_dir: Path, depth: int) -> Iterator[Path]:
    """Every place that git would go to; below a checked one, only what leads elsewhere needs a check of its own."""
    yield git_dir
    yield from (Path(part) for part in (f"{git_dir}/{name}" for name in _PARTS) if os.path.islink(part))
    for folder in ("refs/heads", "refs/tags", "objects", "objects/pack"):
        yield from _links(git_dir / folder)
    if depth == 0:
        yield Path("/")  # nested too deeply to be followed: refused
        return
    common = git_dir / "commondir"
    if common.is_file():
        yield from _places(git_dir / _pointer(common, r"(.+)\n?\Z"), depth - 1)
    yield from _alternates(git_dir / "objects", depth)


def _links(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as items:
            yield from (Path(item.path) for item in items if item.is_symlink())
    except OSError:
        return


def _alternates(objects: Path, depth: int) -> Iterator[Path]:
    try:
        lines = (objects / "info" / "alternates").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        if line and not line.startswith("#"):
            other = objects / line.strip('"')
            yield from (other, *_places(other.parent, depth - 1))


def _pointer(file: Path, pattern: str) -> str:
    match = re.match(pattern, file.read_text("utf-8", "surrogateescape")[:4096])
    return match[1] if match else "/"
