"""A private view of a local repository: what git is handed instead of a directory that others may write to.

mirrors/.view.<random>/   refs, HEAD and settings as they were read, packs as files that are open; for one command
mirrors/<key>.loose/      its loose objects, copied once: they never change

Git opens nothing in the repository itself, so nothing in it can make git wait, run a command or read a foreign file.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.sources.remote.address import refused
from app.sources.remote.checked_files import Folder, OpenGround, unreadable
from app.sources.remote.repository_files import RepositoryFiles, opened

_BUCKET, _LOOSE = re.compile(r"[0-9a-f]{2}"), re.compile(r"[0-9a-f]{38}")
_PACK = re.compile(r"([0-9A-Za-z_-]{1,200})\.pack")
_MOST_PACKS = 300  # each is two open files
_MOST_GONE = 200  # copies that nobody needs
_TRIES = 3
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


@dataclass(frozen=True, slots=True)
class RepositoryView:
    """A repository that git may use. `hides`: some refs are not for clients."""

    git_dir: Path
    hides: bool


class LocalRepository:
    """A repository on this disk, below the configured roots. `folder`: where views lie; `key`: its mirror's name."""

    def __init__(self, path: str, roots: Sequence[Path], folder: Path, key: str) -> None:
        self._path, self._roots, self._folder = path, roots, folder
        self._mirror, self._loose = folder / f"{key}.git", folder / f"{key}.loose"

    @contextmanager
    def view(self) -> Iterator[RepositoryView]:
        """The repository as it is now. Raises SourceRefused where it reaches out of the roots or holds what is no
        file, SourceUnreachable where there is none."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".view.", dir=self._folder) as place, ExitStack() as held:
            found = opened(self._path, OpenGround(self._roots), held)
            git_dir, settings = Path(place), found.settings()
            copies = self._loose if self._mirror.exists() else git_dir / "loose"  # nothing is left of a probe
            _write(git_dir, found, settings.hidden)
            with _locked(copies, fcntl.LOCK_SH):
                gone = _objects(git_dir / "objects", found, copies, held)
                yield RepositoryView(git_dir, bool(settings.hidden))
        if len(gone) > _MOST_GONE:
            _forget(copies, gone)


def _objects(into: Path, found: RepositoryFiles, copies: Path, held: ExitStack) -> set[str]:
    """Provide all objects; return the copies that the repository no longer has loose. Loose ones come first: git packs
    one before it removes the file."""
    (into / "pack").mkdir(parents=True)
    (into / "info").mkdir()
    (into / "info" / "alternates").write_text(f"{copies}\n")
    folders = list(found.objects(held))
    have = {f"{bucket}/{name}" for bucket in os.listdir(copies) for name in os.listdir(copies / bucket)}
    needed = {name for folder in folders for name in _copied(folder, copies, have)}
    for folder in folders:
        _packs(folder, into / "pack", held)
    return have - needed


@contextmanager
def _locked(copies: Path, how: int) -> Iterator[None]:
    """The copies, while nobody removes any, or while nobody uses them."""
    copies.mkdir(exist_ok=True, mode=0o700)
    descriptor = os.open(copies, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _forget(copies: Path, gone: set[str]) -> None:
    """Remove copies, unless somebody is reading."""
    try:
        with _locked(copies, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for name in gone:
                (copies / name).unlink(missing_ok=True)
    except BlockingIOError:
        pass


def _copied(objects: Folder, copies: Path, have: set[str]) -> Iterator[str]:
    for entry in objects.entries():
        bucket = objects.folder(entry.name) if _BUCKET.fullmatch(entry.name) else None
        if bucket is None:
            continue
        with bucket:
            for one in bucket.entries():
                name = f"{entry.name}/{one.name}"
                if _LOOSE.fullmatch(one.name):
                    if name not in have:
                        _copy(bucket, one.name, copies / entry.name)
                    yield name


def _write(git_dir: Path, found: RepositoryFiles, hidden: Sequence[str]) -> None:
    (git_dir / "refs").mkdir()
    (git_dir / "HEAD").write_bytes(found.head())
    quoted = (re.sub(r'["\\]', "", value) for value in hidden)
    settings = "".join(f'\thideRefs = "{value}"\n' for value in quoted)
    (git_dir / "config").write_text(_CONFIG + (f"[transfer]\n{settings}" if settings else ""), encoding="utf-8")
    lines = (b"%s %s\n" % (id, name) for name, id in sorted(found.refs().items()))
    (git_dir / "packed-refs").write_bytes(b"# pack-refs with: sorted \n" + b"".join(lines))
    if shallow := found.shallow():
        (git_dir / "shallow").write_bytes(shallow)


def _copy(bucket: Folder, name: str, ours: Path) -> None:
    descriptor = bucket.open(name)
    if descriptor is None:
        return  # it was packed meanwhile
    ours.mkdir(exist_ok=True)
    with os.fdopen(descriptor, "rb") as source, tempfile.NamedTemporaryFile(dir=ours, prefix=".", delete=False) as file:
        shutil.copyfileobj(source, file)
    os.replace(file.name, ours / name)


def _packs(objects: Folder, into: Path, held: ExitStack) -> None:
    """Packs that are open: git gets them by their descriptors. One that goes meanwhile has made way for another."""
    for _ in range(_TRIES):
        folder = objects.folder("pack")
        if folder is None:
            return
        with folder:
            names = [match[1] for one in folder.entries() if (match := _PACK.fullmatch(one.name))]
            if len(names) > _MOST_PACKS:
                raise refused(f"The repository is in more than {_MOST_PACKS} packs.", "Run 'git gc' in it.")
            if all(_pack(folder, name, into, held) for name in names):
                return
    raise unreadable()


def _pack(folder: Folder, name: str, into: Path, held: ExitStack) -> bool:
    """Whether a pack and its index are there."""
    for ending in ("idx", "pack"):
        target = into / f"{name}.{ending}"
        if target.is_symlink() or target.exists():
            continue
        descriptor = folder.open(f"{name}.{ending}")
        if descriptor is None:
            return ending == "idx"  # without its index, a pack is one that is only being written
        held.callback(os.close, descriptor)
        _hand_over(descriptor, target)
    return True


def _hand_over(descriptor: int, target: Path) -> None:
    open_files = f"/proc/{os.getpid()}/fd"
    if os.path.isdir(open_files):
        target.symlink_to(f"{open_files}/{descriptor}")
        return
    with os.fdopen(os.dup(descriptor), "rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
