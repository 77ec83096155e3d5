"""Operations and events in sentences; the timeline, the lists and an operation's own page tell them alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.events import Event, EventType
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger
from app.domain.state.drift import Ending
from app.web.rendering import links
from app.web.rendering.present import actor, look, plural, sentence, short

Data = Mapping[str, Any]

SYNCS = {
    Outcome.DEPLOYED: "Deployed",
    Outcome.ROLLED_BACK: "Rolled back to",
    Outcome.HEALED: "Healed drift, back to",
    Outcome.NO_OP: "Nothing to do for",
    Outcome.HELD: "Held back",
    Outcome.SUPERSEDED: "Passed over",
    Outcome.FILTERED: "Nothing to do for",
    Outcome.REFUSED: "Refused to deliver",
    Outcome.FAILED: "Failed to deliver",
    Outcome.OBSERVED: "Would have deployed",
}
UNFINISHED = {
    Phase.QUEUED: "Waiting to deliver",
    Phase.RUNNING: "Delivering",
    Phase.TERMINATED: "Stopped delivering",
    Phase.ERROR: "Could not deliver",
    Phase.SUPERSEDED: "Passed over",
    Phase.FAILED: "Failed to deliver",
}
COMPARISONS = {
    Phase.QUEUED: "Waiting to compare",
    Phase.RUNNING: "Comparing live with Git",
    Phase.TERMINATED: "Stopped comparing",
    Phase.ERROR: "Could not compare",
    Phase.SUPERSEDED: "Comparison passed over",
    Phase.FAILED: "Comparison failed",
}
STARTERS = {
    Trigger.SCHEDULE: "found by the poll",
    Trigger.WEBHOOK: "announced by a webhook",
    Trigger.SELF_HEAL: "healed by policy",
    Trigger.AGENT: "by the agent",
}
PLAIN = (Outcome.DEPLOYED, Outcome.ROLLED_BACK, Outcome.HEALED, Outcome.COMPARED)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline. `operation` brings its stages; `revision` and `subject` follow the title."""

    id: str
    at: datetime | None
    tone: str
    icon: str
    title: str
    revision: str | None = None
    subject: str = ""
    note: str = ""
    operation: Operation | None = None
    to_drift: bool = False
    link: tuple[str, str] | None = None


def deed(operation: Operation) -> str:
    """What an operation does or did, without its revision: "Deployed", "Comparing live with Git"."""
    if operation.kind is OperationKind.REFRESH:
        found = operation.outcome is Outcome.OUT_OF_SYNC
        done = "Compared: live differs from Git" if found else "Compared: live equals Git"
        return COMPARISONS.get(operation.phase, done)
    rollback = operation.trigger is Trigger.ROLLBACK
    if rollback and not operation.phase.final:
        return "Rolling back to" if operation.phase is Phase.RUNNING else "Waiting to roll back to"
    applied = operation.stage(StageName.APPLIED)
    if operation.outcome is Outcome.FAILED and applied and applied.finished_at:
        return "Live, but not healthy:"
    told = SYNCS.get(operation.outcome) if operation.outcome and operation.phase is not Phase.ERROR else None
    return told or UNFINISHED.get(operation.phase, "Delivered")


def target_revision(operation: Operation) -> str | None:
    """The revision an operation is about, a comparison's being told in its title."""
    return None if operation.kind is OperationKind.REFRESH else operation.revision or operation.request.wanted


def appearance(operation: Operation) -> tuple[str, str]:
    """Tone and icon of an operation: its outcome's, or its phase's where that says more."""
    plain = operation.phase is Phase.SUCCEEDED and operation.outcome
    unwell = operation.phase is Phase.FAILED and operation.outcome in (Outcome.HELD, Outcome.REFUSED)
    seen = look(operation.outcome, "outcome") if plain or unwell else look(operation.phase, "phase")
    return seen.tone, seen.icon


def started(operation: Operation) -> str:
    """What started it and who: "pipeline run 8812, by token ci", "found by the poll", "by ana"."""
    request, by = operation.request, f"by {actor(operation.request.initiated_by)}"
    if request.trigger is Trigger.PIPELINE:
        run = request.pipeline.id if request.pipeline else ""
        return f"pipeline run {run}, {by}" if run else f"pipeline, {by}"
    if operation.kind is OperationKind.REFRESH and request.trigger is Trigger.SCHEDULE:
        return "on schedule"
    words = STARTERS.get(request.trigger, by)
    return f"{words}; its webhook never came" if request.webhook_missed else words


def counted(operation: Operation) -> str:
    """ "12 updated, 1 created", "" where nothing was touched."""
    changes = operation.changes
    parts = [(changes.updated, "updated"), (changes.created, "created"), (changes.deleted, "deleted")]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)


def note(operation: Operation) -> str:
    """The small print under an operation: numbers, origin, and the reason where the title does not say it."""
    reason = operation.reason if operation.outcome not in PLAIN or operation.phase is not Phase.SUCCEEDED else ""
    told_by_person = operation.trigger in (Trigger.ROLLBACK, Trigger.MANUAL) and operation.request.reason
    parts = [counted(operation), started(operation), reason or told_by_person or ""]
    return " ".join(sentence_case(part) for part in parts if part)


def sentence_case(text: str) -> str:
    """With a capital (unless it begins with a revision or a path) and a full stop."""
    begins = text.partition(" ")[0]
    first = text[:1].upper() if begins.isalpha() else text[:1]
    return f"{first}{text[1:].rstrip('.')}." if text else ""


def of_operation(operation: Operation, id: str = "") -> Happening:
    """An operation as a line of a timeline."""
    tone, icon = appearance(operation)
    at = operation.finished_at or operation.started_at or operation.created_at
    return Happening(
        id or f"op-{operation.id}", at, tone, icon, deed(operation), target_revision(operation),
        operation.subject, note(operation), operation,
    )  # fmt: skip


def of_event(event: Event) -> Happening:
    """An event that is no operation as a line of a timeline."""
    seen = look(event.type, "event")
    if event.type is EventType.DECISION:
        return _decision(event)
    title, revision, small = TOLD.get(event.type, _as_it_stands)(event, event.data)
    drift = event.type in (EventType.DRIFT_DETECTED, EventType.DRIFT_CHANGED)
    return Happening(
        f"event-{event.id}", event.at, seen.tone, seen.icon, title, revision, "", sentence_case(small), to_drift=drift,
        link=_beside(event),
    )  # fmt: skip


def _decision(event: Event) -> Happening:
    outcome = str(event.data.get("outcome", ""))
    seen, sha = look(outcome, "outcome"), event.data.get("revision")
    titles = {"nudged": "A webhook brought the poll forward for", "waiting": "Waiting until it can be seen:"}
    title = titles.get(outcome) or SYNCS.get(Outcome(outcome), seen.label) if outcome in list(Outcome) else seen.label
    title = title if sha else "Decided: " + seen.label
    return Happening(
        f"event-{event.id}", event.at, seen.tone, seen.icon, title, sha, "", sentence_case(event.reason or "")
    )


def _as_it_stands(event: Event, data: Data) -> tuple[str, str | None, str]:
    return look(event.type, "event").label, None, event.reason


def _noticed(event: Event, data: Data) -> tuple[str, str | None, str]:
    count = int(data.get("commits") or 0)
    return (
        "Git moved to",
        data.get("revision"),
        f"{event.reason} ({plural(count, 'commit')})" if count > 1 else event.reason,
    )


def _drift(event: Event, data: Data) -> tuple[str, str | None, str]:
    paths, count = [str(path) for path in data.get("paths", ())][:3], int(data.get("count") or 0)
    more = [f"{count - len(paths)} more"] if count > len(paths) else []
    word = "Drift found in" if event.type is EventType.DRIFT_DETECTED else "Drift is now in"
    return f"{word} {plural(count, 'file')}", None, sentence([*paths, *more])


def _drift_ended(event: Event, data: Data) -> tuple[str, str | None, str]:
    ending = look(data.get("ending"), "ending").label
    if data.get("ending") == Ending.SUPERSEDED:
        return "Drift overwritten by a delivery", None, ""
    return f"Drift ended: {ending}", None, f"by {actor(data.get('by'))}" if data.get("by") else ""


def _acknowledged(event: Event, data: Data) -> tuple[str, str | None, str]:
    return f"{actor(data.get('by'))} knows about the drift", None, ""


def _held(event: Event, data: Data) -> tuple[str, str | None, str]:
    until = f" until {data['expires_at'][:16].replace('T', ' ')} UTC" if data.get("expires_at") else ""
    return f"Automation held by {actor(data.get('owner'))}{until}", None, event.reason


def _bad(event: Event, data: Data) -> tuple[str, str | None, str]:
    return "Marked bad", data.get("revision"), event.reason


def _moved(event: Event, data: Data) -> tuple[str, str | None, str]:
    return "Branch was rewritten" if data.get("forced") else "Branch moved", data.get("after"), event.reason


def _health(event: Event, data: Data) -> tuple[str, str | None, str]:
    return f"Health went from {data.get('from')} to {data.get('to')}", None, ""


def _edited(event: Event, data: Data) -> tuple[str, str | None, str]:
    parts = [key for key in data if key in ("mode", "source", "target", "policy", "labels")]
    by = f" {event.reason[:3]}{actor(event.reason[3:])}" if event.reason.startswith("by ") else ""
    what = f"{sentence(parts)} changed{by}" if parts else event.reason
    return "Settings edited", None, what


def _switched(event: Event, data: Data) -> tuple[str, str | None, str]:
    before, after = data.get("from") or {}, data.get("to") or {}
    modes = f" from {before.get('mode')} to {after.get('mode')}" if before.get("mode") != after.get("mode") else ""
    places = {"agent": "an agent", "server": "this server"}
    place = f" to {places.get(after.get('runs_on', ''), '')}" if before.get("runs_on") != after.get("runs_on") else ""
    joint = ", and" if modes and place else ""
    by = f"by {actor(data.get('by'))}"
    title = f"Switched{modes}{joint}{place}" if modes or place else "Switched to another address of the same place"
    return title, None, f"{by}: {event.reason}" if event.reason else by


def _beside(event: Event) -> tuple[str, str] | None:
    """Before and after, where a switch changed the mode."""
    before, after = event.data.get("from") or {}, event.data.get("to") or {}
    if event.type is not EventType.ENVIRONMENT_SWITCHED or before.get("mode") == after.get("mode"):
        return None
    address = links.with_query("/compare", {"environment": event.environment, "window": "all"})
    return "Compare before and after the switch", address


def _by(event: Event, data: Data) -> tuple[str, str | None, str]:
    return look(event.type, "event").label, None, f"by {actor(event.reason.removeprefix('by '))}"


def _hold_ended(event: Event, data: Data) -> tuple[str, str | None, str]:
    return "Hold ended", None, event.reason if event.reason != "resumed" else ""


def _missed(event: Event, data: Data) -> tuple[str, str | None, str]:
    return "The webhook never came for", data.get("revision"), "the poll found the commit"


def _never_brought(event: Event, data: Data) -> tuple[str, str | None, str]:
    return "No pipeline brought", data.get("revision"), "something newer took its place"


def _agent(event: Event, data: Data) -> tuple[str, str | None, str]:
    name = data.get("name") or "The agent"
    words = {
        EventType.AGENT_ENROLLED: f"Agent {name} works for it now",
        EventType.AGENT_REVOKED: f"Agent {name} was revoked",
        EventType.AGENT_SILENT: f"Agent {name} fell silent",
        EventType.AGENT_HEARD: f"Agent {name} is heard again",
    }
    by = event.reason.partition(" by ")[2]
    return words[event.type], None, f"by {actor(by)}" if by and event.type is EventType.AGENT_REVOKED else ""


TOLD: Mapping[EventType, Callable[[Event, Data], tuple[str, str | None, str]]] = {
    EventType.ENVIRONMENT_CREATED: _by,
    EventType.REVISION_NOTICED: _noticed,
    EventType.DRIFT_DETECTED: _drift,
    EventType.DRIFT_CHANGED: _drift,
    EventType.DRIFT_ENDED: _drift_ended,
    EventType.DRIFT_ACKNOWLEDGED: _acknowledged,
    EventType.HOLD_SET: _held,
    EventType.HOLD_ENDED: _hold_ended,
    EventType.REVISION_MARKED_BAD: _bad,
    EventType.REF_MOVED: _moved,
    EventType.HEALTH_CHANGED: _health,
    EventType.ENVIRONMENT_EDITED: _edited,
    EventType.ENVIRONMENT_SWITCHED: _switched,
    EventType.WEBHOOK_MISSED: _missed,
    EventType.PIPELINE_MISSED: _never_brought,
    EventType.AGENT_ENROLLED: _agent,
    EventType.AGENT_REVOKED: _agent,
    EventType.AGENT_SILENT: _agent,
    EventType.AGENT_HEARD: _agent,
}


def summary(operation: Operation) -> str:
    """An operation in one plain line, for titles and lists: "Deployed 1f0c9d2a"."""
    sha = target_revision(operation)
    return f"{deed(operation)} {short(sha)}" if sha else deed(operation)
