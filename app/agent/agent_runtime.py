"""Composition root of the agent: the server's use cases over a store of its own, and the link to the control plane."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.agent.agent_identity import IdentityFile
from app.agent.agent_settings import AgentSettings
from app.agent.clocks import BootClock, Offset
from app.agent.link import AgentWork, Link
from app.agent.session import ControlPlaneSession, SessionState, noted
from app.checks import LocalChecks
from app.desired import DesiredStateRegistry
from app.domain.environment import Environment, RunsOn
from app.domain.errors import InvalidInput, NotPermitted, TargetRefused
from app.notifications import InProcessNotifier, SystemClock
from app.ports import Ports, Target, Targets
from app.scheduler import Scheduler
from app.services.agent_side.assignments import Assignments
from app.services.agent_side.command_executor import CommandExecutor
from app.services.use_cases import UseCases, wire_use_cases
from app.sources import GitSources
from app.store import Secrets
from app.store.agent_side.outbox_store import ReportingStore, Seen, open_agent_store
from app.targets.target_registry import TargetRegistry
from app.worker import Workers

GRACE_S = 2.0
LOCK, LOCK_S = "agent.lock", 0.5
log = logging.getLogger("agent")


class Nobody:
    """Implements the ports Hasher and Signing: nobody logs in to an agent, and its log is sealed where it is told."""

    public_key = ""

    def hash(self, password: str) -> str:
        raise NotPermitted("Nobody logs in to an agent.")

    def verify(self, *_: object) -> bool:
        return False

    def sign(self, message: bytes) -> str:
        raise NotPermitted("An agent signs nothing.")

    def vouch(self, public_key: str) -> str:
        return ""


class OwnTargets(TargetRegistry):
    """The registry of targets limited to those that this machine's administrator allows."""

    def open(self, environment: Environment, check: Callable[[], None] = lambda: None) -> Target:
        try:
            options = self.check(environment.target.kind, environment.target.options)
        except InvalidInput as problem:
            why = "; ".join(f"{name.removeprefix('target.')}: {text}" for name, text in problem.fields.items())
            raise TargetRefused(f"This agent does not accept the target: {why or problem.detail}") from None
        return super().open(replace(environment, target=replace(environment.target, options=options)), check)


@dataclass(frozen=True, slots=True)
class AgentAdapters:
    """The use cases over the agent's store, for commands on its machine; no thread runs."""

    settings: AgentSettings
    store: ReportingStore
    use_cases: UseCases
    bus: InProcessNotifier
    clock: BootClock


def private_folder(settings: AgentSettings) -> None:
    """Make the data directory, readable by its owner only, as is all that comes into it."""
    os.umask(0o077)
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def parts(settings: AgentSettings, seen: Seen = lambda events: None) -> AgentAdapters:
    """The use cases over the agent's store, which is at this program's version already. `seen`: gets what happens."""
    bus, instant, clock = InProcessNotifier(), BootClock(), SystemClock()
    key = settings.folder / "secret.key"
    store = open_agent_store(settings.database, key, instant, lambda: bus.notify(("outbox",)), seen)
    sources = GitSources(settings.folder, settings.sources, Secrets(store, clock))
    targets: Targets = OwnTargets(settings.folder, settings.targets)
    ports = Ports(
        store=store,
        sources=sources,
        desired=DesiredStateRegistry(sources, targets),
        targets=targets,
        checks=LocalChecks(settings.commands),
        notifier=bus,
        clock=clock,
        here=RunsOn.AGENT,
    )
    return AgentAdapters(settings, store, wire_use_cases(ports, Nobody(), Nobody()), bus, instant)


class AgentRuntime:
    """One running agent. Its work and its link do not wait for each other."""

    def __init__(self, made: AgentAdapters, identity: IdentityFile) -> None:
        self._made = made
        self._turn = threading.Lock()
        self._working: tuple[Workers, Scheduler] | None = None
        self._ended = False
        ports, store = made.use_cases.ports, made.store
        offset = Offset(made.clock)
        self.contact = ControlPlaneSession(identity, store, ports.clock, self._changed)
        executor = CommandExecutor(made.use_cases, store, self.poll, offset.corrected)
        self._assignments = Assignments(ports, store)
        work = AgentWork(self._assignments, executor, self.poll)
        self._link = Link(identity, store, self.contact, made.bus, offset, work, made.clock.seconds)

    def start(self) -> None:
        """Start the work on the stored environments, and the link to the control plane."""
        standing, heard, _ = noted(self._made.store)
        if standing is SessionState.REVOKED:
            log.critical("this agent was revoked: it delivers nothing until it is wanted again")
        else:
            repositories = self._assignments.try_again()
            self._work()
            for repo_url, credential in repositories:
                self.poll(repo_url, credential)
        details = {"reports": self._size(), "heard_at": heard.isoformat() if heard else None}
        log.info("agent started", extra=details)
        self._link.start()

    def _size(self) -> int:
        with self._made.store.read() as tx:
            return tx.outbox.size()

    def _changed(self, standing: SessionState) -> None:
        """Stop the work of a revoked agent, which has no authority any more; no other state stops it."""
        if standing is SessionState.REVOKED:
            self._rest(GRACE_S)
        elif standing is SessionState.CONNECTED:
            self._work()

    def _work(self) -> None:
        with self._turn:
            if self._working or self._ended:
                return
            workers = Workers(self._made.use_cases, self._made.bus, self._made.settings.workers, shared=False)
            self._working = workers, Scheduler(self._made.use_cases, worker=workers.name, calm=True)
            for part in self._working:
                part.start()

    def _rest(self, timeout_s: float) -> None:
        with self._turn:
            working, self._working = self._working, None
        if working:
            working[1].stop()
            working[0].stop(timeout_s)

    def poll(self, repo_url: str, credential: str | None) -> None:
        """Poll a repository now."""
        with self._turn:
            working = self._working
        if working:
            working[1].nudge(repo_url, credential)

    def stop(self) -> None:
        """Stop within five seconds; what is still running then is settled at the next start."""
        self._ended = True
        self._link.quit()
        self._rest(GRACE_S)
        self._link.stop(GRACE_S / 2)
        self._made.bus.close()


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Hold the agent's lock; False where another process works over this directory."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        free = _locked(descriptor)
        if not free:
            time.sleep(LOCK_S)  # somebody may only have looked whether it is held
            free = _locked(descriptor)
        yield free
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
