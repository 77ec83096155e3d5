"""The comparison of push and pull, from stored facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.comparison import (
    CellEvidence,
    Comparison,
    Evidence,
    EvidenceRow,
    Question,
    RawRow,
    Window,
    compare_modes,
    exported,
    listed_as,
    parse_labels,
    parse_window,
    rows_of,
)
from app.comparison.before_and_after import marks, sides, subject
from app.comparison.result import ModeSwitch
from app.comparison.setup_parts import PIPELINE_STEP
from app.domain.environment import Environment
from app.domain.errors import NotFound
from app.domain.events import Event, EventType
from app.domain.experiments.experiment import LABEL
from app.domain.identity import Identity
from app.domain.specification.kind_catalogue import KindCatalogue
from app.ports import Clock, ComparisonFacts, Store, Transaction
from app.queries.visibility import visible_environment

LIMIT = 10_000  # syncs: more say little more, and a page would wait for them
CHANGES = 500  # of one environment's specification, among which its switches are looked for


class ComparisonQueries:
    """Reads the facts of a window in one transaction and compares the modes after it.

    `kinds`: what a target needs, by its kind; `step`: the text that a pipeline needs to start a delivery, whose lines
    count as configuration. A window that holds more than `limit` syncs is cut to the newest ones, and the comparison
    says so.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        kinds: KindCatalogue,
        step: str = PIPELINE_STEP,
        limit: int = LIMIT,
    ) -> None:
        self._store = store
        self._clock = clock
        self._kinds = kinds
        self._step = step
        self._limit = limit

    def compare(
        self,
        identity: Identity,
        window: str = "",
        labels: str = "",
        environment: str = "",
        until: datetime | None = None,
    ) -> Comparison:
        """Compare in a window ("24h", "7d", "30d", "90d", "all"; "" means "30d") that ends now or at an earlier `until`
        and, with labels ("team=web,tier=1"), among the environments that carry them all; with an environment's name,
        that one before and after it was switched. Raises InvalidInput (fields "window", "labels"),
        EnvironmentNotFound."""
        return compare_modes(self.evidence(identity, Question(window, labels, environment, until)))

    def exported(
        self,
        identity: Identity,
        window: str = "",
        labels: str = "",
        environment: str = "",
        until: datetime | None = None,
    ) -> tuple[Comparison, Iterator[RawRow]]:
        """As `compare`, with the raw rows from which each of its figures can be computed again."""
        return exported(self.evidence(identity, Question(window, labels, environment, until)))

    def behind(self, identity: Identity, asked: Question, measure: str, mode: str) -> CellEvidence:
        """What one cell counted, newest first; of a share, what its figure counts before the rest. The cell is that of
        `mode` in the row with the key `measure`. Asked with the `until` of a comparison, it is what that comparison
        counted. Raises as `compare` does, and NotFound."""
        evidence = self.evidence(identity, asked)
        row = next((row for row in rows_of(evidence) if row.heading.key == measure), None)
        cell = next((cell for cell in row.cells if cell.mode == mode), None) if row else None
        if row is None or cell is None:
            raise NotFound("There is no such figure in the comparison.")
        rows = sorted((listed_as(case) for case in cell.cases), key=_newest_first)
        if row.heading.unit == "share":
            rows.sort(key=lambda one: -one.value)  # what the figure counts, before the rest
        return CellEvidence(row.heading, cell, evidence.window.since, evidence.window.until, tuple(rows))

    def evidence(self, identity: Identity, asked: Question) -> Evidence:
        """All that is known of what is asked about. Raises as `compare` does."""
        now = self._clock.now()
        span, wanted = parse_window(asked.window, min(now, asked.until or now)), parse_labels(asked.labels)
        with self._store.read() as tx:
            one = visible_environment(tx, identity, asked.environment) if asked.environment else None
            facts = tx.facts.within(one.id) if one else _own(tx, wanted)
            span, note = self._cut(facts, span, wanted)
            narrowed = span.since, span.until, wanted
            evidence = Evidence(
                window=span,
                labels=wanted,
                note=note,
                kinds=self._kinds,
                step=self._step,
                deliveries=facts.deliveries(*narrowed),
                episodes=facts.episodes(*narrowed),
                environments=_until(facts.environments(wanted), span),
                decisions=facts.decisions(*narrowed),
                audited=facts.audited(*narrowed),
                superseded=facts.superseded(*narrowed),
                missed=facts.missed(*narrowed),
                first_live={name: at for name, at in facts.first_live(wanted).items() if at <= span.until},
                polls=facts.polls(span.since, span.until),
                secrets=facts.secrets(),
                webhooks=facts.webhooks(span.since, span.until),
            )
            changes = _changes(tx, one)
        told = _against_itself(evidence, one, changes) if one else evidence
        return replace(told, switches=_switches(changes))

    def _cut(self, facts: ComparisonFacts, span: Window, labels: Mapping[str, str]) -> tuple[Window, str]:
        start = facts.start(span.since, span.until, labels, self._limit)
        if start <= span.since:
            return span, ""
        note = f"Only the newest {self._limit:,} syncs are compared, from {start:%Y-%m-%d %H:%M} UTC on."
        return replace(span, since=start), note


def _own(tx: Transaction, labels: Mapping[str, str]) -> ComparisonFacts:
    """The facts without those of experiments' twins, whose commits and faults are nobody's own, unless a label asks for
    an experiment."""
    twins = frozenset[int]() if LABEL in labels else tx.experiments.twins()
    return tx.facts.without(twins) if twins else tx.facts


def _until(environments: Sequence[Environment], span: Window) -> tuple[Environment, ...]:
    return tuple(one for one in environments if one.created_at is None or one.created_at <= span.until)


def _newest_first(row: EvidenceRow) -> tuple[bool, float, str]:
    return row.at is None, -row.at.timestamp() if row.at else 0.0, row.id


def _changes(tx: Transaction, environment: Environment | None) -> tuple[Event, ...]:
    """The latest events of switches, and of one environment's edits, which told of them once."""
    types = [EventType.ENVIRONMENT_SWITCHED, *([EventType.ENVIRONMENT_EDITED] if environment else [])]
    of = environment.id if environment else None
    return tx.ledger.page(limit=CHANGES, environment_id=of, types=types, newest_first=True)


def _switches(changes: Sequence[Event]) -> Mapping[str, tuple[ModeSwitch, ...]]:
    """{environment: its switches, oldest first}."""
    told: dict[str, list[Event]] = defaultdict(list)
    for event in changes:
        told[event.environment or ""].append(event)
    return {name: marks(events) for name, events in told.items()}


def _against_itself(evidence: Evidence, environment: Environment, changes: Sequence[Event]) -> Evidence:
    counts = {mode: len(facts) for mode, facts in evidence.finished.items()}
    told = subject(environment, marks(changes), evidence.window, counts)
    both, former = sides(environment, changes) if evidence.environments else ((), None)
    return replace(evidence, environments=both, former=former, subject=told)
