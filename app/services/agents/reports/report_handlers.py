"""Store one agent report after checking that everything it names belongs to that agent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.actor import agent as named
from app.domain.agents.protocol import CommandKind, ReportKind
from app.domain.agents.wire import decode
from app.domain.audit import NewAuditEntry, timestamp
from app.domain.environment import Environment, Hold, Status
from app.domain.errors import EnvironmentNotFound, InvalidInput, ReportRefused
from app.domain.events import EventType, NewEvent, UnreadFact
from app.domain.operation import Operation
from app.domain.revision import Revision
from app.domain.state.drift import Ending, read_report
from app.domain.status import Condition
from app.ports import Transaction
from app.services.agents.reports.drift_shape import check_drift
from app.services.agents.reports.report_context import ReportContext, check_mode, check_values, own
from app.services.agents.reports.reported_noticings import take_noticing, told_by_event
from app.services.agents.reports.reported_operations import checked, initiator, take_operation
from app.services.outcomes.drift_episodes import keep

ACTION = re.compile(r"(sync|refresh|hold|rollback|drift|operation|revision|command)\.[a-z_]{1,40}\Z")
OWN_ACTIONS = ("agent.chain_renewed", "agent.report_left_out", "agent.reports_forgotten")  # of the agent itself
OURS = ("agent.", "environment.", "webhook.", "command.")  # events that the control plane alone can know of
LATE = (ReportKind.EVENT, ReportKind.OPERATION, ReportKind.AUDIT)  # kinds that count after an environment has left
ECHOES = (EventType.HOLD_SET, EventType.HOLD_ENDED, EventType.REVISION_MARKED_BAD)
ECHOED = ("owner", "revision", "left_revision", "by")  # what an echo has in common with our own event
NEWER = (CommandKind.HOLD, CommandKind.RESUME, CommandKind.ROLLBACK)


def ingest(context: ReportContext) -> None:
    """Store one report. Raises ReportRefused, InvalidInput."""
    try:
        kind = ReportKind(context.report.kind)
    except ValueError:
        raise ReportRefused(f"Reports of the kind '{context.report.kind[:40]}' are not known here.") from None
    if not context.serving and not context.tx.agents.ever_served(context.agent.id, context.report.environment):
        raise ReportRefused(f"Environment {context.report.environment} is not this agent's.")
    if not context.serving and kind not in LATE:
        raise ReportRefused(f"Environment {context.report.environment} is not this agent's any more.")
    try:
        environment = context.tx.environments.by_id(context.report.environment)
    except EnvironmentNotFound:
        raise ReportRefused(f"Environment {context.report.environment} was deleted.") from None
    KINDS[kind](context, environment)


# --- the ledger ---
def _event(context: ReportContext, environment: Environment) -> None:
    try:
        type = EventType(context.text("type"))
    except ValueError:
        raise InvalidInput(fields={"type": "is no type of event"}) from None
    if type.value.startswith(OURS):
        raise ReportRefused(f"'{type.value}' is not an agent's to tell.")
    operation = context.data.get("operation")
    if operation is not None:
        own(context, environment, str(operation))
    reported = context.data.get("data")
    data = dict(reported) if isinstance(reported, Mapping) else {}
    check_mode(context, environment, data.get("mode"))
    origin = _origin(context)
    if context.serving and type.value.startswith("drift."):
        origin |= {"episode": data.get("episode")}  # the agent counts its episodes itself
        data["episode"] = _our_episode(context.tx, environment)
    fact = UnreadFact(type, data, context.text("reason"))
    event = NewEvent(fact, environment.name, environment.id, operation, origin)
    if not _echo(context.tx, event):
        context.tx.ledger.append(context.at, [event])
        told_by_event(context, environment, type, data)


def _our_episode(tx: Transaction, environment: Environment) -> int:
    """Our number of the episode that an agent tells of: reports come in order, so it is the newest; 0: none."""
    newest = tx.episodes.page(environment.id, 1, None).items
    return newest[0].id if newest else 0


def _origin(context: ReportContext) -> dict[str, Any]:
    reported = {
        "agent": context.agent.id,
        "name": context.agent.name,
        "id": context.data.get("id"),
        "seq": context.report.seq,
    }
    return {**reported, "at": timestamp(context.report.at), "received_at": timestamp(context.now)}


def _echo(tx: Transaction, event: NewEvent) -> bool:
    """Whether the control plane recorded this event itself, with the command that caused it or at the end of a run."""
    if event.type in (EventType.OPERATION_QUEUED, EventType.OPERATION_FINISHED):
        return bool(tx.ledger.page(operation=event.operation, types=[event.type], limit=1))
    if event.type not in ECHOES:
        return False
    kin = ECHOES[:2] if event.type in ECHOES[:2] else ECHOES[2:]
    last = tx.ledger.page(environment_id=event.environment_id, types=kin, newest_first=True, limit=1)
    if not last or last[0].origin is not None or last[0].type is not event.type:
        return False
    ours, theirs = last[0].data, event.fact.data
    commanded = event.type is EventType.HOLD_ENDED or ours.get("owner") or ours.get("by")  # automation sends no command
    return bool(commanded) and all(ours.get(name) == theirs.get(name) for name in ECHOED)


# --- what pages show ---
def _status(context: ReportContext, environment: Environment) -> None:
    reported = decode(Status, context.data)
    shas = reported.revision, reported.noticed, reported.last_good, reported.webhook_judged
    check_values(shas, (reported.files, reported.drift_count, reported.failures))
    episode = context.tx.episodes.current(environment.id)
    lifetime = context.now + environment.verdict_lifetime()
    expires = reported.expires_at + context.shift if reported.expires_at else None
    past = ("live_since", "noticed_at", "checked_at", "last_finished_at")
    times: dict[str, Any] = {name: context.time(getattr(reported, name)) for name in past}
    texts: dict[str, Any] = {name: getattr(reported, name)[:2000] for name in ("subject", "author", "last_reason")}
    known = Condition.parse(str(reported.condition)[:2000])
    bounded = min(expires, lifetime) if expires else None
    status = replace(
        reported, **times, **texts, condition=known, expires_at=bounded, drift_episode=episode.id if episode else None
    )
    context.tx.environments.put_status(environment.id, status)


def _hold(context: ReportContext, environment: Environment) -> None:
    if any(one.kind in NEWER for one in context.tx.agents.waiting(environment.id)):
        return  # a person's newer word is on its way to the agent
    given = context.data.get("hold", context.data or None)
    hold = decode(Hold, given) if given else None
    if hold:
        until = hold.expires_at + context.shift if hold.expires_at else None
        hold = replace(hold, created_at=context.time(hold.created_at) or context.at, expires_at=until)
    context.tx.environments.set_hold(environment.id, hold)


def _history(context: ReportContext, environment: Environment) -> None:
    history, revision, at = context.tx.history, context.text("revision", 64), context.moment()
    if context.text("call") != "went_live":
        check_values((revision,), ())
    match context.text("call"):
        case "went_live":
            _went_live(context, environment, at)
        case "mark_good":
            history.mark_good(environment.id, revision, at)
        case "mark_bad":
            history.mark_bad(environment.id, revision, context.text("reason"), context.text("by", 200), at)
        case "unmark_bad":
            history.unmark_bad(environment.id, revision)
        case _:
            raise InvalidInput(fields={"call": "must be went_live, mark_good, mark_bad or unmark_bad"})


def _went_live(context: ReportContext, environment: Environment, at: datetime) -> None:
    named = context.data.get("operation")
    whole = isinstance(named, Mapping)
    operation = own(context, environment, str(named.get("id") if isinstance(named, Mapping) else named))
    if operation is None and whole:  # its own report is still on its way
        reported = checked(context, environment, decode(Operation, named))
        operation = replace(reported, request=replace(reported.request, initiated_by=initiator(context, reported)))
    if operation is None:
        raise ReportRefused("A revision goes live by an operation that is known, or told whole.")
    revision = decode(Revision, context.data.get("revision"))
    check_values((revision.sha,), ())
    context.tx.history.went_live(operation, revision, context.text("tree", 64), at)


def _episode(context: ReportContext, environment: Environment) -> None:
    episodes, current, call = context.tx.episodes, context.tx.episodes.current(environment.id), context.text("call")
    listed, count = context.data.get("paths"), context.data.get("count")
    paths = [str(path) for path in listed][:200] if isinstance(listed, list) else []
    number = count if isinstance(count, int) else len(paths)
    check_values((), (number,))
    if call == "open" and current is None:
        episodes.open_one(environment, context.maybe("last_good_at"), context.moment(), paths, number)
    elif current is None or call == "open":
        return  # it was ended, or opened, before the report came
    elif call == "update":
        episodes.update(current.id, paths, number)
    elif call == "acknowledge":
        episodes.acknowledge(current.id, context.text("by", 200), context.moment())
    elif call == "end":
        ending, by, ended_by = Ending(context.text("ending")), context.text("by", 200), context.text("operation")
        if ended_by:
            own(context, environment, ended_by)
        episodes.end(current.id, context.moment(), ending, by, ended_by or None)
    else:
        raise InvalidInput(fields={"call": "must be open, update, acknowledge or end"})


def _drift(context: ReportContext, environment: Environment) -> None:
    report = context.data.get("report")
    if not isinstance(report, Mapping):
        raise InvalidInput(fields={"report": "must be an object"})
    check_drift(report)
    episode = context.tx.episodes.current(environment.id)
    kept, at = replace(read_report(report), episode=episode.id if episode else None), context.moment("checked_at")
    if episode:
        keep(context.tx, episode.id, kept, environment.status.checked_at, at)
    context.tx.drift.put(environment.id, at, kept)


def _audit(context: ReportContext, environment: Environment) -> None:
    action, about = context.text("action", 60), context.text("object", 200)
    if not ACTION.match(action) and action not in OWN_ACTIONS:
        raise ReportRefused(f"'{action}' is not an agent's to do.")
    kind, _, id = about.partition(":")
    if kind == "operation":
        own(context, environment, id)
        if action.endswith(".finish") and _ended_here(context.tx, id):
            return  # an operation ends once
    elif kind == "agent" or action in OWN_ACTIONS:
        about = f"agent:{context.agent.id}"
    elif kind == "command":
        _sent(context, environment, id)
    elif about != f"environment:{environment.name}":
        raise ReportRefused(f"'{about[:80]}' is none of {environment.name}.")
    reported = context.data.get("data")
    data = dict(reported) if isinstance(reported, Mapping) else {}
    data |= {"environment": environment.name, "by": context.text("by", 200), "told_at": timestamp(context.report.at)}
    context.tx.audit.append(context.now, NewAuditEntry(named(context.agent.name), action, about, data))


def _ended_here(tx: Transaction, operation: str) -> bool:
    """Whether the control plane ended an operation itself; one that its agent ended has the agent's event."""
    ends = tx.ledger.page(operation=operation, types=[EventType.OPERATION_FINISHED], limit=1)
    return bool(ends) and ends[0].origin is None


def _sent(context: ReportContext, environment: Environment, id: str) -> None:
    """Raise ReportRefused unless the command was sent to this environment's agent."""
    found = context.tx.agents.command(int(id)) if id.isascii() and id.isdigit() and len(id) < 19 else None
    if found is None or found.environment_id != environment.id:
        raise ReportRefused(f"Command {id[:20]} is none of {environment.name}.")


KINDS: Mapping[ReportKind, Callable[[ReportContext, Environment], None]] = {
    ReportKind.EVENT: _event,
    ReportKind.OPERATION: take_operation,
    ReportKind.STATUS: _status,
    ReportKind.HOLD: _hold,
    ReportKind.HISTORY: _history,
    ReportKind.EPISODE: _episode,
    ReportKind.DRIFT: _drift,
    ReportKind.AUDIT: _audit,
    ReportKind.NOTICING: take_noticing,
}
