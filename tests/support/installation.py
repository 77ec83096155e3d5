"""A whole installation without the web: real Git, real store, real directories, a clock that the test moves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from argon2 import PasswordHasher

from app.checks import LocalChecks
from app.crypto import Passwords, Signer, public_half
from app.desired import DesiredStateRegistry
from app.domain.actor import Actor, token, user
from app.domain.environment import Environment
from app.domain.events import Event, EventType
from app.domain.operation import Operation, OperationKind, Request, Trigger
from app.notifications import InProcessNotifier
from app.ports import Ports
from app.queries import wire_queries
from app.services.use_cases import UseCases, wire_use_cases
from app.sources import GitSources
from app.store import AnchorFile, HeadFile, open_store, upgrade
from app.targets.kind_of_target import KindOfTarget
from app.targets.target_dependencies import TargetDependencies
from app.targets.target_registry import KINDS, TargetRegistry
from tests.support.repo import GitRepo

ME = user("kim", "127.0.0.1")
PIPELINE = token("ci", "127.0.0.2")


@dataclass
class FakeClock:
    """Implements the port Clock; time moves only when told, and the wall clock can be set."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    slept: float = 0.0
    set_s: float = 0.0

    def now(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp() - self.set_s

    def set_by(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        self.at += timedelta(seconds=seconds)
        self.set_s += seconds

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@cache
def _new_database() -> bytes:
    """A new SQLite database of the newest version, made once in a process: that takes as long as a test."""
    with TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/new.db", Path(folder) / "secret.key")
        upgrade(store.engine)
        store.close()
        return Path(folder, "new.db").read_bytes()


class Installation:
    """One installation in a folder."""

    def __init__(
        self,
        folder: Path,
        database_url: str,
        kinds: Sequence[Callable[[TargetDependencies], KindOfTarget]] = KINDS,
    ) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.data, self.servers = folder / "data", folder / "servers"
        self.data.mkdir()
        if database_url.startswith("sqlite:"):
            file = Path(database_url.removeprefix("sqlite:///"))
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(_new_database())
        self._open(database_url, kinds)
        upgrade(self.store.engine)
        self.repo = GitRepo(folder / "shop.git")
        self.url = self.repo.url

    def _open(self, database_url: str, kinds: Sequence[Callable[[TargetDependencies], KindOfTarget]]) -> None:
        self._kinds = kinds
        self.store = open_store(database_url, self.data / "secret.key", appended=HeadFile(self.data).note)
        sources = GitSources(self.data, [self.folder], self._secret)
        targets = TargetRegistry(self.data, [self.servers], kinds, secret=self._secret)
        self.ports = Ports(
            self.store,
            sources,
            DesiredStateRegistry(sources, targets),
            targets,
            LocalChecks(),
            InProcessNotifier(),
            self.clock,
        )
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.use_cases: UseCases = wire_use_cases(
            self.ports,
            Passwords(cheap),
            Signer(self.data / "signing.key", self.data / "secret.key"),
            public_half,
            HeadFile(self.data),
            AnchorFile(self.folder / f"{self.data.name}.anchor"),
        )
        self.queries = wire_queries(self.ports, lambda _, work: work())

    def beside(self, database_url: str) -> Installation:
        """Another server over the same database and the same targets, with a data directory of its own."""
        other = copy(self)
        other.data = self.folder / "data-of-the-other"
        other.data.mkdir()
        shutil.copy(self.data / "secret.key", other.data)
        other._open(database_url, self._kinds)
        return other

    def _secret(self, name: str) -> Any:
        with self.store.read() as tx:
            return tx.credentials.secret(name)

    def close(self) -> None:
        self.store.close()

    # --- doing ---
    def register(
        self,
        mode: str,
        name: str = "shop",
        *,
        path: str = "deploy",
        ref: str = "main",
        kind: str = "directory",
        **policy: Any,
    ) -> Path:
        """Register an environment over the repository; returns its target's directory."""
        target = self.servers / name
        values = {
            "name": name,
            "mode": mode,
            "source": {"repo_url": self.url, "ref": ref, "path": path},
            "target": {"kind": kind, "path": str(target)} if kind == "directory" else {"kind": kind},
            "policy": {"interval_s": 60, **policy},
        }
        self.use_cases.registration.create(values, ME)
        return target

    def ask(self, request: Request, name: str = "shop", actor: Actor = ME) -> Operation:
        return self.use_cases.queue.ask(name, request, actor)

    def run(self) -> list[Operation]:
        """Run what is queued until nothing is left."""
        ended = []
        while operation := self.claim():
            ended.append(self.use_cases.reconciler.run(operation))
        return ended

    def claim(self, worker: str = "test") -> Operation | None:
        with self.store.write() as tx:
            return tx.queue.claim(worker, self.clock.now())

    def poll(self) -> list[Operation]:
        self.clock.pass_(60)
        self.use_cases.poller.poll(self.url)
        return self.run()

    def push(self, revision: str | None = None, name: str = "shop", **more: Any) -> Operation:
        """A pipeline's push, run to its end."""
        return self._one(
            Request(OperationKind.SYNC, Trigger.PIPELINE, str(PIPELINE), wanted=revision, **more), name, PIPELINE
        )

    def refresh(self, name: str = "shop", trigger: Trigger = Trigger.MANUAL) -> Operation:
        return self._one(Request(OperationKind.REFRESH, trigger, str(ME)), name, ME)

    def deliver(self, mode: str, revision: str | None = None) -> Operation:
        """Bring the branch's newest commit (or one) live in the way of the mode."""
        if mode == "push":
            return self.push(revision)
        return self.poll()[0]

    def _one(self, request: Request, name: str, actor: Actor) -> Operation:
        asked = self.use_cases.queue.ask(name, request, actor)
        return next(ended for ended in self.run() if ended.id == asked.id)

    # --- seeing ---
    def environment(self, name: str = "shop") -> Environment:
        with self.store.read() as tx:
            return tx.environments.get(name)

    def operation(self, id: str) -> Operation:
        with self.store.read() as tx:
            return tx.operations.get(id)

    def events(self, *types: EventType) -> list[Event]:
        with self.store.read() as tx:
            return list(tx.ledger.page(0, 1000, types=types))

    def decisions(self) -> list[tuple[str, str]]:
        """(outcome, reason) of the recorded decisions."""
        return [(event.data["outcome"], event.reason) for event in self.events(EventType.DECISION)]

    def report(self, name: str = "shop") -> dict[str, Any]:
        with self.store.read() as tx:
            found = tx.drift.get(tx.environments.get(name).id)
        return found.as_dict() if found else {}


Make = Callable[[], Installation]
