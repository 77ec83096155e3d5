"""Questions to agents and their answers, and the end of commands that no agent took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.domain.actor import SCHEDULE
from app.domain.agents.protocol import QUESTIONS, Agent, Command, CommandKind, CommandState
from app.domain.agents.wire import encode
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment
from app.domain.errors import AgentAway, AgentRefused, NotFound, Problem
from app.domain.events import about
from app.domain.events.operation_events import CommandNotTaken
from app.domain.operation import Operation, Outcome, Phase
from app.ports import Ports, Transaction, topics
from app.services.outcomes.conclusion import Conclusion, conclude
from app.services.relay import STARTS, hold_data, last_heard, relay
from app.wording.times import duration

PATIENCE_S, LOOK_S = 10.0, 0.05


class Commands:
    """Asks agents questions, stores their answers, and expires commands that no agent took."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def ask(self, environment: Environment, kind: CommandKind, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask an environment's agent and wait for the answer. Raises AgentAway, or the problem that it met."""
        clock = self._ports.clock
        now = clock.now()
        with self._ports.store.write() as tx:
            agent = tx.agents.of_environment(environment.id)
            if agent is None or not agent.connected(now):
                raise AgentAway(_away(environment, agent))
            expires_at = now + timedelta(seconds=PATIENCE_S)
            seq = tx.agents.send(environment.id, kind, encode(data), now, expires_at).seq
        self._ports.notifier.notify(topics(environment))
        ends = clock.monotonic() + PATIENCE_S
        while clock.monotonic() < ends:
            with self._ports.store.read() as tx:
                command = tx.agents.command(seq)
            if command and command.answer is not None:
                return _result(command.answer)
            clock.sleep(LOOK_S)
        self._withdraw(seq)
        raise AgentAway(f"Agent {agent.name} did not answer within {PATIENCE_S:.0f} s; try again.")

    def _withdraw(self, seq: int) -> None:
        with self._ports.store.write() as tx:
            command = tx.agents.command(seq)
            if command and command.answer is None:
                tx.agents.save_command(replace(command, state=CommandState.EXPIRED))

    def answer(self, agent: Agent, seq: int, answer: Mapping[str, Any]) -> None:
        """Store an agent's answer to an open question. Raises NotFound, with the same words, for any other command."""
        with self._ports.store.write() as tx:
            command = tx.agents.command(seq)
            asked = command is not None and command.kind in QUESTIONS
            if command is None or not asked or command.environment_id not in tx.agents.environments(agent.id):
                raise NotFound("There is no such question.")
            if command.state in (CommandState.WAITING, CommandState.TAKEN):
                tx.agents.save_command(replace(command, state=CommandState.DONE, answer=answer))

    def expire(self) -> int:
        """Expire the commands that waited too long for their agent; returns the number of commands."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            if not tx.agents.expired(now):
                return 0
        with self._ports.store.write() as tx:
            over = tx.agents.expired(now)
            changed = {topic for command in over for topic in self._expire(tx, command)}
        self._ports.notifier.notify(("ledger", *sorted(changed)))
        return len(over)

    def _expire(self, tx: Transaction, command: Command) -> tuple[str, ...]:
        tx.agents.save_command(replace(command, state=CommandState.EXPIRED))
        try:
            environment = tx.environments.by_id(command.environment_id)
        except NotFound:
            return ()
        if command.kind is CommandKind.ROLLBACK and environment.hold:  # the hold is meant even if nobody went back
            relay(self._ports, tx, environment, CommandKind.HOLD, hold_data(environment))
        if command.kind in QUESTIONS:
            return ()
        self._record_expiry(tx, environment, command)
        return topics(environment)

    def _record_expiry(self, tx: Transaction, environment: Environment, command: Command) -> None:
        now, life = self._ports.clock.now(), command.expires_at - command.issued_at
        reason = f"expired: its agent did not take it within {duration(life)}"
        expired = CommandNotTaken(command.seq, command.kind.value, why=reason)
        ended = self._end(tx, command, reason) if command.kind in STARTS else None
        tx.ledger.append(now, [about(environment, expired, command.operation)])
        subject = f"operation:{ended.id}" if ended else f"environment:{environment.name}"
        data = {**expired.data, "environment": environment.name, "reason": reason}
        tx.audit.append(now, NewAuditEntry(SCHEDULE, "command.expire", subject, data))

    def _end(self, tx: Transaction, command: Command, reason: str) -> Operation | None:
        try:
            operation = tx.operations.get(command.operation or "")
        except Problem:
            return None
        if operation.phase is not Phase.QUEUED:
            return None
        end = Conclusion(Phase.ERROR, Outcome.FAILED, reason, by=SCHEDULE)
        return conclude(tx, operation, end, self._ports.clock.now())


def _away(environment: Environment, agent: Agent | None) -> str:
    if agent is None or agent.revoked_at:
        return f"No agent is enrolled for {environment.name}; only its agent can answer that."
    return f"Agent {agent.name} is not connected ({last_heard(agent)}); try again when it is."


def _result(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    problem = answer.get("problem")
    if problem is None:
        result = answer.get("result")
        return result if isinstance(result, Mapping) else {}
    raise _problems().get(str(problem.get("code")), AgentRefused)(str(problem.get("detail", "")))


def _problems() -> Mapping[str, type[Problem]]:
    """Problems that an agent may meet, by code: those of sources, targets and operations."""
    from app.domain import errors as e

    known = (
        e.RevisionNotFound, e.RevisionNotVisible, e.SourceUnreachable, e.SourceRefused, e.SourceDamaged, e.PushRejected,
        e.ContentNotFetched,
        e.TargetUnreachable, e.TargetRefused, e.UnsafePath, e.NothingToRollBackTo, e.NothingToWriteBack, e.InvalidInput,
        e.OperationInProgress, e.EnvironmentHeld, e.WriteBackNotPossible, e.WriteBackConflict, e.SecretsNotIncluded,
    )  # fmt: skip
    return {kind.code(): kind for kind in known}
