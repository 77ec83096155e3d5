"""Operations and events in sentences; the timeline, the lists and an operation's own page tell them alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.events import Event
from app.domain.events.environment_events import DriftDetected, EnvironmentSwitched
from app.domain.events.operation_events import AnnouncedDecision, Decision
from app.domain.operation import Operation, OperationKind, Outcome, Phase, StageName, Trigger
from app.web.rendering import links
from app.wording.badges import look
from app.wording.event_words import words_of
from app.wording.short_names import actor, short


@dataclass(frozen=True, slots=True)
class Title:
    """What happened, as it stands alone, and the words that lead on from there to a revision."""

    alone: str
    lead: str = ""

    def __str__(self) -> str:
        return self.alone + self.lead


SYNCS = {
    Outcome.DEPLOYED: Title("Deployed"),
    Outcome.ROLLED_BACK: Title("Rolled back", " to"),
    Outcome.HEALED: Title("Healed drift", ", back to"),
    Outcome.NO_OP: Title("Nothing to do", " for"),
    Outcome.HELD: Title("Held back"),
    Outcome.SUPERSEDED: Title("Passed over"),
    Outcome.FILTERED: Title("Nothing to do", " for"),
    Outcome.REFUSED: Title("Refused to deliver"),
    Outcome.FAILED: Title("Failed to deliver"),
    Outcome.OBSERVED: Title("Would have deployed"),
}
UNFINISHED = {
    Phase.QUEUED: Title("Waiting to deliver"),
    Phase.RUNNING: Title("Delivering"),
    Phase.TERMINATED: Title("Stopped delivering"),
    Phase.ERROR: Title("Could not deliver"),
    Phase.SUPERSEDED: Title("Passed over"),
    Phase.FAILED: Title("Failed to deliver"),
}
COMPARISONS = {
    Phase.QUEUED: Title("Waiting to compare"),
    Phase.RUNNING: Title("Comparing live with Git"),
    Phase.TERMINATED: Title("Stopped comparing"),
    Phase.ERROR: Title("Could not compare"),
    Phase.SUPERSEDED: Title("Comparison passed over"),
    Phase.FAILED: Title("Comparison failed"),
}
STARTERS = {
    Trigger.SCHEDULE: "found by the poll",
    Trigger.WEBHOOK: "announced by a webhook",
    Trigger.SELF_HEAL: "healed by policy",
    Trigger.AGENT: "by the agent",
}
UNDECIDED = {
    Outcome.NUDGED: Title("A webhook brought the poll forward", " for"),
    Outcome.WAITING: Title("Waiting until it can be seen", ":"),
}
PLAIN = (*(outcome for outcome in Outcome if outcome.changed_live), Outcome.COMPARED)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline. `operation` brings its stages; `revision` and `subject` follow the title, and `alone` is
    the title of an operation where they do not."""

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
    alone: str = ""


def deed(operation: Operation) -> Title:
    """What an operation does or did, without its revision: "Deployed", "Comparing live with Git"."""
    if operation.kind is OperationKind.REFRESH:
        found = operation.outcome is Outcome.OUT_OF_SYNC
        done = "Compared: live differs from Git" if found else "Compared: live equals Git"
        return COMPARISONS.get(operation.phase, Title(done))
    rollback = operation.trigger is Trigger.ROLLBACK
    if rollback and not operation.phase.final:
        return Title("Rolling back" if operation.phase is Phase.RUNNING else "Waiting to roll back", " to")
    applied = operation.stage(StageName.APPLIED)
    if operation.outcome is Outcome.FAILED and applied and applied.finished_at:
        return Title("Live, but not healthy", ":")
    title = SYNCS.get(operation.outcome) if operation.outcome and operation.phase is not Phase.ERROR else None
    return title or UNFINISHED.get(operation.phase, Title("Delivered"))


def target_revision(operation: Operation) -> str | None:
    """The revision shown after the title; None for a refresh, whose title says it."""
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
    title, (tone, icon) = deed(operation), appearance(operation)
    at = operation.finished_at or operation.started_at or operation.created_at
    return Happening(
        id or f"op-{operation.id}", at, tone, icon, str(title), target_revision(operation),
        operation.subject, note(operation), operation, alone=title.alone,
    )  # fmt: skip


def of_event(event: Event) -> Happening:
    """An event that is no operation as a line of a timeline."""
    fact, seen = event.fact, look(event.type, "event")
    if isinstance(fact, Decision | AnnouncedDecision):
        return _decision(event, fact)
    title, revision, small = words_of(event, fact)
    return Happening(
        f"event-{event.id}", event.at, seen.tone, seen.icon, title, revision, "", sentence_case(small),
        to_drift=isinstance(fact, DriftDetected), link=_beside(event),
    )  # fmt: skip


def _decision(event: Event, fact: Decision | AnnouncedDecision) -> Happening:
    seen = look(fact.outcome, "outcome")
    known = Outcome(fact.outcome) if fact.outcome in list(Outcome) else None
    told = (UNDECIDED.get(known) or SYNCS.get(known)) if known else None
    title = str(told or seen.label) if fact.revision else f"Decided: {seen.label}"
    return Happening(
        f"event-{event.id}", event.at, seen.tone, seen.icon, title, fact.revision, "", sentence_case(event.reason)
    )


def _beside(event: Event) -> tuple[str, str] | None:
    """Before and after, where a switch changed the mode."""
    fact = event.fact
    if not isinstance(fact, EnvironmentSwitched) or fact.before.mode == fact.after.mode:
        return None
    address = links.with_query("/compare", {"environment": event.environment, "window": "all"})
    return "Compare before and after the switch", address


def summary(operation: Operation) -> str:
    """An operation in one plain line, for titles and lists: "Deployed 1f0c9d2a"."""
    sha = target_revision(operation)
    return f"{deed(operation)} {short(sha)}" if sha else str(deed(operation))
