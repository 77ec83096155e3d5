"""Which commit descends from which, answered from a few commits where their line is straight, as it mostly is."""

from __future__ import annotations

from app.domain.revision import Revision
from app.sources.objects.object_reader import ObjectReader

_STEPS = 16  # commits that are read before git is asked, who has to begin at the same ends


class _Line:
    """The commits from one back along its only parents."""

    def __init__(self, reader: ObjectReader, tip: str) -> None:
        self._reader = reader
        self.next: str | None = tip
        self.passed: list[Revision] = []

    def step(self) -> None:
        """Read one more commit; where it has not exactly one parent, the line ends."""
        commit = self._reader.commit(self.next) if self.next else None
        self.next = None
        if commit:
            self.passed.append(commit)
            self.next = commit.parents[0] if len(commit.parents) == 1 else None


def straight(reader: ObjectReader, older: str, newer: str) -> tuple[Revision, ...] | None:
    """The commits after `older` up to `newer`, newest first, where each has one parent and they are few; else None."""
    line = _Line(reader, newer)
    for _ in range(_STEPS):
        if line.next == older:
            return tuple(line.passed)
        line.step()
    return None


def descends(reader: ObjectReader, older: str, newer: str) -> bool | None:
    """Whether `newer` descends from `older`; None where a short look does not tell."""
    if older == newer:
        return reader.has(newer)
    down, up = _Line(reader, newer), _Line(reader, older)
    for _ in range(_STEPS):
        if down.next == older:
            return True
        down.step()
        up.step()
        if up.next == newer:
            return False
    return None
