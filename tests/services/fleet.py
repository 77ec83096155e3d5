"""An installation with an environment that an agent works for, and the agent's side of the protocol."""

from __future__ import annotations

from typing import Any

from app.domain.agents.protocol import Agent, ReportKind
from app.domain.environment import Environment
from app.ports import AuditFilter
from tests.support.agent import Teller
from tests.support.installation import ME, Installation

VERSION = "0.2.0"


class Fleet:
    """An agent named web-1 that works for the environments that are asked for."""

    def __init__(self, here: Installation, *names: str, **policy: Any) -> None:
        self.here, self.use_cases = here, here.use_cases.agents
        for name in names or ("shop",):
            self.register(name, **policy)
        _, token = self.use_cases.enrolling.token(names or ("shop",), ME)
        made = self.use_cases.enrolling.enroll(token, "web-1", VERSION, "10.0.0.7")
        self.agent, self.credential = made.agent, made.credential
        self.teller = Teller(started=here.clock.now())
        self.news()

    def register(self, name: str, **policy: Any) -> Environment:
        values = {
            "name": name, "mode": policy.pop("mode", "pull"), "runs_on": "agent",
            "source": {"repo_url": "https://git.example.org/team/shop.git", "ref": "main"},
            "target": {"kind": "directory", "path": f"/srv/{name}"},
            "policy": {"interval_s": 30, **policy},
        }  # fmt: skip
        return self.here.use_cases.registration.create(values, ME)

    def knock(self, version: str = VERSION, *, listening: bool = False) -> Agent:
        """A request of any kind, or one for news."""
        return self.use_cases.admission.admit(self.credential, version, "10.0.0.7", listening=listening)

    def news(self, known: str = "", after: int = 0) -> dict[str, Any]:
        """What the agent is told."""
        return dict(self.use_cases.assigning.news(self.knock(listening=True).id, known, after).payload)

    def commands(self) -> list[tuple[str, dict[str, Any]]]:
        return [(one["kind"], one["data"]) for one in self.news()["commands"]]

    def id(self, name: str = "shop") -> int:
        return self.here.environment(name).id

    def report(self, kind: ReportKind, data: Any, environment: int | None = None) -> dict[str, Any]:
        return self.teller.report(environment or self.id(), kind, data, self.here.clock.now())

    def send(self, *reports: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Deliver reports; what the control plane says to them."""
        batch = self.teller.batch(list(reports), self.here.clock.now(), **more)
        return self.use_cases.reporting.take(self.knock(), batch, "10.0.0.7")

    def tell(self, kind: ReportKind, data: Any, environment: int | None = None) -> dict[str, Any]:
        """Make and deliver one report."""
        return self.send(self.report(kind, data, environment))

    def audited(self, action: str) -> list[dict[str, Any]]:
        with self.here.store.read() as tx:
            return [dict(one.data) for one in tx.audit.page(AuditFilter(action=action), 100, None).items]
