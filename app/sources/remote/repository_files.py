"""What a repository on this disk consists of: its folders, its refs and the settings that count, read without git."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from app.domain.errors import Problem
from app.sources.remote.address import refused
from app.sources.remote.checked_files import Folder, OpenGround, unreadable
from app.sources.remote.git_messages import other_object_names

_NESTED = 5
_MOST_REFS, _PACKED_BYTES = 1_000_000, 256 << 20
_SHA = re.compile(rb"[0-9a-f]{40}")
_PACKED = re.compile(rb"([0-9a-f]{40}) (refs/(?:heads|tags)/[^\n]+)")
_BAD_NAME = re.compile(rb"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(?:/|\Z)|/\.|[./]\Z")
_SETTING = re.compile(r"\s*(?:\[\s*(?P<section>[\w.-]+)[^\]]*\]\s*)?(?:(?P<key>[A-Za-z][\w-]*)\s*=\s*(?P<value>.*))?")


@dataclass(slots=True)
class RefSettings:
    """Of a repository's configuration what may count: which refs it hides, and where more of it stands."""

    hidden: list[str] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)

    def take_in(self, content: bytes | None) -> None:
        """Read one file. Raises SourceRefused for a format that is not supported."""
        section = ""
        for line in (content or b"").decode("utf-8", "replace").splitlines():
            match = _SETTING.match(line)
            section = (match["section"] or section).lower() if match else section
            if match and match["key"]:
                self._set(section, match["key"].lower(), match["value"].strip().strip('"'))

    def _set(self, section: str, key: str, value: str) -> None:
        if key == "hiderefs" and section in ("transfer", "uploadpack"):
            self.hidden.append(value)
        elif key == "path" and section in ("include", "includeif"):
            self.includes.append(value)
        elif key == "objectformat" and value != "sha1":
            raise other_object_names()
        elif key == "refstorage" and value != "files":
            raise refused("The repository keeps its refs in a format that is not supported.", "Use refs in files.")


@dataclass(frozen=True, slots=True)
class RepositoryFiles:
    """A repository that was opened: `own` holds HEAD, `common` everything else; the same but for worktrees."""

    ground: OpenGround
    own: Folder
    common: Folder

    def settings(self) -> RefSettings:
        """Its configuration, with what that includes as far as it lies on the ground."""
        found = RefSettings()
        found.take_in(self.common.read("config"))
        found.take_in(self.own.read("config.worktree"))
        for number, path in enumerate(found.includes):  # it grows
            if number < _NESTED:
                found.take_in(self._included(path))
        return found

    def _included(self, path: str) -> bytes | None:
        folder, _, name = os.path.join(self.common.path, path).rpartition("/")
        try:
            with self.ground.folder(folder) as found:
                return found.read(name)
        except Problem:
            return None

    def head(self) -> bytes:
        """HEAD as git writes it. Raises SourceUnreachable where there is none."""
        linked = self.own.link("HEAD")
        text = f"ref: {linked}".encode() if linked and linked.startswith("refs/") else self.own.read("HEAD")
        if text is None:
            raise unreadable()
        line = text.partition(b"\n")[0].strip()
        if not _SHA.fullmatch(line) and not (line.startswith(b"ref: refs/") and not _BAD_NAME.search(line[5:])):
            raise refused("The repository's HEAD is damaged.", "Let 'git symbolic-ref HEAD' name a branch in it.")
        return line + b"\n"

    def shallow(self) -> bytes:
        """Where a shallow clone's history ends; empty for a whole one."""
        lines = (self.common.read("shallow", _PACKED_BYTES) or b"").split()
        if not all(_SHA.fullmatch(line) for line in lines):
            raise refused("The repository's list of shallow commits is damaged.", "Fetch into it with --unshallow.")
        return b"".join(line + b"\n" for line in lines)

    def refs(self) -> dict[bytes, bytes]:
        """Branches and tags with their ids, as far as they can be read."""
        refs = self.common.folder("refs")
        if refs is None:
            raise unreadable()
        with refs:
            loose = {name: id for kind in ("heads", "tags") for name, id in _loose(refs, kind)}
        packed = self.common.read("packed-refs", _PACKED_BYTES) or b""
        found = {match[2]: match[1] for line in packed.split(b"\n") if (match := _PACKED.fullmatch(line))}
        found.update(loose)
        if len(found) > _MOST_REFS:
            raise refused(f"The repository has more than {_MOST_REFS:,} branches and tags.", "Delete some of them.")
        return {name: id for name, id in _resolved(found) if not _BAD_NAME.search(name)}

    def objects(self, held: ExitStack) -> Iterator[Folder]:
        """The folders of its objects and of those that it borrows; they are closed with `held`."""
        own = self.common.folder("objects")
        if own is None:
            raise unreadable()
        yield from self._with_borrowed(held.enter_context(own), held, _NESTED)

    def _with_borrowed(self, objects: Folder, held: ExitStack, depth: int) -> Iterator[Folder]:
        yield objects
        info = objects.folder("info")
        if info is None:
            return
        with info:
            lines = (info.read("alternates") or b"").split(b"\n")
        for line in lines:
            if line and not line.startswith(b"#"):
                if depth == 0:
                    raise refused("The repository borrows objects through too many others.", "Repack it with -a.")
                other = self.ground.folder(os.path.join(objects.path, os.fsdecode(line.strip(b'"'))))
                yield from self._with_borrowed(held.enter_context(other), held, depth - 1)


def opened(path: str, ground: OpenGround, held: ExitStack) -> RepositoryFiles:
    """The repository at a path; its folders are closed with `held`. Raises SourceRefused, SourceUnreachable."""
    if os.path.realpath(path) != path:
        raise refused("The address leads elsewhere by now.", "Save the environment again with the present address.")
    place = held.enter_context(ground.folder(path))
    own = _git_folder(place, ground, held)
    elsewhere = own.read("commondir")
    common = own if elsewhere is None else held.enter_context(ground.folder(_joined(own, elsewhere)))
    return RepositoryFiles(ground, own, common)


def _git_folder(place: Folder, ground: OpenGround, held: ExitStack) -> Folder:
    below = place.folder(".git")
    if below is not None:
        return held.enter_context(below)
    pointer = place.read(".git")
    if pointer is None:
        return place
    if not pointer.startswith(b"gitdir: "):
        raise refused("The repository's '.git' is damaged.", "Name the repository itself.")
    return held.enter_context(ground.folder(_joined(place, pointer.removeprefix(b"gitdir: "))))


def _joined(folder: Folder, text: bytes) -> str:
    path = os.fsdecode(text.removesuffix(b"\n"))
    if not path or "\0" in path:
        raise refused("The repository refers to a place without a name.", "Name the repository itself.")
    return os.path.join(folder.path, path)


def _loose(refs: Folder, kind: str) -> Iterator[tuple[bytes, bytes]]:
    """Refs in files of their own. Without recursion: they may be nested as deep as the disk allows."""
    waiting = [kind]
    while waiting:
        path = waiting.pop()
        folder = refs.folder(path)
        if folder is None:
            continue
        with folder:
            for entry in folder.entries():
                below = f"{path}/{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(below)
                elif not entry.name.endswith(".lock"):
                    yield os.fsencode(f"refs/{below}"), (folder.read(entry.name) or b"").strip()


def _resolved(found: dict[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Refs that refer to others are followed; what is broken is left out, as git's server does."""
    for name, value in found.items():
        for _ in range(_NESTED):
            if value.startswith(b"ref: "):
                value = found.get(value.removeprefix(b"ref: ").strip(), b"")
        if _SHA.fullmatch(value):
            yield name, value
