"""The clock chain of one delivery: committed, visible on the remote, noticed, …, live, and what of it can be believed.

Git keeps commit times to the second, so a commit was made within the second that its time names, on average in its
middle: that is taken for its time, so that figures from the commit on are too long as often as they are too short.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.comparison.delivery_facts import CommitFact, DeliveryFact

HALF = timedelta(seconds=0.5)
RESOLUTION_S = HALF.total_seconds()
AT_MOST_APART = timedelta(seconds=1)  # of a delivery's end and its place in the history, by two reports of an agent
NO_DATE, FIRST, OLDER = "date unknown", "first delivery", "older than the environment"

ORIGIN = (
    "A commit can be noticed from its commit time on, or from the last look at the repository that did not show it, "
    "whichever is later and whoever looked, the same for all environments that got the commit; where a provider's "
    "webhook says when it was pushed, and that can be, from then on. Git keeps commit times to the second: its middle "
    "counts, so a single value is good to half a second, and their middle to less."
)

Place = tuple[str, str]  # (environment, revision)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A revision's first way into an environment. `visible_at` is the earliest moment at which it could be noticed.

    `lead`: seconds from the commit until it was live; `visible_to_live` from `visible_at` on; `noticing` from
    `visible_at` until it was noticed. None where that is not known.
    """

    fact: DeliveryFact
    revision: str
    committed_at: datetime | None
    visible_at: datetime | None
    noticed_at: datetime
    live_at: datetime

    @property
    def place(self) -> Place:
        """Where it went."""
        return self.fact.environment, self.revision

    @property
    def lead(self) -> float | None:
        """Seconds from the commit until it was live."""
        return _between(self.committed_at, self.live_at)

    @property
    def visible_to_live(self) -> float | None:
        """Seconds from the moment at which it could be seen until it was live."""
        return _between(self.visible_at, self.live_at)

    @property
    def noticing(self) -> float | None:
        """Seconds from the moment at which it could be seen until it was noticed."""
        return _between(self.visible_at, self.noticed_at)


def live(fact: DeliveryFact) -> datetime:
    """When the revision was live and, where that is checked, healthy."""
    return fact.healthy_at or fact.applied_at or fact.finished_at or fact.created_at


def timed(
    fact: DeliveryFact, bound: datetime | None, created_at: datetime | None, first_live: datetime | None
) -> Delivered | str:
    """A delivery with its times, or why it has none: it is the environment's first, which brings what was there before,
    or older than the environment. `bound`: the last look that did not show the commit."""
    noticed = fact.noticed_at or fact.created_at
    committed = commit_time(fact.committed_at, noticed)
    if first_live and (fact.finished_at or live(fact)) <= first_live + AT_MOST_APART:
        return FIRST
    if committed and fact.committed_at and created_at and fact.committed_at < created_at:
        return OLDER
    visible = _visible(fact.pushed_at, committed, bound, noticed)
    return Delivered(fact, fact.revision or "", committed, visible, noticed, live(fact))


def commit_time(told: datetime | None, noticed: datetime) -> datetime | None:
    """The middle of the second in which a commit was made, but not later than it was noticed; None where it tells no
    time, or one from the future."""
    return None if told is None or told > noticed else min(told + HALF, noticed)


def visible_from(commit: CommitFact) -> datetime | None:
    """When a commit without a delivery could be seen first; None where that is not known."""
    noticed = commit.noticed_at or commit.at
    committed = commit_time(commit.committed_at, noticed)
    return _visible(commit.pushed_at, committed, commit.visible_after, noticed)


def _visible(
    pushed: datetime | None, committed: datetime | None, bound: datetime | None, noticed: datetime
) -> datetime | None:
    """When a commit could be seen first: when the provider says that it was pushed, if that can be; otherwise when it
    was made, or at the last look that did not show it, whichever is later. Without a commit time, half-way between the
    look that did not show it and the one that did."""
    if pushed:
        pushed = pushed if pushed.microsecond else pushed + HALF
        if (bound or pushed) <= pushed <= noticed and (committed or pushed) <= pushed + HALF:
            return pushed
    if committed:
        return min(noticed, max(committed, bound or committed))
    return bound + (noticed - bound) / 2 if bound else None


def last_looks(facts: Iterable[DeliveryFact]) -> Mapping[str, datetime | None]:
    """{revision: the last moment at which anybody looked and did not see it, before anybody did}.

    Shared by all environments that got the revision, so that no mode is measured from a later start.
    """
    told: dict[str, list[DeliveryFact]] = defaultdict(list)
    for fact in facts:
        told[fact.revision or ""].append(fact)
    return {revision: _last_look(of) for revision, of in told.items()}


def _last_look(facts: Iterable[DeliveryFact]) -> datetime | None:
    first = min(fact.noticed_at or fact.created_at for fact in facts)
    looks = [fact.visible_after for fact in facts if fact.visible_after and fact.visible_after <= first]
    return max(looks, default=None)


def _between(start: datetime | None, end: datetime) -> float | None:
    return (end - start).total_seconds() if start else None
