"""One environment against itself: before and after it was switched between push and pull."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.comparison.result import Cell, ComparisonRow, ModeSwitch, Subject
from app.comparison.window import Window
from app.domain.environment import Environment, Mode, RunsOn, TargetSpec
from app.domain.events import Event
from app.domain.events.environment_events import EnvironmentEdited, EnvironmentSwitched
from app.wording.quantities import plural


def marks(events: Iterable[Event]) -> tuple[ModeSwitch, ...]:
    """The changes of mode that the ledger tells, oldest first."""
    found = []
    for event in events:
        switch = _switch(event)
        if event.at and switch:
            found.append(ModeSwitch(event.at, *switch.modes(), str(switch.by)))
    return tuple(sorted(found, key=lambda mark: mark.at))


def _switch(event: Event) -> EnvironmentSwitched | EnvironmentEdited | None:
    """What an event says, if it changed the mode."""
    fact = event.fact
    if not isinstance(fact, EnvironmentSwitched | EnvironmentEdited):
        return None
    before, after = fact.modes()
    return fact if before and after and before != after else None


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
    return Subject(environment.name, environment.mode.value, tuple(switches), sentence)


def of_itself(rows: Iterable[ComparisonRow], about: Subject) -> tuple[ComparisonRow, ...]:
    """The rows of one that is compared with itself: a cell with nothing in it says why, and never reads as if there
    were no such environment."""

    def said(cell: Cell) -> Cell:
        if cell.n or (not about.switches and cell.mode == about.mode):
            return cell
        if about.switches:
            told = f"Nothing of this was measured while {about.environment} ran as {cell.mode}."
        else:
            told = f"{about.environment} has not run as {cell.mode} yet."
        return replace(cell, sentence=told)

    return tuple(replace(row, push=said(row.push), pull=said(row.pull)) for row in rows)


def _other(environment: Environment) -> Mode:
    return Mode.PULL if environment.mode is Mode.PUSH else Mode.PUSH


def _span(part: Stretch, environment: Environment, window: Window) -> str:
    since = max(part.since, environment.created_at or part.since)
    end = "until now" if part.until == window.until else f"to {part.until:%-d %b %Y %H:%M}"
    return f"from {since:%-d %b %Y %H:%M} {end}"


def sides(environment: Environment, events: Iterable[Event]) -> tuple[tuple[Environment, ...], Environment | None]:
    """The environment as it is beside what it was in the other mode when it was last switched, and the latter alone.

    Only the mode that it was registered in has a first delivery to count from.
    """
    switched = [(event.id, fact) for event in events if (fact := _switch(event)) is not None]
    if not switched:
        return (environment,), None
    _, newest = max(switched, key=lambda one: one[0])
    _, oldest = min(switched, key=lambda one: one[0])
    first = oldest.modes()[0]
    now, former = (_aged(one, first) for one in (environment, _former(environment, newest)))
    if former.mode is now.mode:
        return (now,), None
    return tuple(sorted((now, former), key=lambda one: one.created_at is not None)), former


def _aged(environment: Environment, first: str) -> Environment:
    return environment if environment.mode.value == first else replace(environment, created_at=None)


def _former(environment: Environment, switch: EnvironmentSwitched | EnvironmentEdited) -> Environment:
    """The environment as it was before a switch."""
    mode = Mode(switch.modes()[0])
    if isinstance(switch, EnvironmentEdited):
        return replace(environment, mode=mode)
    was, target = switch.before, dict(switch.before.target)
    place = TargetSpec(str(target.pop("kind", environment.target.kind)), target) if target else environment.target
    policy = replace(environment.policy, auto_sync=was.auto_sync)
    source = replace(environment.source, credential=was.credential)
    runs_on = RunsOn(was.runs_on or environment.runs_on)
    return replace(environment, mode=mode, runs_on=runs_on, target=place, policy=policy, source=source)
