"""Report intake: a batch in one transaction, each report once and in order; one bad report does not stop the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.domain.actor import agent as named
from app.domain.agents.protocol import Agent
from app.domain.audit import NewAuditEntry, timestamp
from app.domain.errors import AgentRevoked, Problem, ReportRefused
from app.ports import Ports, Transaction
from app.services.agents.refusals import refused
from app.services.agents.reports.report_batch import Batch, new_ones, read
from app.services.agents.reports.report_context import ReportContext
from app.services.agents.reports.report_handlers import ingest

SHOWN = 20  # refused reports that an audit entry names


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of a batch. `names`: the environments that its reports concern."""

    through: int
    refused: tuple[Mapping[str, Any], ...]
    names: frozenset[str]


class ReportIntake:
    """Stores agents' reports."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def take(self, agent: Agent, body: Mapping[str, Any], ip: str | None) -> dict[str, Any]:
        """Store a batch. Raises InvalidInput (not readable), ReportRefused (not next in the chain), AgentRevoked."""
        now = self._ports.clock.now()
        try:
            taken = self._store(agent.id, read(body), now)
        except (ReportRefused, AgentRevoked) as problem:
            self._audit(agent, ({"seq": None, "code": problem.code(), "detail": problem.detail},), ip)
            raise
        if taken.refused:
            self._audit(agent, taken.refused, ip)
        if taken.names:
            self._ports.notifier.notify(("ledger", *(f"environment-{name}" for name in sorted(taken.names))))
        return {"through": taken.through, "refused": list(taken.refused), "server_time": timestamp(now)}

    def _store(self, id: str, batch: Batch, now: datetime) -> Taken:
        with self._ports.store.write() as tx:
            agent = tx.agents.get(id, lock=True)
            if agent.revoked_at:
                raise AgentRevoked()
            known = new_ones(agent, batch.reports)
            names, wrong = self._each(tx, agent, batch, known, now)
            gap = (now - batch.sent_at).total_seconds()
            agent = replace(agent, offset_s=batch.offset(gap), offset_error_s=batch.offset_error_s)
            if len(batch.reports) > known:
                last = batch.reports[-1]
                agent = replace(agent, reported=last.seq, chain=last.hash)
            tx.agents.save(agent)
        return Taken(agent.reported, tuple(wrong), frozenset(names))

    def _each(
        self, tx: Transaction, agent: Agent, batch: Batch, known: int, now: datetime
    ) -> tuple[set[str], list[Mapping[str, Any]]]:
        clocks, names = batch.clocks(now), set[str]()
        wrong: list[Mapping[str, Any]] = []
        serving = tx.agents.environments(agent.id)
        for one, data in zip(batch.reports[known:], batch.fit[known:], strict=True):
            ours = min(now, max(agent.enrolled_at, clocks.ours(one.at, one.mono_s, one.boot)))
            case = ReportContext(tx, agent, one, data, ours, now, serving=one.environment in serving)
            problem = self._try(case)
            if problem:
                wrong.append({"seq": one.seq, **problem})
            elif one.environment in serving:
                names.add(serving[one.environment])
        return names, wrong

    @staticmethod
    def _try(case: ReportContext) -> dict[str, str] | None:
        """Store one report; returns its refusal, None if it was stored."""
        try:
            with case.tx.attempt():
                ingest(case)
        except Problem as problem:
            return {"code": problem.code(), "detail": problem.detail[:300]}
        except Exception as error:  # noqa: BLE001 — whatever an agent makes up, the reports after it are taken in
            return {"code": "report_refused", "detail": f"it cannot be stored ({type(error).__name__})"}
        return None

    def _audit(self, agent: Agent, wrong: Sequence[Mapping[str, Any]], ip: str | None) -> None:
        data = {"refused": list(wrong[:SHOWN]), "count": len(wrong)}
        entry = NewAuditEntry(named(agent.name, ip), "agent.report.refused", f"agent:{agent.id}", data)
        refused(self._ports, agent.id, entry)
