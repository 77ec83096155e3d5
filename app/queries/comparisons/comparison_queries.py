"""The comparison of push and pull, from stored facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.comparison import Comparison, Evidence, Window, compare_modes, parse_labels, parse_window
from app.comparison.before_and_after import marks, sides, subject
from app.comparison.setup_parts import PIPELINE_STEP
from app.domain.environment import Environment
from app.domain.events import Event, EventType
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

    def compare(self, identity: Identity, window: str = "", labels: str = "", environment: str = "") -> Comparison:
        """Compare in a window ("24h", "7d", "30d", "90d", "all"; "" means "30d") and, with labels ("team=web,tier=1"),
        among the environments that carry them all; with an environment's name, that one before and after it was
        switched. Raises InvalidInput (fields "window", "labels"), EnvironmentNotFound."""
        return compare_modes(self._evidence(identity, window, labels, environment))

    def _evidence(self, identity: Identity, window: str, labels: str, environment: str) -> Evidence:
        span, wanted = parse_window(window, self._clock.now()), parse_labels(labels)
        with self._store.read() as tx:
            one = visible_environment(tx, identity, environment) if environment else None
            facts = tx.facts.within(one.id) if one else tx.facts
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
                environments=facts.environments(wanted),
                decisions=facts.decisions(*narrowed),
                audited=facts.audited(*narrowed),
                superseded=facts.superseded(*narrowed),
                missed=facts.missed(*narrowed),
                first_live=facts.first_live(wanted),
                polls=facts.polls(span.since),
                webhooks=facts.webhooks(span.since, span.until),
            )
            changes = _changes(tx, one) if one else ()
        return _against_itself(evidence, one, changes) if one else evidence

    def _cut(self, facts: ComparisonFacts, span: Window, labels: Mapping[str, str]) -> tuple[Window, str]:
        start = facts.start(span.since, span.until, labels, self._limit)
        if start <= span.since:
            return span, ""
        note = f"Only the newest {self._limit:,} syncs are compared, from {start:%Y-%m-%d %H:%M} UTC on."
        return replace(span, since=start), note


def _changes(tx: Transaction, environment: Environment) -> tuple[Event, ...]:
    """The latest events of switches and edits."""
    types = (EventType.ENVIRONMENT_SWITCHED, EventType.ENVIRONMENT_EDITED)
    return tx.ledger.page(limit=CHANGES, environment_id=environment.id, types=types, newest_first=True)


def _against_itself(evidence: Evidence, environment: Environment, changes: Sequence[Event]) -> Evidence:
    counts = {mode: len(facts) for mode, facts in evidence.finished.items()}
    told = subject(environment, marks(changes), evidence.window, counts)
    both, former = sides(environment, changes) if evidence.environments else ((), None)
    return replace(evidence, environments=both, former=former, subject=told)
