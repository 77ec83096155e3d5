"""What became of each change of an experiment in each twin, out of the ledger and of what the experiment itself noted.

A change is out once it, or a newer one that contains it, is live and healthy: who counts only those that went live by
themselves leaves out the changes that a slow way passes over. It counts from the moment at which the repository showed
it, by the clock of the machine that the experiment ran on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from app.comparison.delivery_facts import DeliveryFact
from app.comparison.evidence import MODES, deployed
from app.comparison.timing.clock_chain import live
from app.domain.experiments.experiment import Experiment, StepRecord
from app.domain.experiments.experiment_parameters import FaultKind
from app.domain.experiments.experiment_plan import Step, StepKind
from app.domain.operation import Phase
from app.domain.state.drift import Episode


class Fate(StrEnum):
    """What became of a change in a twin."""

    DEPLOYED = "live by itself"
    UNHEALTHY = "live, not healthy"
    PASSED = "passed over"
    MISSING = "not out"


@dataclass(frozen=True, slots=True)
class ChangeSide:
    """A change in one twin. `out_s`: seconds until it was out, None where it never was; `operation`: that brought it,
    or the newer one."""

    fate: Fate
    out_s: float | None
    operation: str = ""


@dataclass(frozen=True, slots=True)
class TwinChange:
    """A change both ways. `flaw`: the fault that lies in it; `during`: faults that went on, or still held others up,
    while it was on its way; `interrupted`: the experiment stood still meanwhile, so that its times tell nothing."""

    number: int
    revision: str
    visible_at: datetime
    flaw: FaultKind | None
    during: tuple[FaultKind, ...]
    sides: Mapping[str, ChangeSide]
    interrupted: bool

    @property
    def paired(self) -> bool:
        """Whether both twins had it, so that the two ways can be compared by it."""
        out = all(side.out_s is not None for side in self.sides.values())
        return out and not self.interrupted and self.flaw is not FaultKind.BAD_COMMIT

    @property
    def undisturbed(self) -> bool:
        """Whether nothing went wrong while it was on its way."""
        return self.flaw is None and not self.during


@dataclass(frozen=True, slots=True)
class Span:
    """A fault, from when to when. `counts`: {mode: {what: requests}} meanwhile."""

    kind: FaultKind
    begin: datetime
    end: datetime | None
    counts: Mapping[str, Mapping[str, int]]
    changes: tuple[int, ...] = ()

    def until(self, end: datetime | None) -> Span:
        """The same fault, with what it still does after its end."""
        return self if self.end is None or end is None else replace(self, end=max(self.end, end))

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether it went on at some time between two moments."""
        return self.begin < end and (self.end is None or self.end > start)


@dataclass(frozen=True)
class TwinEvidence:
    """Everything that is known about an experiment. `deliveries`, `episodes`: by mode, of its twins alone."""

    experiment: Experiment
    steps: tuple[Step, ...]
    records: Mapping[int, StepRecord]
    deliveries: Mapping[str, tuple[DeliveryFact, ...]]
    episodes: Mapping[str, tuple[Episode, ...]]
    now: datetime

    def done(self, kind: StepKind) -> Iterable[tuple[Step, StepRecord]]:
        """The steps of a kind that were done."""
        return ((step, self.records[step.number]) for step in self.steps
                if step.kind is kind and step.number in self.records)  # fmt: skip

    @cached_property
    def changes(self) -> tuple[TwinChange, ...]:
        """The changes that were made, oldest first."""
        made = list(self.done(StepKind.COMMIT))
        revisions = [str(record.data["revision"]) for _, record in made]
        ways = {mode: _ways(revisions, self.deliveries[mode]) for mode in MODES}
        journeys = []
        for place, (step, record) in enumerate(made):
            visible = datetime.fromisoformat(record.data["visible_at"])
            journeys.append(_Journey(step, visible, {mode: ways[mode][place].since(visible) for mode in MODES}))
        effects = [one.until(_held_up(one, journeys)) for one in self.spans]
        return tuple(self._change(*pair, effects) for pair in zip(journeys, revisions, strict=True))

    def _change(self, one: _Journey, revision: str, effects: Sequence[Span]) -> TwinChange:
        during = tuple(span.kind for span in effects if span.meets(one.visible, one.end))
        stood = any(start < one.end and (till or self.now) > one.visible for start, till in self.interruptions)
        return TwinChange(one.step.commit, revision, one.visible, one.step.fault, during, one.sides, stood)

    @property
    def interruptions(self) -> tuple[tuple[datetime, datetime | None], ...]:
        """When the experiment stood still."""
        return self.experiment.progress.interruptions

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The faults that lasted, in the order in which they began."""
        open_: dict[FaultKind, StepRecord] = {}
        found: list[Span] = []
        for step in self.steps:
            record = self.records.get(step.number)
            if record is None or step.fault is None:
                continue
            if step.kind is StepKind.BEGIN:
                open_[step.fault] = record
            elif step.kind is StepKind.END:
                begun = open_.pop(step.fault)
                found.append(Span(step.fault, begun.at, record.at, _between(begun, record)))
        found += [Span(kind, record.at, None, {}) for kind, record in open_.items()]
        return tuple(sorted(found, key=lambda one: one.begin))


@dataclass(frozen=True, slots=True)
class _Journey:
    """A change from where it was visible to where both twins had it, `end`."""

    step: Step
    visible: datetime
    sides: Mapping[str, ChangeSide]

    @property
    def end(self) -> datetime:
        last = max((side.out_s for side in self.sides.values() if side.out_s is not None), default=0.0)
        return self.visible + timedelta(seconds=last)


def _held_up(span: Span, journeys: Iterable[_Journey]) -> datetime | None:
    """When the last change that was on its way during a fault was out: until then those behind it wait with it."""
    return max((one.end for one in journeys if span.meets(one.visible, one.end)), default=None)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a change came into a twin: `at` it was out, by an operation; `fate` as in ChangeSide."""

    fate: Fate
    at: datetime | None
    operation: str

    def since(self, visible: datetime) -> ChangeSide:
        out = max(0.0, (self.at - visible).total_seconds()) if self.at else None
        return ChangeSide(self.fate, out, self.operation)


def _ways(revisions: list[str], facts: tuple[DeliveryFact, ...]) -> list[_Way]:
    """The way of each change, oldest first; a newer one contains those before it."""
    own: dict[str, DeliveryFact] = {}
    unwell: dict[str, DeliveryFact] = {}
    for fact in facts:
        if deployed(fact):
            own.setdefault(str(fact.revision), fact)
        elif fact.phase is Phase.FAILED and fact.applied_at and fact.revision:
            unwell.setdefault(fact.revision, fact)
    first: DeliveryFact | None = None
    found: list[_Way] = []
    for revision in reversed(revisions):
        mine = own.get(revision)
        if mine is not None and (first is None or live(mine) <= live(first)):
            first = mine
        fate = (
            Fate.DEPLOYED if mine else Fate.UNHEALTHY if revision in unwell else Fate.PASSED if first else Fate.MISSING
        )
        told = unwell.get(revision) or first
        found.append(_Way(fate, live(first) if first else None, told.operation if told else ""))
    return found[::-1]


def _without(newer: DeliveryFact | None) -> Fate:
    """The fate of a change that never went live."""
    return Fate.PASSED if newer else Fate.MISSING


def _between(begun: StepRecord, ended: StepRecord) -> dict[str, dict[str, int]]:
    """The requests between two records."""
    before, after = begun.data.get("requests", {}), ended.data.get("requests", {})
    return {
        mode: {what: count - before.get(mode, {}).get(what, 0) for what, count in counts.items()}
        for mode, counts in after.items()
    }
