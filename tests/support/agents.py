"""Agents for tests: in a thread of this process, or as a process of their own, against a small control plane."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.agent import local_commands
from app.agent.agent_identity import IdentityFile
from app.agent.agent_launch import command
from app.agent.agent_runtime import AgentAdapters, AgentRuntime, parts
from app.agent.agent_settings import AgentSettings
from app.domain.environment import Environment
from app.domain.events import Event
from app.domain.operation import Operation
from tests.support.controlplane import ControlPlane
from tests.support.repo import GitRepo

Json = dict[str, Any]
SHOP = 7


class Ground:
    """A folder with a repository, a target, an agent's data and a control plane that knows one environment."""

    def __init__(self, folder: Path, plane: ControlPlane) -> None:
        self.folder, self.plane = folder, plane
        self.data, self.live = folder / "agent", folder / "live"
        (folder / "git").mkdir()
        self.repo = GitRepo(folder / "git" / "shop.git")
        self.first = self.repo.commit({"site/index.html": "one\n", "site/style.css": "body {}\n"}, "first")
        self.shop = self.live / "shop"
        self.settings = AgentSettings(self.data, (folder / "git",), (self.live, self.data))
        self.agent: AgentRuntime | None = None
        self.made: AgentAdapters | None = None

    def spec(self, name: str = "shop", **policy: Any) -> Json:
        return {
            "name": name, "mode": "pull", "runs_on": "agent",
            "source": {"repo_url": self.repo.url, "ref": "main", "path": "site"},
            "target": {"kind": "directory", "path": str(self.live / name)},
            "policy": {"interval_s": 1, "refresh_interval_s": 3600, **policy},
        }  # fmt: skip

    def assign(self, id: int = SHOP, *, seed: Json | None = None, **policy: Any) -> None:
        self.plane.assign(id, self.spec(**policy), seed=seed or {})

    def enroll(self) -> None:
        local_commands.enroll(self.plane.url, "once", self.data, "edge")

    @property
    def variables(self) -> dict[str, str]:
        return {"PUSHPULL_SOURCE_ROOTS": str(self.folder / "git"), "PUSHPULL_TARGET_ROOTS": str(self.live)}

    # --- in this process ---
    def start(self) -> AgentRuntime:
        """Start an agent; enrolled at the first time."""
        if not IdentityFile(self.data).exists:
            self.enroll()
        self.made = parts(self.settings)
        self.agent = AgentRuntime(self.made, IdentityFile(self.data))
        self.agent.start()
        return self.agent

    def stop(self) -> None:
        if self.agent and self.made:
            self.agent.stop()
            self.made.store.close()
        self.agent = self.made = None

    def read(self, look: Callable[[Any], Any]) -> Any:
        """Look into the agent's store, running or not."""
        made = self.made or parts(self.settings)
        with made.store.read() as tx:
            found = look(tx)
        if made is not self.made:
            made.store.close()
        return found

    def environment(self, id: int = SHOP) -> Environment:
        found: Environment = self.read(lambda tx: tx.environments.by_id(id))
        return found

    def operation(self, id: str) -> Operation:
        found: Operation = self.read(lambda tx: tx.operations.get(id))
        return found

    def written(self) -> list[Event]:
        """The agent's own ledger."""
        return list(self.read(lambda tx: tx.ledger.page(0, 10_000)))

    def waiting(self) -> int:
        size: int = self.read(lambda tx: tx.outbox.size())
        return size

    # --- seeing ---
    def holds(self, text: str, name: str = "index.html") -> bool:
        try:
            return (self.shop / name).read_text() == text
        except OSError:
            return False

    def until(self, look: Callable[[], Any], what: str = "", patience_s: float = 60.0) -> Any:
        """Look until there is something to see, also while the control plane is away."""
        ends = time.monotonic() + patience_s
        while not (found := look()):
            assert time.monotonic() < ends, f"never seen: {what}; {self.plane.wrong}"
            time.sleep(0.02)
        return found

    def live_here(self, sha: str) -> None:
        """Wait until a revision is live by the agent's own word."""
        self.until(lambda: self._revision() == sha, f"{sha} live")

    def _revision(self) -> str | None:
        known: list[Environment] = [row.environment for row in self.read(_rows)]
        return known[0].status.revision if known else None

    def all_told(self) -> None:
        """Wait until nothing waits, and hold the control plane's ledger against the agent's."""
        ours = self._told_here()
        self.until(lambda: self.waiting() == 0, "an empty outbox")
        theirs = [(one["id"], one["type"], one["reason"]) for one in self.plane.events()]
        assert theirs[: len(ours)] == ours
        later = self._told_here()[: len(theirs)]  # a running agent may have gone on writing meanwhile
        assert theirs == later
        assert self.plane.wrong == []

    def _told_here(self) -> list[tuple[int, str, str]]:
        return [(one.id, one.type.value, one.reason) for one in self.written() if one.environment_id]


def _rows(tx: Any) -> Any:
    from datetime import UTC, datetime

    from app.ports import EnvironmentFilter

    return tx.environments.page(EnvironmentFilter(), datetime.now(UTC), 10, None).items


class AgentProcess:
    """An agent as a process of its own, as `pushpull agent run` starts it."""

    def __init__(self, ground: Ground) -> None:
        if not IdentityFile(ground.data).exists:
            ground.enroll()
        argv, variables = command(ground.data, {**os.environ, **ground.variables})
        plain = {name: value for name, value in variables.items() if name != "PYTHONPYCACHEPREFIX"}
        self.log = ground.folder / f"agent-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            root = Path(__file__).resolve().parents[2]
            self._process = subprocess.Popen([sys.executable, *argv[2:]], env=plain, stdout=log, stderr=log, cwd=root)

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait(self) -> int:
        """It ends by itself."""
        return self._process.wait(30)

    def stop(self) -> int:
        """As systemd does."""
        self._process.terminate()
        return self._process.wait(5)
