"""One environment against itself: before and after it was switched between push and pull."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.domain.comparison.result import Cell, ComparisonRow, ModeSwitch, Subject
from app.domain.comparison.window import Window
from app.domain.comparison.words import plural
from app.domain.environment import Environment, Mode, RunsOn, TargetSpec
from app.domain.events import Event, EventType


def marks(events: Iterable[Event]) -> tuple[ModeSwitch, ...]:
    """The changes of mode that the ledger tells, oldest first."""
    found = []
    for event in events:
        before, after = _modes(event)
        if event.at and before and after and before != after:
            by = str(event.data.get("by") or event.reason.removeprefix("by "))
            found.append(ModeSwitch(event.at, before, after, by))
    return tuple(sorted(found, key=lambda mark: mark.at))


def _modes(event: Event) -> tuple[str, str]:
    if event.type is EventType.ENVIRONMENT_SWITCHED:
        sides = [event.data.get(side) or {} for side in ("from", "to")]
        return str(sides[0].get("mode", "")), str(sides[1].get("mode", ""))
    edited = event.data.get("mode") or {}
    return (str(edited.get("from", "")), str(edited.get("to", ""))) if isinstance(edited, Mapping) else ("", "")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one mode."""

    mode: str
    since: datetime
    until: datetime


def stretches(mode: str, switches: Sequence[ModeSwitch], window: Window) -> tuple[Stretch, ...]:
    """The window, cut at the switches; `mode` is the present one."""
    cuts = [mark for mark in switches if window.since < mark.at < window.until]
    later = [mark for mark in switches if mark.at >= window.until]
    first = cuts[0].before if cuts else later[0].before if later else mode
    modes = [first, *(mark.after for mark in cuts)]
    times = [window.since, *(mark.at for mark in cuts), window.until]
    return tuple(Stretch(of, *times[number : number + 2]) for number, of in enumerate(modes))


def subject(
    environment: Environment, switches: Sequence[ModeSwitch], window: Window, counts: Mapping[str, int]
) -> Subject:
    """What is compared, in a sentence with dates on both sides and the number of syncs of each."""
    parts = stretches(environment.mode.value, switches, window)
    told = []
    for mode in dict.fromkeys(part.mode for part in parts):
        spans = [_span(part, environment, window) for part in parts if part.mode == mode]
        told.append(f"{mode} {', and '.join(spans)} ({plural(counts.get(mode, 0), 'sync')})")
    if not switches:
        other = _other(environment).value
        sentence = (
            f"{environment.name} has not run as {other} yet: {told[0]}. Switch it to {other}, and what is measured "
            f"then stands beside this; or let a shadow in {other} watch the same target, and its page sets the commits "
            "side by side."
        )
    elif len(told) < 2:
        sentence = f"{environment.name} was not switched in this window: {told[0]}. There is nothing to set against it."
    else:
        sentence = f"{environment.name} against itself: {told[0]}, and {told[1]}."
    return Subject(environment.name, tuple(switches), sentence)


def never_run(rows: Iterable[ComparisonRow], environment: Environment) -> tuple[ComparisonRow, ...]:
    """The rows of one that was never switched: of the other mode there is nothing, and each says why."""
    mode = _other(environment).value
    told = f"{environment.name} has not run as {mode} yet."

    def said(cell: Cell) -> Cell:
        return replace(cell, sentence=told) if cell.mode == mode and not cell.n else cell

    return tuple(replace(row, push=said(row.push), pull=said(row.pull)) for row in rows)


def _other(environment: Environment) -> Mode:
    return Mode.PULL if environment.mode is Mode.PUSH else Mode.PUSH


def _span(part: Stretch, environment: Environment, window: Window) -> str:
    since = max(part.since, environment.created_at or part.since)
    end = "until now" if part.until == window.until else f"to {part.until:%-d %b %Y %H:%M}"
    return f"from {since:%-d %b %Y %H:%M} {end}"


def sides(environment: Environment, events: Iterable[Event]) -> tuple[Environment, ...]:
    """The environment as it is and, under another id, as it was in the other mode when it was last switched.

    Only the mode that it was registered in has a first delivery to count from.
    """
    switched = [event for event in events if len(set(_modes(event))) == 2]
    if not switched:
        return (environment,)
    newest = max(switched, key=lambda event: event.id)
    oldest = min(switched, key=lambda event: event.id)
    other = _earlier(environment, newest)
    first = _modes(oldest)[0]
    both = (environment, other) if other.mode is not environment.mode else (environment,)
    aged = [one if one.mode.value == first else replace(one, created_at=None) for one in both]
    return tuple(sorted(aged, key=lambda one: one.created_at is not None))


def _earlier(environment: Environment, switched: Event) -> Environment:
    was: Mapping[str, Any] = switched.data.get("from") or {}
    mode = Mode(_modes(switched)[0])
    if switched.type is not EventType.ENVIRONMENT_SWITCHED:
        return replace(environment, id=-environment.id, mode=mode)
    target = dict(was.get("target") or {})
    place = TargetSpec(str(target.pop("kind", environment.target.kind)), target) if target else environment.target
    policy = replace(environment.policy, auto_sync=bool(was.get("auto_sync")))
    source = replace(environment.source, credential=was.get("credential"))
    runs_on = RunsOn(was.get("runs_on", environment.runs_on.value))
    return replace(
        environment, id=-environment.id, mode=mode, runs_on=runs_on, target=place, policy=policy, source=source
    )
