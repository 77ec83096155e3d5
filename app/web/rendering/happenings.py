"""Operations and events in sentences; the timeline, the lists and an operation's own page tell them alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.events import Event
from app.domain.events.environment_events import (
    DriftAcknowledged,
    DriftDetected,
    DriftEnded,
    DriftWrittenBack,
    EnvironmentSwitched,
)
from app.domain.events.operation_events import AnnouncedDecision, Decision
from app.domain.operation import Operation, Outcome, Phase, Trigger
from app.web.rendering import links
from app.wording.badges import look
from app.wording.event_words import words_of
from app.wording.operation_words import SYNCS, Title, deed, note, sentence_case, target_revision

OF_EPISODES = (DriftDetected, DriftAcknowledged, DriftWrittenBack, DriftEnded)
UNDECIDED = {
    Outcome.NUDGED: Title("A webhook brought the poll forward", " for"),
    Outcome.WAITING: Title("Waiting until it can be seen", ":"),
}
BEGUN = Title("Begun elsewhere", ":")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline. `operation` brings its stages; `revision` and `subject` follow the title, and `alone` is
    the title of an operation where they do not. `href`: the page that the title leads to."""

    id: str
    at: datetime | None
    tone: str
    icon: str
    title: str
    revision: str | None = None
    subject: str = ""
    note: str = ""
    operation: Operation | None = None
    href: str = ""
    link: tuple[str, str] | None = None
    alone: str = ""


def appearance(operation: Operation) -> tuple[str, str]:
    """Tone and icon of an operation: its outcome's, or its phase's where that says more."""
    plain = operation.phase is Phase.SUCCEEDED and operation.outcome
    unwell = operation.phase is Phase.FAILED and operation.outcome in (Outcome.HELD, Outcome.REFUSED)
    seen = look(operation.outcome, "outcome") if plain or unwell else look(operation.phase, "phase")
    return seen.tone, seen.icon


def of_operation(operation: Operation, id: str = "") -> Happening:
    """An operation as a line of a timeline."""
    title, (tone, icon) = deed(operation), appearance(operation)
    at = operation.finished_at or operation.started_at or operation.created_at
    return Happening(
        id or f"op-{operation.id}", at, tone, icon, str(title), target_revision(operation),
        operation.subject, note(operation), operation, alone=title.alone,
    )  # fmt: skip


def of_event(event: Event, noun: str) -> Happening:
    """An event that is no operation as a line of a timeline. `noun`: one of what its environment is given."""
    fact, seen = event.fact, look(event.type, "event")
    if isinstance(fact, Decision | AnnouncedDecision):
        return _decision(event, fact)
    title, revision, small = words_of(event, fact, noun)
    return Happening(
        f"event-{event.id}", event.at, seen.tone, seen.icon, title, revision, "", sentence_case(small),
        href=_episode(event), link=_beside(event),
    )  # fmt: skip


def _decision(event: Event, fact: Decision | AnnouncedDecision) -> Happening:
    seen = look(fact.outcome, "outcome")
    known = Outcome(fact.outcome) if fact.outcome in list(Outcome) else None
    told = (UNDECIDED.get(known) or SYNCS.get(known)) if known else None
    if known is Outcome.WAITING and fact.trigger == Trigger.EXTERNAL.value:
        told = BEGUN
    title = str(told or seen.label) if fact.revision else f"Decided: {seen.label}"
    return Happening(
        f"event-{event.id}", event.at, seen.tone, seen.icon, title, fact.revision, "", sentence_case(event.reason)
    )


def _episode(event: Event) -> str:
    """The page of the episode that an event tells of. What agents told older versions counts the agents' episodes."""
    fact = event.fact
    if not isinstance(fact, OF_EPISODES) or not fact.episode:
        return ""
    theirs = event.origin is not None and "episode" not in event.origin
    return links.environment(event.environment or "", "drift") if theirs else links.episode(fact.episode)


def _beside(event: Event) -> tuple[str, str] | None:
    """Before and after, where a switch changed the mode."""
    fact = event.fact
    if not isinstance(fact, EnvironmentSwitched) or fact.before.mode == fact.after.mode:
        return None
    address = links.with_query("/compare", {"environment": event.environment, "window": "all"})
    return "Compare before and after the switch", address
