"""Events other than operations in words: a title, the revision after it, and the details."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.domain.events import Event, Fact
from app.domain.events.agent_events import AgentEnrolled, AgentHeard, AgentSilent, AgentWasRevoked
from app.domain.events.environment_events import (
    DriftAcknowledged,
    DriftChanged,
    DriftDetected,
    DriftEnded,
    DriftWrittenBack,
    EnvironmentCreated,
    EnvironmentEdited,
    EnvironmentSwitched,
    HealthChanged,
    HoldEnded,
    HoldSet,
    IgnoreRuleEdited,
    RevisionMarkedBad,
    RollbackHoldSet,
)
from app.domain.events.source_events import PipelineMissed, RefMoved, RevisionNoticed, WebhookMissed
from app.domain.state.drift import Ending
from app.wording.badges import look
from app.wording.quantities import listed, plural
from app.wording.short_names import actor, short
from app.wording.times import clock, duration

Words = tuple[str, str | None, str]


def words_of(event: Event, fact: Fact, noun: str) -> Words:
    """Title, revision and small print of an event. `noun`: one of what is delivered to its environment."""
    if isinstance(fact, DriftDetected):
        return _drift(fact, noun)
    for kinds, words in WORDS:
        if isinstance(fact, kinds):
            found: Words = words(fact)
            return found
    return look(event.type, "event").label, None, event.reason


def _created(fact: EnvironmentCreated) -> Words:
    return look(fact.type, "event").label, None, f"by {actor(str(fact.by))}"


def _noticed(fact: RevisionNoticed) -> Words:
    commits = f"{fact.subject} ({plural(fact.commits, 'commit')})" if fact.commits > 1 else fact.subject
    return "Git moved to", fact.revision, commits


def _drift(fact: DriftDetected, noun: str) -> Words:
    paths = fact.paths[:3]
    more = [f"{fact.count - len(paths)} more"] if fact.count > len(paths) else []
    word = "Drift is now in" if isinstance(fact, DriftChanged) else "Drift found in"
    healed = f"{_healed(fact)}; left: " if isinstance(fact, DriftChanged) and fact.healed else ""
    return f"{word} {plural(fact.count, noun)}", None, healed + listed([*paths, *more])


def _healed(fact: DriftChanged) -> str:
    """ "a and b healed by ana" """
    more = [f"{len(fact.healed) - 3} more"] if len(fact.healed) > 3 else []
    return f"{listed([*fact.healed[:3], *more])} healed by {actor(str(fact.by))}"


def drift_story(events: Sequence[Event], noun: str) -> tuple[str, str]:
    """One episode of drift, oldest event first, as one title and its small print: found, and what became of it."""
    begun, last = events[0], events[-1].fact
    counts = [event.fact for event in events if isinstance(event.fact, DriftDetected)]
    end, start = events[-1].at, begun.at
    lasting = duration(end - start) if end and start else ""
    title = f"Drift in {plural(counts[-1].count, noun)}" if counts else "Drift"
    if isinstance(last, DriftEnded):
        over = last.ending == Ending.SUPERSEDED
        title += ", overwritten by a delivery" if over else f", ended: {look(last.ending, 'ending').label}"
    found = f"Found at {clock(begun.at)} UTC: {_drift(counts[0], noun)[2]}" if counts else ""
    later = [_later(event.fact, noun) for event in events[1:]]
    told = "; ".join([part for part in (found, *later) if part])
    return title, f"{told}, after {lasting}" if isinstance(last, DriftEnded) and len(events) > 1 and lasting else told


def _later(fact: Fact, noun: str) -> str:
    """What happened in an episode after it was found."""
    if isinstance(fact, DriftChanged) and fact.healed:
        return f"{_healed(fact)}, then in {plural(fact.count, noun)}"
    if isinstance(fact, DriftDetected):
        return f"then in {plural(fact.count, noun)}"
    if isinstance(fact, DriftAcknowledged):
        return f"known to {actor(str(fact.by))}"
    if isinstance(fact, DriftWrittenBack):
        return f"written back to {fact.branch} as {short(fact.revision)} by {actor(str(fact.by))}"
    if isinstance(fact, DriftEnded):
        by = actor(str(fact.by)) if str(fact.by) else ""
        return f"ended by {by}" if by and fact.ending != Ending.SUPERSEDED else "ended"
    return ""


def _drift_ended(fact: DriftEnded) -> Words:
    if fact.ending == Ending.SUPERSEDED:
        return "Drift overwritten by a delivery", None, ""
    by = str(fact.by)
    return f"Drift ended: {look(fact.ending, 'ending').label}", None, f"by {actor(by)}" if by else ""


def _written_back(fact: DriftWrittenBack) -> Words:
    more = [f"{len(fact.paths) - 3} more"] if len(fact.paths) > 3 else []
    what = listed([*fact.paths[:3], *more])
    return f"Written back to {fact.branch} as", fact.revision, f"by {actor(str(fact.by))}: {what}"


def _acknowledged(fact: DriftAcknowledged) -> Words:
    return f"{actor(str(fact.by))} knows about the drift", None, ""


def _held(fact: HoldSet) -> Words:
    until = f" until {fact.expires_at[:16].replace('T', ' ')} UTC" if fact.expires_at else ""
    return f"Automation held by {actor(str(fact.owner))}{until}", None, fact.why


def _held_by_rollback(fact: RollbackHoldSet) -> Words:
    return f"Automation held by {actor(None)}", None, fact.why


def _hold_ended(fact: HoldEnded) -> Words:
    return "Hold ended", None, "" if fact.resumed else fact.why


def _bad(fact: RevisionMarkedBad) -> Words:
    return "Marked bad", fact.revision, fact.why


def _moved(fact: RefMoved) -> Words:
    return "Branch was rewritten" if fact.forced else "Branch moved", fact.after, fact.why


def _health(fact: HealthChanged) -> Words:
    return f"Health went from {fact.before} to {fact.after}", None, ""


def _edited(fact: EnvironmentEdited) -> Words:
    parts = [key for key in fact.changes if key in ("mode", "source", "target", "policy", "labels")]
    by = f"by {actor(str(fact.by))}"
    return "Settings edited", None, f"{listed(parts)} changed {by}" if parts else by


def _rule_edited(fact: IgnoreRuleEdited) -> Words:
    return "Settings edited", None, fact.reason


def _switched(fact: EnvironmentSwitched) -> Words:
    before, after = fact.before, fact.after
    modes = f" from {before.mode} to {after.mode}" if before.mode != after.mode else ""
    places = {"agent": "an agent", "server": "this server"}
    place = f" to {places.get(after.runs_on, '')}" if before.runs_on != after.runs_on else ""
    joint = ", and" if modes and place else ""
    by = f"by {actor(str(fact.by))}"
    title = f"Switched{modes}{joint}{place}" if modes or place else "Switched to another address of the same place"
    return title, None, f"{by}: {fact.why}" if fact.why else by


def _missed(fact: WebhookMissed) -> Words:
    return "The webhook never came for", fact.revision, "the poll found the commit"


def _never_brought(fact: PipelineMissed) -> Words:
    return "No pipeline brought", fact.revision, "something newer took its place"


def _enrolled(fact: AgentEnrolled) -> Words:
    return f"Agent {fact.name} works for it now", None, ""


def _revoked(fact: AgentWasRevoked) -> Words:
    by = str(fact.by)
    return f"Agent {fact.name} was revoked", None, f"by {actor(by)}" if by else ""


def _silent(fact: AgentSilent) -> Words:
    return f"Agent {fact.name} fell silent", None, ""


def _heard(fact: AgentHeard) -> Words:
    return f"Agent {fact.name} is heard again", None, ""


WORDS: tuple[tuple[type[Fact], Callable[[Any], Words]], ...] = (
    (EnvironmentCreated, _created),
    (RevisionNoticed, _noticed),
    (DriftEnded, _drift_ended),
    (DriftWrittenBack, _written_back),
    (DriftAcknowledged, _acknowledged),
    (HoldSet, _held),
    (RollbackHoldSet, _held_by_rollback),
    (HoldEnded, _hold_ended),
    (RevisionMarkedBad, _bad),
    (RefMoved, _moved),
    (HealthChanged, _health),
    (EnvironmentEdited, _edited),
    (IgnoreRuleEdited, _rule_edited),
    (EnvironmentSwitched, _switched),
    (WebhookMissed, _missed),
    (PipelineMissed, _never_brought),
    (AgentEnrolled, _enrolled),
    (AgentWasRevoked, _revoked),
    (AgentSilent, _silent),
    (AgentHeard, _heard),
)
