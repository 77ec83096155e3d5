"""An installation without its web and threads: the services, a real store, real targets."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from app.config import Settings
from app.domain.actor import user
from app.domain.environment import Environment
from app.domain.operation import Operation, OperationKind, Outcome, Request, Trigger
from app.main import build
from bench.trees import PATH

ME = user("bench", "127.0.0.1")


class Stand:
    """One installation in a folder; repositories may lie anywhere below `sources`."""

    def __init__(self, folder: Path, sources: Path) -> None:
        folder.mkdir(parents=True)
        self.live = folder / "live"
        mask = os.umask(0o022)
        self.installation = build(
            Settings(
                data_dir=folder / "data",
                source_roots=str(sources),
                target_roots=str(folder),
                admin_password=SecretStr("only for measuring"),
            )
        )
        os.umask(mask)
        self.store, self.use_cases = self.installation.store, self.installation.use_cases

    def register(self, name: str, repo_url: str, mode: str = "push", **policy: object) -> Environment:
        """Register an environment and run what that starts."""
        source = {"repo_url": repo_url, "ref": "main", "path": PATH}
        target = {"kind": "directory", "path": str(self.live / name)}
        specification = {"name": name, "mode": mode, "source": source, "target": target, "policy": policy}
        self.use_cases.registration.create(specification, ME)
        self.drain()
        return self.environment(name)

    def environment(self, name: str) -> Environment:
        """As it is now."""
        with self.store.read() as tx:
            return tx.environments.get(name)

    def sync(self, name: str, revision: str | None = None) -> Operation:
        """Ask for a sync and run it to its end, as a worker does."""
        return self._walk(name, Request(OperationKind.SYNC, Trigger.MANUAL, str(ME), wanted=revision))

    def refresh(self, name: str, trigger: Trigger = Trigger.MANUAL) -> Operation:
        """Ask for a refresh and run it to its end."""
        return self._walk(name, Request(OperationKind.REFRESH, trigger, str(ME)))

    def _walk(self, name: str, request: Request) -> Operation:
        self.use_cases.queue.ask(name, request, ME)
        ended = self.drain()
        expect(ended[-1].phase == "succeeded", f"{ended[-1].phase}: {ended[-1].reason}")
        return ended[-1]

    def drain(self) -> list[Operation]:
        """Run what is queued."""
        ended = []
        while (operation := self._claim()) is not None:
            ended.append(self.use_cases.reconciler.run(operation))
        return ended

    def _claim(self) -> Operation | None:
        with self.store.write() as tx:
            return tx.queue.claim("bench", self.use_cases.ports.clock.now())

    def deliver(self, name: str, revision: str) -> None:
        """Sync a revision that has to bring something."""
        ended = self.sync(name, revision)
        expect(ended.outcome is Outcome.DEPLOYED, f"{ended.outcome}: {ended.reason}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()


def expect(true: bool, otherwise: str) -> None:
    """Figures of something that does not work are worth nothing."""
    if not true:
        raise AssertionError(otherwise)
