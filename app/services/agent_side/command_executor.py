"""The agent carries out each command of its control plane once, with the use cases that a server runs.

The control plane has recorded the request itself (the operation, the hold, its actor and reason), so the agent reports
only the result. A command that fails ends as an operation in error or as an answer with the problem.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.domain.actor import AGENT, Actor
from app.domain.agents.protocol import QUESTIONS, Command, CommandKind, ReportKind
from app.domain.agents.wire import decode, encode
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, Hold, RunsOn
from app.domain.errors import EnvironmentNotFound, OperationNotFound, Problem, Temporary
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, Trigger
from app.ports import AgentStore, AgentTransaction, Transaction
from app.services.environments.previews import as_dict
from app.services.environments.rollback import Rollback, RollbackWish
from app.services.environments.write_back import WriteBackWish
from app.services.operations.queue import Queue
from app.services.outcomes.conclusion import Conclusion, conclude, request_stop, stopped
from app.services.use_cases import UseCases

ORDERED_KINDS = tuple(kind for kind in CommandKind if kind not in QUESTIONS)
log = logging.getLogger("agent")
Poll = Callable[[str, str | None], None]


class CommandExpired(Temporary):
    """The command's time was over before it could be carried out."""


@dataclass(frozen=True, slots=True)
class Unreported:
    """A store whose writes are not reported, because the control plane has recorded the same already."""

    store: AgentStore

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view."""
        with self.store.read() as tx:
            yield tx

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction."""
        with self.store.unreported() as tx:
            yield tx


class CommandExecutor:
    """Carries out commands. `poll` brings a repository's poll forward; `corrected` is the control plane's time."""

    def __init__(self, use_cases: UseCases, store: AgentStore, poll: Poll, corrected: Callable[[], datetime]) -> None:
        self._use_cases, self._ports, self._store = use_cases, use_cases.ports, store
        self._poll, self._corrected = poll, corrected
        silent = replace(self._ports, store=Unreported(store))
        self._rollback = Rollback(silent, Queue(silent))
        self._handlers: Mapping[CommandKind, Callable[[Environment, Command], None]] = {
            CommandKind.OPERATE: self._operate,
            CommandKind.TERMINATE: self._terminate,
            CommandKind.ROLLBACK: self._back,
            CommandKind.HOLD: self._hold,
            CommandKind.RESUME: self._resume,
            CommandKind.NUDGE: self._nudge,
            CommandKind.PREVIEW: self._preview,
            CommandKind.WRITE_BACK: self._write_back,
        }

    def next(self, kinds: tuple[CommandKind, ...]) -> bool:
        """Carry out the oldest command of some kinds; False where there is none."""
        with self._store.read() as tx:
            command = tx.command_inbox.open(kinds)
        if command is None:
            return False
        try:
            if self._corrected() > command.expires_at:
                raise CommandExpired()
            environment = self._environment(command)
            self._handlers[command.kind](environment, command)
            _log_command(environment, command)
        except Problem as problem:
            self._failed(command, problem.code(), problem.detail)
        except Exception:  # a command that cannot be carried out must not be tried for ever
            log.exception("a command failed unexpectedly", extra={"command": command.seq, "kind": command.kind.value})
            self._failed(command, "internal", "internal error; the agent's log has the details")
        return True

    def _environment(self, command: Command) -> Environment:
        with self._store.read() as tx:
            environment = tx.environments.by_id(command.environment_id)
        if environment.runs_on is not RunsOn.AGENT:
            raise EnvironmentNotFound("This agent no longer works for the environment.")
        return environment

    # --- deeds ---
    def _operate(self, environment: Environment, command: Command) -> None:
        asked = decode(Operation, command.data, "operation")
        with self._store.write() as tx:
            if _find(tx, asked.id) is None:
                ours = replace(asked, phase=Phase.QUEUED, reason="", worker=None, heartbeat_at=None,
                               environment_id=environment.id, environment=environment.name,
                               from_revision=environment.status.revision)  # fmt: skip
                self._use_cases.queue.take(tx, ours)
            tx.command_inbox.done(command.seq)
        self._ports.notifier.notify(("work",))

    def _terminate(self, environment: Environment, command: Command) -> None:
        by, now = str(command.data.get("by", "")), self._ports.clock.now()
        with self._store.write() as tx:
            found = _find(tx, str(command.data.get("operation", "")))
            if found and not found.phase.final:
                asked = request_stop(tx, found, by)
                if found.phase is Phase.QUEUED:
                    conclude(tx, asked, stopped(by), now)
            tx.command_inbox.done(command.seq)
        self._ports.notifier.notify(("work",))

    def _back(self, environment: Environment, command: Command) -> None:
        data = command.data
        expires_at = datetime.fromisoformat(data["expires_at"]) if data.get("expires_at") else None
        with self._store.read() as tx:
            found = _find(tx, data["operation"])
        if found is None:
            wish = RollbackWish(
                data.get("revision"), data.get("strategy", "pin"), data.get("reason", ""), expires_at,
                override_hold=True,  # the control plane has judged it
            )  # fmt: skip
            self._rollback.back(environment.name, wish, Actor.parse(data["by"]), data["operation"])
        with self._store.write() as tx:
            tx.operations.save(tx.operations.get(data["operation"]))  # reports the result and the hold
            tx.environments.set_hold(environment.id, tx.environments.by_id(environment.id).hold)
            tx.command_inbox.done(command.seq)
        self._ports.notifier.notify(("work",))

    def _hold(self, environment: Environment, command: Command) -> None:
        data = {"created_at": encode(command.issued_at), **command.data}
        with self._store.write() as tx:  # reports the hold: an earlier rollback may have reported another one
            tx.environments.set_hold(environment.id, decode(Hold, data, "hold"))
            tx.command_inbox.done(command.seq)

    def _resume(self, environment: Environment, command: Command) -> None:
        with self._store.write() as tx:
            tx.environments.set_hold(environment.id, None)
            tx.command_inbox.done(command.seq)
        if environment.hold and environment.status.noticed:
            self._use_cases.poller.consider(environment.name)

    def _nudge(self, environment: Environment, command: Command) -> None:
        self._poll(environment.source.repo_url, environment.source.credential)
        with self._store.unreported() as tx:
            tx.command_inbox.done(command.seq)

    # --- questions ---
    def _preview(self, environment: Environment, command: Command) -> None:
        rollback = self._use_cases.rollback
        planned = rollback.plan if command.data.get("forward") else rollback.preview
        found = as_dict(planned(environment.name, command.data.get("revision")))
        self._answer(command, {"result": found})

    def _write_back(self, environment: Environment, command: Command) -> None:
        data = command.data
        wish = WriteBackWish(
            tuple(data.get("paths") or ()), data.get("branch"), data.get("message", ""),
            tuple(data.get("include_secrets") or ()),
        )  # fmt: skip
        done = self._use_cases.drift.write_back(environment.name, wish, Actor.parse(data["by"]))
        self._answer(command, {"result": encode(done)})

    def _answer(self, command: Command, answer: Mapping[str, Any]) -> None:
        with self._store.unreported() as tx:
            tx.command_inbox.done(command.seq, answer)
        self._ports.notifier.notify(("answers",))

    # --- what cannot be done ---
    def _failed(self, command: Command, code: str, detail: str) -> None:
        log.warning("a command was not carried out", extra={"kind": command.kind.value, "problem": detail})
        if command.kind in QUESTIONS:
            self._answer(command, {"problem": {"code": code, "detail": detail}})
            return
        with self._store.write() as tx:
            if command.kind in (CommandKind.OPERATE, CommandKind.ROLLBACK):
                self._end(tx, command, detail)
            else:
                self._report_failure(tx, command, detail)
            tx.command_inbox.done(command.seq)
        self._ports.notifier.notify(("ledger",))

    def _end(self, tx: AgentTransaction, command: Command, detail: str) -> None:
        """Conclude the command's operation in error, under the id that the control plane gave it."""
        now, asked = self._ports.clock.now(), _operation(command)
        found = _find(tx, asked.id)
        if found and found.phase.final:
            return
        if found is None:
            found = replace(asked, environment_id=command.environment_id)
            tx.operations.add(found)
        conclude(tx, found, Conclusion(Phase.ERROR, Outcome.FAILED, detail, by=AGENT), now)

    def _report_failure(self, tx: AgentTransaction, command: Command, detail: str) -> None:
        data = {"command": command.seq, "kind": command.kind.value, "reason": detail}
        entry = NewAuditEntry(AGENT, "command.fail", f"command:{command.seq}", data)
        at = self._ports.clock.now()
        tx.audit.append(at, entry)
        report = {"action": entry.action, "object": entry.object, "data": data, "by": entry.actor}
        tx.report(command.environment_id, ReportKind.AUDIT, report)


def _log_command(environment: Environment, command: Command) -> None:
    """Log a command that a person requested; nudges by webhooks are too many to log."""
    if command.kind in ORDERED_KINDS and command.kind is not CommandKind.NUDGE:
        by = (
            command.data.get("by")
            or command.data.get("owner")
            or (command.data.get("request") or {}).get("initiated_by")
        )
        facts = {"environment": environment.name, "command": command.kind.value, "by": by}
        log.info("took a command", extra={**facts, "reason": str(command.data.get("reason") or "")[:200]})


def _find(tx: Transaction, id: str) -> Operation | None:
    try:
        return tx.operations.get(id)
    except OperationNotFound:
        return None


def _operation(command: Command) -> Operation:
    """The operation that a command asks for."""
    data = command.data
    if command.kind is CommandKind.OPERATE:
        return decode(Operation, data, "operation")
    request = Request(
        OperationKind.SYNC, Trigger.ROLLBACK, data["by"], wanted=data.get("revision"), reason=data["reason"]
    )
    return Operation(
        id=data["operation"], environment_id=command.environment_id, environment=str(data.get("environment", "")),
        mode=str(data.get("mode", "")), request=request, phase=Phase.QUEUED, created_at=command.issued_at,
    )  # fmt: skip
