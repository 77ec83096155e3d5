"""Ticks: APScheduler says when, the database says what. Nothing here holds a truth."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor as Pool
from apscheduler.schedulers.background import BackgroundScheduler

from app.domain.actor import SCHEDULE
from app.domain.environment import RunsOn
from app.domain.operation import OperationKind, Request, Trigger
from app.processes import clear_up, end_children_with
from app.services.use_cases import UseCases

REFRESH_BATCH = 50
JITTER = 0.1  # of the interval, so that many sources are not asked in the same instant
log = logging.getLogger("scheduler")


class Scheduler:
    """One poll job per repository, however many environments use it; one tick each for refreshes, holds, deliveries."""

    def __init__(self, use_cases: UseCases, *, calm: bool = False) -> None:
        """`calm`: look less often whether something is due, for a process that is to be hardly noticed."""
        self._use_cases, self._pace = use_cases, 5.0 if calm else 1.0
        self._turn = threading.Lock()
        executors = {"default": Pool(4), "polls": Pool(8)}
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(executors=executors, job_defaults=defaults, timezone="UTC")
        self._polls: dict[str, tuple[str, str | None, int]] = {}

    def start(self) -> None:
        """Start ticking."""
        ticks: tuple[tuple[str, Callable[[], object], float], ...] = (
            ("polls", self.arrange_polls, 2.0 * self._pace),
            ("refreshes", self.refresh_due, 1.0),
            ("holds", self._use_cases.holds.expire, self._pace),
            *self._servers(),
            ("lost", self.recover, 15.0),
        )
        self.arrange_polls()
        for name, call, seconds in ticks:
            self._scheduler.add_job(_guarded(name, call), "interval", seconds=seconds, id=f"tick-{name}")
        self._scheduler.start()

    def _servers(self) -> tuple[tuple[str, Callable[[], object], float], ...]:
        """What only a server has: webhooks, and agents."""
        use_cases = self._use_cases
        if use_cases.ports.here is not RunsOn.SERVER:
            return ()
        return (
            ("deliveries", use_cases.webhooks.handle_due, 1.0),
            ("commands", use_cases.agents.commands.expire, 5.0),
            ("agents", use_cases.agents.watch.look, 5.0),
        )

    def add(self, name: str, call: Callable[[], object], seconds: float) -> None:
        """Another tick, e.g. retention or checkpoints."""
        self._scheduler.add_job(_guarded(name, call), "interval", seconds=seconds, id=f"tick-{name}")

    def nudge(self, repo_url: str, credential: str | None) -> None:
        """Bring a poll forward, as soon as a thread is free."""
        self.arrange_polls()
        if _job(repo_url, credential) in self._polls and self._scheduler.running:
            self._scheduler.modify_job(_job(repo_url, credential), next_run_time=datetime.now(UTC))

    @property
    def running(self) -> bool:
        """Whether it ticks."""
        return bool(self._scheduler.running)

    def stop(self) -> None:
        """Stop ticking; what runs ends by itself."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def arrange_polls(self) -> None:
        """Make the poll jobs fit the registry: one per repository, at the shortest interval that is asked for."""
        with self._turn:
            self._arrange()

    def _arrange(self) -> None:
        with self._use_cases.ports.store.read() as tx:
            wanted = {_job(url, credential): (url, credential, interval)
                      for (url, credential), interval in tx.environments.repositories().items()}  # fmt: skip
        for id in self._polls.keys() - wanted.keys():
            self._scheduler.remove_job(id)
        for id, (url, credential, interval) in wanted.items():
            if self._polls.get(id) != (url, credential, interval):
                self._scheduler.add_job(
                    _guarded("poll", partial(self._use_cases.poller.poll, url, credential)),
                    "interval", seconds=interval, jitter=interval * JITTER, id=id,
                    executor="polls", replace_existing=True,
                )  # fmt: skip
        self._polls = wanted

    def recover(self) -> None:
        """Settle what another process left running, and end what that one had started on this machine."""
        lost = self._use_cases.queue.recover("scheduler")
        if lost:
            clear_up()
            end_children_with("PUSHPULL_OPERATION", [operation.id for operation in lost])

    def refresh_due(self) -> None:
        """Ask for the refreshes whose time has come."""
        ports = self._use_cases.ports
        with ports.store.read() as tx:
            if not tx.environments.due_for_refresh(ports.clock.now(), 1):
                return
        request = Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(SCHEDULE))
        with ports.store.write() as tx:
            for environment in tx.environments.due_for_refresh(ports.clock.now(), REFRESH_BATCH):
                self._use_cases.queue.add(tx, environment, request, SCHEDULE)
        ports.notifier.notify(("work",))


def _job(url: str, credential: str | None) -> str:
    return "poll-" + hashlib.sha256(f"{url}\0{credential or ''}".encode()).hexdigest()[:20]


def _guarded(name: str, call: Callable[[], object]) -> Callable[[], None]:
    """One failing tick is logged and does not stop the others."""

    def run() -> None:
        try:
            call()
        except Exception:
            log.exception("a tick failed", extra={"tick": name})

    return run
