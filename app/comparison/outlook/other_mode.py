"""How recorded commits would have gone live had they been noticed otherwise: by a poll, or by a pipeline's call.

One delivery runs at a time, and one that waits makes way for a newer one, as in an environment's queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, inf

from app.comparison.outlook.recorded_commits import RecordedCommit

PHASES = 64  # of the poll against the commits, spread evenly over the interval
DELAYS = 64


@dataclass(frozen=True, slots=True)
class Course:
    """What would have happened, over all cases that were tried. `waits`: seconds from visible to live of those that
    would have gone live; `overtaken`: mean number of those that would not, of `n`."""

    waits: tuple[float, ...]
    overtaken: float
    n: int


def polled(commits: Sequence[RecordedCommit], interval_s: float) -> Course:
    """Noticed by a poll every `interval_s` seconds, whose phase nobody knows: every phase is as likely."""
    phases = [interval_s * (number + 0.5) / PHASES for number in range(PHASES)]
    return _course(commits, [_tick_after(interval_s, phase) for phase in phases])


def _tick_after(interval_s: float, phase: float) -> Callable[[int, float], float]:
    return lambda _, visible: phase + ceil((visible - phase) / interval_s) * interval_s


def called(commits: Sequence[RecordedCommit], delays_s: Sequence[float]) -> Course:
    """Noticed when a pipeline or webhook calls, `delays_s` after the commit could be seen: each of them as likely for
    each commit."""
    ordered, size = sorted(delays_s), min(DELAYS, len(delays_s))
    picked = [ordered[(2 * number + 1) * len(ordered) // (2 * size)] for number in range(size)]
    stride = _stride(size)
    return _course(commits, [_delayed(picked, shift, stride) for shift in range(size)])


def _stride(size: int) -> int:
    """A step through `size` values that follows no commit's neighbour with the neighbouring value."""
    return next(step for step in range(max(1, round(size * 0.618)), size + 1) if _coprime(step, size))


def _coprime(one: int, other: int) -> bool:
    while other:
        one, other = other, one % other
    return one == 1


def _delayed(picked: Sequence[float], shift: int, stride: int) -> Callable[[int, float], float]:
    return lambda number, visible: visible + picked[(shift + number * stride) % len(picked)]


def _course(commits: Sequence[RecordedCommit], noticings: Sequence[Callable[[int, float], float]]) -> Course:
    waits: list[float] = []
    for noticed_at in noticings:
        told = [(noticed_at(number, one.visible_s), one) for number, one in enumerate(commits)]
        waits += _delivered(list(_noticed_alone(told)))
    gone_live = len(waits) / len(noticings) if noticings else 0.0
    return Course(tuple(waits), len(commits) - gone_live, len(commits))


def _noticed_alone(told: Sequence[tuple[float, RecordedCommit]]) -> Iterable[tuple[float, RecordedCommit]]:
    """Those that are noticed before any newer one is."""
    newer = [*accumulate((at for at, _ in reversed(told)), min)][::-1]
    return (one for one, then in zip(told, [*newer[1:], inf], strict=True) if one[0] < then)


def _delivered(noticed: Sequence[tuple[float, RecordedCommit]]) -> Iterable[float]:
    """Seconds from visible to live of those that go live, of commits in the order in which they are noticed."""
    free = -inf
    for number, (at, commit) in enumerate(noticed):
        start = max(at, free)
        if number + 1 == len(noticed) or noticed[number + 1][0] > start:
            free = start + commit.took_s
            yield free - commit.visible_s
