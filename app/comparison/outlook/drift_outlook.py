"""How long drift lasted, and how long it would have with self-heal at each look, or with nobody to mend it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.comparison.evidence import Evidence
from app.comparison.outlook.recorded_commits import Recorded
from app.comparison.statistics.survival import Lasting, median_lasting
from app.comparison.timing.clock_chain import live
from app.comparison.window import Window
from app.domain.operation import Phase, Trigger
from app.domain.state.drift import Episode
from app.wording.quantities import plural
from app.wording.times import duration


@dataclass(frozen=True, slots=True)
class Lasted:
    """How long drift lasts: the median in seconds, None where it is not known, of `n` episodes."""

    median_s: float | None
    n: int
    text: str


@dataclass(frozen=True, slots=True)
class DriftOutlook:
    """An environment's drift episodes. `heal_s`: how long a heal takes, None where nothing tells it."""

    episodes: Sequence[Episode]
    window: Window
    known: Recorded
    heal_s: float | None

    def measured(self) -> Lasted:
        """From the onset to the end, as it was."""
        until = self.window.until
        spans = [
            (
                self._since_onset(one, min(one.ended_at or until, until)),
                one.ended_at is not None and one.ended_at <= until,
            )
            for one in self._bounded
        ]
        return self._told(spans, "as they ended")

    def healed_at_once(self) -> Lasted:
        """With self-heal: until the same look found it, and a heal's time more."""
        if self.heal_s is None and self._bounded:
            return Lasted(None, 0, "not known: neither a heal nor a delivery was timed")
        heal_s = self.heal_s or 0.0
        return self._told([(self._since_onset(one, one.detected_at) + heal_s, True) for one in self._bounded], "healed")

    def left_alone(self) -> Lasted:
        """With nobody to mend it: until the next commit overwrote it, or it still stood at the window's end."""
        ends = sorted(one.live_s for one in self.known.delivered if one.live_s is not None)
        spans: list[Lasting] = []
        for one in self._bounded:
            onset = self._onset(one)
            place = bisect_right(ends, onset)
            end = ends[place] if place < len(ends) else (self.window.until - self.window.since).total_seconds()
            spans.append((end - onset, place < len(ends)))
        return self._told(spans, "until the next commit")

    def assumptions(self, *, heals: bool) -> tuple[str, ...]:
        """What is assumed of drift."""
        if not self._bounded:
            return ()
        began = "Drift began half-way between the last look that found none and the one that found it."
        if not heals:
            return began, "Nobody mends drift, and the next delivery overwrites all of it."
        took = f", and a heal takes {duration(self.heal_s)}" if self.heal_s is not None else ""
        return began, f"The same refreshes find drift, self-heal is on{took}."

    @property
    def _bounded(self) -> list[Episode]:
        return [one for one in self.episodes if one.last_good_at]

    def _onset(self, episode: Episode) -> float:
        """Seconds from the window's start until it began, as far as that is known."""
        good = episode.last_good_at or episode.detected_at
        return (good + (episode.detected_at - good) / 2 - self.window.since).total_seconds()

    def _since_onset(self, episode: Episode, end: datetime) -> float:
        return max(0.0, (end - self.window.since).total_seconds() - self._onset(episode))

    def _told(self, spans: Sequence[Lasting], how: str) -> Lasted:
        n = len(spans)
        if not n:
            without = len(self.episodes)
            why = "no drift was found in this window" if not without else "nothing tells when drift began"
            return Lasted(None, 0, f"not known: {why}")
        open_ = sum(not ended for _, ended in spans)
        text = f"median of {plural(n, 'episode')}, {how}" + (f"; {open_:,} not over at the end" if open_ else "")
        found = median_lasting(spans)
        if found is None:
            longest = max(seconds for seconds, _ in spans)
            text = f"not known: most are not over; the longest so far is {duration(longest)}"
        return Lasted(found, n, text)


def heals(evidence: Evidence) -> list[float]:
    """How long each self-heal took, from the request until live was as desired, seconds."""
    return [
        (live(one) - one.created_at).total_seconds()
        for one in evidence.deliveries
        if one.trigger is Trigger.SELF_HEAL and one.phase is Phase.SUCCEEDED
    ]
