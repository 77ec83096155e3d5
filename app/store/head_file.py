"""What this installation knows of its audit log outside the database: heads of the chain, and its own checkpoints.

A text file beside the keys, for the owner's eyes only. A line is added after each transaction that wrote an entry; a
checkpoint takes the place of the lines before it, and is forced to disk.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from app.ports import KeptHead

ACCEPTED = "accepted"
FILE = "audit.head"
LINE = re.compile(r"(head|seal|key) (\d{1,18}) ([0-9a-f]{64})")


class HeadFile:
    """Implements the port HeadKeeper."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def note(self, seq: int, hash: str) -> None:
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"head {seq} {hash}\n".encode())
        finally:
            os.close(descriptor)

    def kept(self) -> tuple[KeptHead, ...]:
        try:
            lines = self._path.read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            return ()
        return _read(lines)

    def keep(self, heads: tuple[KeptHead, ...]) -> None:
        made = self._path.with_name(f".{FILE}.new")
        descriptor = os.open(made, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{one.kind} {one.seq} {one.hash}\n" for one in heads)
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path)


class AnchorFile:
    """Implements the port HeadKeeper over a file that only grows, for a place where others keep it: another disk, a
    mount from another host. Each line is forced out; what stands before the last line `accepted` counts no more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def at(cls, path: Path | None) -> AnchorFile | None:
        """The file, where there is to be one."""
        return cls(path) if path else None

    def note(self, seq: int, hash: str) -> None:
        self._add(f"head {seq} {hash}\n")

    def kept(self) -> tuple[KeptHead, ...]:
        try:
            lines = self._path.read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            return ()
        starts = [number for number, line in enumerate(lines) if line == ACCEPTED]
        return _read(lines[starts[-1] :] if starts else lines)

    def keep(self, heads: tuple[KeptHead, ...]) -> None:
        self._add("".join([f"{ACCEPTED}\n", *(f"{one.kind} {one.seq} {one.hash}\n" for one in heads)]))

    def _add(self, text: str) -> None:
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(lines: list[str]) -> tuple[KeptHead, ...]:
    """The heads; a line that a crash cut short says nothing."""
    found = (LINE.fullmatch(line) for line in lines)
    return tuple(KeptHead(int(one[2]), one[3], one[1]) for one in found if one)
