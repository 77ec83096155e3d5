"""What a drift episode keeps of the changes that were found in it, also after it has ended: differences, contents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.domain.state.drift import DriftItem, DriftReport, read_report
from app.domain.state.items import Item, Key

PATHS, LETTERS = 1000, 1_000_000  # paths that one episode keeps, and characters of their diffs


CONTENT, CONTENTS = 1_000_000, 10_000_000  # bytes of one content, and of all of an episode
WITH_CONTENTS = 10  # episodes of one environment whose contents are kept


@dataclass(frozen=True, slots=True)
class KeptContent:
    """What stood at a key when it was seen last; `there` is None where nothing did. `secret_lines`: see DriftItem."""

    key: Key
    there: tuple[Item, bytes] | None
    secret_lines: int | None = 0

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.there[1]) if self.there else 0


@dataclass(frozen=True, slots=True)
class FoundChange:
    """A path that drifted, as it was seen last. It was changed between `after` (the look before, None: there was none)
    and `at`, when it was found."""

    item: DriftItem
    after: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class EpisodeReport:
    """Every path that drifted in an episode, sorted, also those that were put right before it ended. `count` counts all
    paths, `items` holds a bounded number of them."""

    items: tuple[FoundChange, ...] = ()
    count: int = 0

    def grown(self, found: DriftReport, after: datetime | None, at: datetime) -> EpisodeReport:
        """The report with what one more look at the target found, at `at`; the look before was at `after`."""
        known = {one.item.path: one for one in self.items}
        for item in found.items:
            before = known.get(item.path)
            if before:
                known[item.path] = replace(before, item=_newer(before.item, item))
            elif len(known) < PATHS:
                known[item.path] = FoundChange(item, after, at)
        items = tuple(_bounded(known[path] for path in sorted(known)))
        return EpisodeReport(items, max(self.count, found.count, len(items)))

    def as_dict(self) -> dict[str, Any]:
        """The report as it is stored."""
        shown = DriftReport(items=tuple(one.item for one in self.items), count=self.count).as_dict()
        seen = [[one.after.isoformat() if one.after else None, one.at.isoformat()] for one in self.items]
        return {"items": shown["items"], "count": self.count, "seen": seen}


def read_episode_report(data: Mapping[str, Any]) -> EpisodeReport:
    """A report from its stored form."""
    report = read_report(data)
    times = (
        (datetime.fromisoformat(after) if after else None, datetime.fromisoformat(at)) for after, at in data["seen"]
    )
    found = (FoundChange(item, after, at) for item, (after, at) in zip(report.items, times, strict=True))
    return EpisodeReport(tuple(found), report.count)


def _newer(before: DriftItem, item: DriftItem) -> DriftItem:
    """A comparison shows a bounded number of diffs; what an earlier one showed is kept."""
    return item if item.diff is not None else replace(item, diff=before.diff, secret_lines=before.secret_lines)


def _bounded(items: Iterator[FoundChange]) -> Iterator[FoundChange]:
    room = LETTERS
    for one in items:
        fits = len(one.item.diff or "") <= room
        room -= len(one.item.diff or "") if fits else 0
        yield one if fits else replace(one, item=replace(one.item, diff=None))
