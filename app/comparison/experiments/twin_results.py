"""From what became of each change to pairs, with the verdicts of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.comparison.delivery_facts import DeliveryFact
from app.comparison.evidence import MODES, deployed
from app.comparison.experiments.twin_evidence import Fate, Span, TwinChange, TwinEvidence
from app.comparison.judgement import pairs
from app.comparison.pairing import BothWays, Pairs
from app.comparison.result import Heading, Pairing
from app.comparison.timing.clock_chain import live
from app.domain.experiments.experiment import Experiment
from app.domain.experiments.experiment_parameters import IN_A_COMMIT, FaultKind
from app.domain.experiments.experiment_plan import StepKind
from app.domain.operation import Phase

NEEDED = 8
_OUT = "Seconds from the moment at which the repository showed a change until it, or a newer one, was live and healthy."
LEAD = Heading(
    "lead", "immediacy", "Visible to out, every change", "Which way has the same change out sooner?", "s", "lower",
    NEEDED, f"{_OUT} Bad commits are left out: they never become healthy.",
)  # fmt: skip
UNDISTURBED = Heading(
    "undisturbed_lead", "immediacy", "Visible to out, where nothing went wrong", "And without any fault?", "s", "lower",
    NEEDED, f"{_OUT} Only changes on whose way no fault lay.",
)  # fmt: skip
FOUND = Heading(
    "drift_found", "drift", "Edit by hand to detected", "Which way notices an edit by hand sooner?", "s", "lower",
    NEEDED, "Seconds from the edit until a comparison of the twin found it, where one did before it was gone.",
)  # fmt: skip
MENDED = Heading(
    "drift_mended", "drift", "Edit by hand to gone", "Which way has an edit by hand mended sooner?", "s", "lower",
    NEEDED, "Seconds from the edit until the file was as Git has it, seen from outside; by healing or by a delivery.",
)  # fmt: skip
RECOVERED = Heading(
    "recovered", "recovery", "Not healthy to healthy", "Which way gets over a bad commit sooner?", "s", "lower",
    NEEDED, "Seconds from a bad commit's going live until a good one was; where it went live both ways.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit by hand, on both targets at once. `found`, `mended`: {mode: seconds}, without those that never were."""

    at: datetime
    found: Mapping[str, float]
    mended: Mapping[str, float]
    episodes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Recovery:
    """A bad commit. `after_s`: {mode: seconds until a good one was live}, without twins that it never reached."""

    number: int
    at: datetime
    after_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Totals:
    """One twin in numbers: of changes by their fate, and of requests that came through and that did not."""

    fates: Mapping[Fate, int]
    git: int
    control: int
    refused: int

    @property
    def per_delivery(self) -> float | None:
        """Requests to Git and the control plane for each change that went live by itself."""
        delivered = self.fates[Fate.DEPLOYED]
        return (self.git + self.control) / delivered if delivered else None


@dataclass(frozen=True, slots=True)
class Results:
    """What an experiment found. `pairings`: in the order of their headings above; `totals`: by mode; `unsent`: {number
    of a change: why its pipeline did not push, or was not heard}."""

    experiment: Experiment
    changes: tuple[TwinChange, ...]
    edits: tuple[Edit, ...]
    recoveries: tuple[Recovery, ...]
    spans: tuple[Span, ...]
    pairings: tuple[Pairing, ...]
    totals: Mapping[str, Totals]
    unsent: Mapping[int, str]

    def pairing(self, key: str) -> Pairing:
        """One pairing by its heading's key. Raises KeyError."""
        return {one.heading.key: one for one in self.pairings}[key]


def results_of(evidence: TwinEvidence) -> Results:
    """Everything that an experiment found so far."""
    changes, edits = evidence.changes, tuple(_edits(evidence))
    recoveries = tuple(_recoveries(evidence))
    compared = [one for one in changes if one.paired]
    calm = [one for one in compared if one.undisturbed]
    pairings = (
        _paired(LEAD, "sooner", ((one.visible_at, _out(one)) for one in compared)),
        _paired(UNDISTURBED, "sooner", ((one.visible_at, _out(one)) for one in calm)),
        _paired(FOUND, "sooner", ((one.at, one.found) for one in edits)),
        _paired(MENDED, "sooner", ((one.at, one.mended) for one in edits)),
        _paired(RECOVERED, "sooner", ((one.at, one.after_s) for one in recoveries)),
    )
    totals = {mode: _totals(evidence, mode) for mode in MODES}
    spans = tuple(sorted((*evidence.spans, *_points(evidence)), key=lambda one: one.begin))
    return Results(evidence.experiment, changes, edits, recoveries, spans, pairings, totals, _unsent(evidence))


def _out(change: TwinChange) -> dict[str, float]:
    return {mode: side.out_s for mode, side in change.sides.items() if side.out_s is not None}


def _paired(heading: Heading, word: str, found: Iterable[tuple[datetime, Mapping[str, float]]]) -> Pairing:
    push, pull = MODES
    both = [
        BothWays(at, {push: sides[push]}, {pull: sides[pull]}) for at, sides in found if push in sides and pull in sides
    ]
    return pairs(heading, word, Pairs(both, lambda *_: True))


def _edits(evidence: TwinEvidence) -> Iterable[Edit]:
    made = list(evidence.done(StepKind.DRIFT))
    for place, (_, record) in enumerate(made):
        at = datetime.fromisoformat(record.data["edited_at"])
        until = made[place + 1][1].at if place + 1 < len(made) else evidence.now + timedelta(days=1)
        edited = [mode for mode in MODES if mode in record.data["edited"]]
        first = {mode: next((one for one in evidence.episodes[mode] if at <= one.detected_at < until), None)
                 for mode in edited}  # fmt: skip
        gone = {mode: datetime.fromisoformat(when) for mode, when in record.data.get("mended", {}).items()}
        yield Edit(
            at,
            {mode: (one.detected_at - at).total_seconds() for mode, one in first.items() if one},
            {mode: (when - at).total_seconds() for mode, when in gone.items()},
            {mode: one.id for mode, one in first.items() if one},
        )


def _recoveries(evidence: TwinEvidence) -> Iterable[Recovery]:
    for change in evidence.changes:
        if change.flaw is FaultKind.BAD_COMMIT:
            after = {mode: _recovered(evidence.deliveries[mode], change.revision) for mode in MODES}
            yield Recovery(change.number, change.visible_at, {mode: s for mode, s in after.items() if s is not None})


def _recovered(facts: Iterable[DeliveryFact], revision: str) -> float | None:
    """Seconds from the moment at which a bad commit was live until a good one was."""
    every = list(facts)
    bad = next(
        (one for one in every if one.revision == revision and one.phase is Phase.FAILED and one.applied_at), None
    )
    if bad is None or bad.applied_at is None:
        return None
    from_ = bad.applied_at
    good = min((live(one) for one in every if deployed(one) and live(one) > from_), default=None)
    return (good - from_).total_seconds() if good else None


def _totals(evidence: TwinEvidence, mode: str) -> Totals:
    fates = {fate: sum(one.sides[mode].fate is fate for one in evidence.changes) for fate in Fate}
    counts = evidence.experiment.progress.requests.get(mode, {})
    return Totals(fates, counts.get("git", 0), counts.get("control", 0), counts.get("refused", 0))


def _points(evidence: TwinEvidence) -> Iterable[Span]:
    """The faults that are a moment: an edit, and those that lie in a commit."""
    for _, record in evidence.done(StepKind.DRIFT):
        yield Span(FaultKind.DRIFT, record.at, record.at, {})
    for step, record in evidence.done(StepKind.COMMIT):
        if step.fault in IN_A_COMMIT and step.fault is not None:
            yield replace(Span(step.fault, record.at, record.at, {}), changes=(step.commit,))


def _unsent(evidence: TwinEvidence) -> dict[int, str]:
    return {
        step.commit: str(record.data.get("why", ""))
        for step, record in evidence.done(StepKind.PUSH)
        if not (record.data.get("sent") and record.data.get("taken"))
    }
