"""APScheduler says when, the database says what. Nothing here holds a truth."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor as Pool
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from app.domain.actor import SCHEDULE
from app.domain.environment import RunsOn
from app.domain.operation import OperationKind, Request, Trigger
from app.processes import clear_up, end_children_with
from app.scheduler.host_lanes import HostLanes
from app.scheduler.steady_trigger import JumpWatch, SteadyTrigger
from app.scheduler.tick_health import TickHealth
from app.services.triggers.polling import TROUBLED
from app.services.use_cases import UseCases

REFRESH_BATCH = 50
JITTER = 0.1  # of the interval, so that many sources are not asked in the same instant
WATCH_S = 1.0  # how often it is looked whether the wall clock was set
log = logging.getLogger("scheduler")


class Scheduler:
    """One poll job per repository, however many environments use it; one tick each for refreshes, holds, deliveries."""

    def __init__(self, use_cases: UseCases, *, worker: str = "scheduler", calm: bool = False) -> None:
        """`worker`: the name under which this process works on operations, which are never lost while it lives; `calm`:
        look less often whether something is due, for a process that is to be hardly noticed."""
        self._use_cases, self._worker, self._pace = use_cases, worker, 5.0 if calm else 1.0
        self._clock = use_cases.ports.clock
        self._turn, self._stopping = threading.Lock(), threading.Event()
        self._health, self._lanes = TickHealth(self._clock.monotonic), HostLanes()
        executors = {"default": Pool(8), "polls": Pool(40)}  # threads are made as they are needed
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
            self.add(name, call, seconds)
        self._scheduler.start()
        threading.Thread(target=self._watch, name="clock-watch", daemon=True).start()

    def _servers(self) -> tuple[tuple[str, Callable[[], object], float], ...]:
        """What only a server has: webhooks, and agents."""
        use_cases = self._use_cases
        if use_cases.ports.here is not RunsOn.SERVER:
            return ()
        return (
            ("deliveries", use_cases.webhooks.handle_due, 1.0),
            ("commands", use_cases.agents.commands.expire, 5.0),
            ("agents", use_cases.agents.watch.look, 5.0),
            ("request-keys", use_cases.request_keys.sweep, 600.0),
        )

    def add(self, name: str, call: Callable[[], object], seconds: float) -> None:
        """Another tick, e.g. retention or checkpoints."""

        def called() -> None:
            call()

        self._scheduler.add_job(self._health.run, SteadyTrigger(seconds), (name, "", called), id=f"tick-{name}")

    def nudge(self, repo_url: str, credential: str | None) -> None:
        """Bring a poll forward, as soon as a thread is free."""
        self.arrange_polls()
        if _job(repo_url, credential) in self._polls and self._scheduler.running:
            self._scheduler.modify_job(_job(repo_url, credential), next_run_time=datetime.now(UTC))

    @property
    def running(self) -> bool:
        """Whether it ticks."""
        return bool(self._scheduler.running) and not self._health.silent_s()

    def troubles(self) -> Mapping[str, str]:
        """{tick: why it fails, or since when it hangs}."""
        return self._health.troubles()

    def failures(self) -> Mapping[str, int]:
        """{tick: how often it failed since the start}."""
        return self._health.failures

    def stop(self) -> None:
        """Stop ticking; what runs ends by itself."""
        self._stopping.set()
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
            self._health.forget("poll", id)
        for id, (url, credential, interval) in wanted.items():
            if self._polls.get(id) != (url, credential, interval):
                self._scheduler.add_job(
                    partial(self._poll, id, url, credential), SteadyTrigger(interval, interval * JITTER), id=id,
                    executor="polls", replace_existing=True,
                )  # fmt: skip
        self._polls = wanted

    def recover(self) -> None:
        """Settle what another process left running, and end what that one had started on this machine."""
        lost = self._use_cases.queue.recover(self._worker)
        if lost:
            clear_up()
            end_children_with("PUSHPULL_OPERATION", [operation.id for operation in lost])

    def _poll(self, id: str, repo_url: str, credential: str | None) -> None:
        """Poll in the lane of the repository's server; a repository on this machine has one of its own."""

        def call() -> str | None:
            result = self._use_cases.poller.poll_due(repo_url, credential)
            return "the log has the details" if result == TROUBLED else None

        lane = self._use_cases.ports.sources.server(repo_url) or repo_url
        self._lanes.run(lane, id, lambda: self._health.run("poll", id, call))

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

    def _watch(self) -> None:
        """Notice that the wall clock was set, and bring everything forward that would wait for the old time."""
        watch = JumpWatch(self._clock.now().timestamp(), self._clock.monotonic())
        while not self._stopping.wait(WATCH_S):
            step = watch.jumped(self._clock.now().timestamp(), self._clock.monotonic())
            if step:
                log.warning("the wall clock was set", extra={"seconds": round(step, 1)})
                self.realign()

    def realign(self) -> None:
        """Let no job wait longer than its interval from now on."""
        for job in self._scheduler.get_jobs():
            now, seconds = datetime.now(UTC), job.trigger.seconds
            if job.next_run_time and job.next_run_time > now + timedelta(seconds=seconds * (1 + JITTER)):
                try:
                    job.modify(next_run_time=now + timedelta(seconds=min(seconds, 1.0)))
                except JobLookupError:
                    continue  # it went meanwhile


def _job(url: str, credential: str | None) -> str:
    return "poll-" + hashlib.sha256(f"{url}\0{credential or ''}".encode()).hexdigest()[:20]
