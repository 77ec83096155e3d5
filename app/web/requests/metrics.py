"""Figures for Prometheus. Labels have few values: never names of environments, people or revisions.

Operations, decisions and webhooks are counted from the ledger at each scrape, so that it does not matter which process
did the work; the counters start at zero with the process, as Prometheus expects.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from app.domain.events import Event, EventType
from app.domain.events.operation_events import AnnouncedDecision, Decision, OperationConcluded
from app.domain.identity import SYSTEM
from app.domain.operation import Operation
from app.queries import Queries

FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
SLOW = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
COUNTED = (EventType.OPERATION_FINISHED, EventType.DECISION, EventType.WEBHOOK_RECEIVED, EventType.WEBHOOK_MISSED,
           EventType.DRIFT_DETECTED)  # fmt: skip
BATCH = 500
NONE = "none"


class Metrics:
    """One process's figures, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        self.requests = Histogram(
            "pushpull_http_request_seconds", "Requests by method, route template and status.",
            ("method", "route", "status"), buckets=FAST, registry=registry,
        )  # fmt: skip
        self.streams = Gauge("pushpull_streams", "Open event streams.", registry=registry)
        self.loop_lag = Gauge("pushpull_event_loop_lag_seconds", "Delay of the event loop's last tick.",
                              registry=registry)  # fmt: skip
        self._last: int | None = None
        self._failed: dict[str, int] = {}
        self._turn = threading.Lock()
        self._counters(registry)
        self._gauges(registry)

    def _counters(self, registry: CollectorRegistry) -> None:
        by = ("kind", "mode", "trigger", "outcome")
        self._operations = Counter("pushpull_operations", "Finished operations.", by, registry=registry)
        self._durations = Histogram("pushpull_operation_seconds", "From queued to finished.", by[:3], buckets=SLOW,
                                    registry=registry)  # fmt: skip
        self._decisions = Counter("pushpull_decisions", "Decisions that led to no operation.",
                                  ("mode", "trigger", "outcome"), registry=registry)  # fmt: skip
        self._webhooks = Counter("pushpull_webhooks", "Deliveries taken in, and those that a poll found missing.",
                                 ("state",), registry=registry)  # fmt: skip
        self._drifts = Counter("pushpull_drift_episodes", "Drift episodes that began.", registry=registry)

    def _gauges(self, registry: CollectorRegistry) -> None:
        self._environments = Gauge("pushpull_environments", "Environments by mode, sync status or health.",
                                   ("facet", "value"), registry=registry)  # fmt: skip
        self._polls = Gauge("pushpull_polls_last_hour", "Polls of the last hour.", ("result",), registry=registry)
        self._inbox = Gauge("pushpull_webhooks_last_hour", "Webhook deliveries of the last hour by their state now.",
                            ("state",), registry=registry)  # fmt: skip
        self._queue = Gauge("pushpull_operations_active", "Operations by phase (queue depth, running).", ("phase",),
                            registry=registry)  # fmt: skip

        self._failing = Gauge("pushpull_tick_failing", "Whether what is done again and again fails or hangs now.",
                              ("tick",), registry=registry)  # fmt: skip
        self._failures = Counter("pushpull_tick_failures", "Ticks that failed, by what they do.", ("tick",),
                                 registry=registry)  # fmt: skip

    def start(self, queries: Queries) -> None:
        """Count from here on."""
        self._last = queries.events.last_id(SYSTEM)

    def exposition(self, queries: Queries, failures: Mapping[str, int], troubles: Collection[str]) -> bytes:
        """Everything, in Prometheus' text format. `failures`: how often each tick failed; `troubles`: those that fail
        or hang now."""
        with self._turn:
            for tick in {*failures, *troubles, *self._failed}:
                self._failures.labels(tick).inc(failures.get(tick, 0) - self._failed.get(tick, 0))
                self._failing.labels(tick).set(int(tick in troubles))
            self._failed = dict(failures)
            self._follow(queries)
            self._look(queries)
            return generate_latest(self.registry)

    def _follow(self, queries: Queries) -> None:
        while True:
            if self._last is None:
                self._last = queries.events.last_id(SYSTEM)
            found = queries.figures.since(SYSTEM, self._last, BATCH, COUNTED)
            for event, operation in found:
                self._count(event, operation)
                self._last = event.id
            if len(found) < BATCH:
                return

    def _count(self, event: Event, operation: Operation | None) -> None:
        fact = event.fact
        if isinstance(fact, OperationConcluded):
            kind, mode, trigger = fact.kind or NONE, fact.mode or NONE, fact.trigger or NONE
            self._operations.labels(kind, mode, trigger, fact.outcome or fact.phase or NONE).inc()
            if operation and operation.finished_at:
                took = (operation.finished_at - operation.created_at).total_seconds()
                self._durations.labels(kind, mode, trigger).observe(max(0.0, took))
        elif isinstance(fact, Decision | AnnouncedDecision):
            self._decisions.labels(fact.mode, fact.trigger, fact.outcome).inc()
        elif event.type is EventType.DRIFT_DETECTED:
            self._drifts.inc()
        elif event.type in (EventType.WEBHOOK_MISSED, EventType.WEBHOOK_RECEIVED):
            self._webhooks.labels("missed" if event.type is EventType.WEBHOOK_MISSED else "received").inc()

    def _look(self, queries: Queries) -> None:
        figures = queries.figures.now(SYSTEM)
        tally = figures.tally
        for gauge in (self._environments, self._polls, self._inbox, self._queue):
            gauge.clear()
        for facet, values in (("sync", tally.by_sync), ("health", tally.by_health), ("mode", tally.by_mode)):
            for value, number in values.items():
                self._environments.labels(facet, value).set(number)
        for result, number in figures.polls.items():
            self._polls.labels(result).set(number)
        for state, number in figures.webhooks.items():
            self._inbox.labels(state).set(number)
        for phase in ("queued", "running"):
            self._queue.labels(phase).set(figures.operations.get(phase, 0))
