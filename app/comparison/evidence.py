"""What the comparison reads, and the deliveries in it that can be measured."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from app.comparison.delivery_facts import CommitFact, DeliveryFact, PollFact
from app.comparison.result import ModeSwitch, Subject
from app.comparison.setup_parts import PIPELINE_STEP
from app.comparison.timing.clock_chain import HALF, NO_DATE, Delivered, Place, last_looks, live, timed
from app.comparison.window import Window
from app.domain.environment import Environment, Mode
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.state.drift import Episode

MODES = (Mode.PUSH.value, Mode.PULL.value)
STARTS = frozenset({Trigger.PIPELINE, Trigger.WEBHOOK, Trigger.SCHEDULE, Trigger.AGENT})


class Passed(StrEnum):
    """How a commit was passed over for a newer one."""

    QUEUED = "made way in the queue"
    LATE = "came when a newer one was live"
    BETWEEN = "lay between two looks"
    OVERTAKEN = "was noticed, and overtaken before a delivery began"
    UNBROUGHT = "was never brought"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A commit that never went live by itself: something newer took its place. `since`: the commit's time; `live_at`:
    when the newer one was live, None where it is not yet. `why`: how it came to be passed over."""

    commit: CommitFact
    since: datetime
    live_at: datetime | None
    why: str


@dataclass(frozen=True)
class Evidence:
    """Everything known about a window, narrowed by labels. See
    app/ports/storage/comparison_facts.py for the members' meaning; `note`
    says what was left out; `former`: the one of `environments` that is how an environment was before a switch."""

    window: Window
    deliveries: tuple[DeliveryFact, ...] = ()
    episodes: tuple[Episode, ...] = ()
    environments: tuple[Environment, ...] = ()
    former: Environment | None = None
    decisions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    audited: frozenset[str] = frozenset()
    superseded: tuple[CommitFact, ...] = ()
    missed: tuple[CommitFact, ...] = ()
    first_live: Mapping[str, datetime] = field(default_factory=dict)
    polls: tuple[PollFact, ...] = ()
    secrets: Mapping[str, datetime] = field(default_factory=dict)
    switches: Mapping[str, tuple[ModeSwitch, ...]] = field(default_factory=dict)
    webhooks: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    subject: Subject | None = None
    kinds: KindCatalogue = field(default_factory=KindCatalogue)
    step: str = PIPELINE_STEP  # the text that a pipeline needs to start a delivery

    def of(self, mode: str) -> tuple[Environment, ...]:
        """The environments of a mode."""
        return tuple(one for one in self.environments if one.mode.value == mode)

    def ours(self, mode: str) -> tuple[Environment, ...]:
        """Those of a mode that PushPull delivers to itself."""
        return tuple(one for one in self.of(mode) if one.external is None)

    def present(self, mode: str) -> tuple[Environment, ...]:
        """Ours of a mode that exist: without the earlier side of one that is compared with itself."""
        return tuple(one for one in self.ours(mode) if one is not self.former)

    @cached_property
    def finished(self) -> Mapping[str, list[DeliveryFact]]:
        """{mode: finished syncs, oldest first}."""
        syncs: dict[str, list[DeliveryFact]] = {mode: [] for mode in MODES}
        for fact in self.deliveries:
            if fact.phase.final and fact.mode in syncs:
                syncs[fact.mode].append(fact)
        return syncs

    @cached_property
    def delivered(self) -> Mapping[str, list[Delivered]]:
        """{mode: first deliveries, by the time they were live}; what cannot be timed is in `untimed`."""
        return {mode: [one for one in self._first_deliveries if one.fact.mode == mode] for mode in MODES}

    @cached_property
    def untimed(self) -> Mapping[str, Mapping[str, int]]:
        """{mode: {why: revisions that were deployed and of whose lead time nothing is known}}."""
        counts: dict[str, Counter[str]] = {mode: Counter() for mode in MODES}
        for mode, why in self._left_out.values():
            counts[mode][why] += mode in counts
        for one in self._first_deliveries:
            counts[one.fact.mode][NO_DATE] += one.lead is None
        return counts

    @cached_property
    def _left_out(self) -> Mapping[Place, tuple[str, str]]:
        """{place: (mode, why)} of the revisions whose first delivery has no times."""
        return {
            place: (fact.mode, found)
            for place, (fact, found) in self._timed.items()
            if isinstance(found, str) and fact.mode in MODES
        }

    @cached_property
    def _first_deliveries(self) -> list[Delivered]:
        return [found for _, found in self._timed.values() if isinstance(found, Delivered)]

    @cached_property
    def _timed(self) -> Mapping[Place, tuple[DeliveryFact, Delivered | str]]:
        created, bounds, begun = self._created, last_looks(self._deployed), set[str]()
        found: dict[Place, tuple[DeliveryFact, Delivered | str]] = {}
        for fact in self._deployed:
            place = fact.environment, fact.revision or ""
            if place not in found:
                first = None if fact.environment in begun else self.first_live.get(fact.environment)
                begun.add(fact.environment)
                found[place] = fact, timed(fact, bounds[place[1]], created.get(fact.environment), first)
        return found

    @cached_property
    def _created(self) -> Mapping[str, datetime | None]:
        """When each environment was registered; of one that was deleted since, when it was first synced."""
        first: dict[str, datetime | None] = {}
        for fact in sorted(self.deliveries, key=lambda fact: fact.created_at):
            first.setdefault(fact.environment, fact.created_at)
        return {**first, **{one.name: one.created_at for one in self.environments}}

    @cached_property
    def _deployed(self) -> list[DeliveryFact]:
        return sorted((fact for fact in self.deliveries if deployed(fact)), key=live)

    @cached_property
    def skipped(self) -> Mapping[str, list[Skipped]]:
        """{mode: commits that were superseded and never went live by themselves}."""
        times = _times_live(self._first_deliveries)
        live_at = {place: live(fact) for place, (fact, _) in self._timed.items()}
        committed = self._commit_times()
        found: dict[str, dict[Place, Skipped]] = {mode: {} for mode in MODES}
        for fact, why in self._passed_over():
            place = fact.environment, fact.revision
            if fact.mode in found and place not in live_at:
                told = fact.committed_at or committed.get(fact.revision)
                start = min(told + HALF, fact.at) if told and told <= fact.at else fact.at
                newer = live_at.get((fact.environment, fact.by or "")) or _newer(
                    times[fact.environment], start, fact.at, why is Passed.LATE
                )  # fmt: skip
                found[fact.mode].setdefault(place, Skipped(fact, start, newer, why.value))
        return {mode: list(places.values()) for mode, places in found.items()}

    def began(self, environment: Environment) -> datetime:
        """From when on an environment can have been delivered to within the window."""
        return max(self.window.since, self._created.get(environment.name) or self.window.since)

    def _commit_times(self) -> Mapping[str, datetime]:
        facts: Iterable[DeliveryFact | CommitFact] = (*self.deliveries, *self.superseded)
        return {fact.revision: fact.committed_at for fact in facts if fact.revision and fact.committed_at}

    def _passed_over(self) -> Iterable[tuple[CommitFact, Passed]]:
        """Superseded commits, and how each of them came to be."""
        for fact in self.deliveries:
            if fact.phase is Phase.SUPERSEDED and fact.revision:
                at = fact.finished_at or fact.created_at
                told = fact.noticed_at or fact.created_at
                late = fact.fetched_at is not None
                yield CommitFact(
                    fact.environment, fact.mode, fact.revision, at if late else told, fact.committed_at,
                    operation=fact.operation,
                ), Passed.LATE if late else Passed.QUEUED  # fmt: skip
        yield from ((commit, Passed.UNBROUGHT) for commit in self.missed if commit.by)
        yield from ((commit, Passed.OVERTAKEN if commit.seen else Passed.BETWEEN) for commit in self.superseded)


def deployed(fact: DeliveryFact) -> bool:
    """Whether a sync brought a revision live going forward: no rollback, no heal, no no-op."""
    forward = fact.trigger is not Trigger.ROLLBACK and fact.trigger is not Trigger.SELF_HEAL
    return fact.phase is Phase.SUCCEEDED and fact.outcome is Outcome.DEPLOYED and forward and bool(fact.revision)


def _times_live(deliveries: Iterable[Delivered]) -> Mapping[str, list[datetime]]:
    times: dict[str, list[datetime]] = defaultdict(list)
    for one in deliveries:
        times[one.fact.environment].append(one.live_at)
    return times


def _newer(times: list[datetime], start: datetime, at: datetime, late: bool) -> datetime | None:
    """When what superseded a commit was live: the next delivery, or the last before it came late."""
    place = bisect_right(times, at) - 1 if late else bisect_left(times, at)
    return times[place] if 0 <= place < len(times) and times[place] >= start else None
