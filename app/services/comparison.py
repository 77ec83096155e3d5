"""Push against pull, from the store."""

from __future__ import annotations

from app.domain.comparison import Comparison, Evidence, compare_modes, parse_labels, parse_window
from app.domain.comparison.parts import PIPELINE_STEP
from app.ports import Clock, Store


class Comparisons:
    """Reads the facts of a window in one transaction and compares the modes after it.

    `step`: the text that a pipeline needs to start a delivery; its lines count as configuration.
    """

    def __init__(self, store: Store, clock: Clock, step: str = PIPELINE_STEP) -> None:
        self._store = store
        self._clock = clock
        self._step = step

    def compare(self, window: str = "", labels: str = "") -> Comparison:
        """Compare in a window ("24h", "7d", "30d", "90d", "all"; "" means "30d") and, with labels ("team=web,tier=1"),
        among the environments that carry them all. Raises InvalidInput (fields "window", "labels")."""
        return compare_modes(self._evidence(window, labels), self._step)

    def _evidence(self, window: str, labels: str) -> Evidence:
        span, wanted = parse_window(window, self._clock.now()), parse_labels(labels)
        narrowed = span.since, span.until, wanted
        with self._store.read() as tx:
            facts = tx.facts
            return Evidence(
                window=span,
                labels=wanted,
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
