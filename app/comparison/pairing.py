"""The same commits both ways: size and hour of a commit weigh on both modes alike.

What is left to tell apart is the mode from the environments. Two twins differ in little else; of others there have to
be several, since one slow environment would make its mode look slow with every commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import copysign

from app.comparison.clusters import joined, movement
from app.comparison.mode_tests import ENVIRONMENTS, LEVEL, Contrast
from app.comparison.statistics import median
from app.comparison.statistics.needed import environments_for, pairs_for
from app.comparison.statistics.rank_tests import (
    centre,
    centre_interval,
    doubled_ranks,
    rank_sum_p,
    shift,
    shift_interval,
    signed_rank_p,
)
from app.comparison.statistics.time_dependence import BESIDE, FEWEST, one_series_p, worth
from app.wording.figures import NOT_TWINS, couples_missing, stretches_missing

COUPLES = 6  # of fewer, even the clearest signs have a p of more than 5 %
Alike = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class BothWays:
    """A commit that went both ways. `push`, `pull`: {environment: seconds}; `at`: when it was first live (UTC)."""

    at: datetime
    push: Mapping[str, float]
    pull: Mapping[str, float]

    @property
    def sides(self) -> tuple[float, float]:
        """The median of the push environments, and that of the pull environments."""
        return median([*self.push.values()]), median([*self.pull.values()])


class Pairs:
    """Commits that went both ways, in the order of time. `alike`: whether a push and a pull environment, by name, have
    the same source, path and kind of target."""

    def __init__(self, commits: Iterable[BothWays], alike: Alike) -> None:
        self.commits = sorted(commits, key=lambda one: one.at)
        self._alike = alike
        self.push = sorted({name for one in self.commits for name in one.push})
        self.pull = sorted({name for one in self.commits for name in one.pull})

    @cached_property
    def sides(self) -> list[tuple[float, float]]:
        """The median of the push environments and that of the pull environments, commit by commit."""
        return [one.sides for one in self.commits]

    @cached_property
    def differences(self) -> list[float]:
        """Push minus pull, commit by commit."""
        return [push - pull for push, pull in self.sides]

    @cached_property
    def couples(self) -> list[str]:
        """For each commit, the environments that hang together with those it went to, as one name."""
        named = joined(frozenset({*one.push, *one.pull}) for one in self.commits)
        return [named[next(iter(one.push))] for one in self.commits]

    @property
    def unlike(self) -> str:
        """Why the two environments are no twins; "" where they are, or where there are more than two."""
        one = len(self.push) == len(self.pull) == 1
        return NOT_TWINS if one and not self._alike(self.push[0], self.pull[0]) else ""

    def found(self) -> Contrast:
        """What sets the modes apart."""
        environments = {"push": len(self.push), "pull": len(self.pull)}
        if not self.commits:
            return Contrast(environments=environments)
        found = Contrast(centre(self.differences), effect=self._effect(), environments=environments)
        if len(self.push) == len(self.pull) == 1:
            return self._of_twins(found)
        if len(set(self.couples)) >= COUPLES:
            return self._of_couples(found)
        if min(environments.values()) >= ENVIRONMENTS:
            return self._of_environments(found)
        return replace(found, missing=couples_missing(len(set(self.couples)), COUPLES, ENVIRONMENTS))

    def _effect(self) -> float:
        return sum((one < 0) + (one == 0) / 2 for one in self.differences) / len(self.commits)

    def _of_twins(self, found: Contrast) -> Contrast:
        if self.unlike:
            return replace(found, missing=self.unlike)
        if not any(self.differences):
            return found
        told = min(worth(self.differences), worth(_signed(self.differences)))
        if told < FEWEST:
            return replace(found, missing=stretches_missing(told))
        p, in_time = signed_rank_p(self.differences), self._p_in_time()
        needed = pairs_for(self.differences, told / len(self.commits))
        return _tested(replace(found, interval=centre_interval(self.differences, told), needed=needed), p, in_time)

    def _of_couples(self, found: Contrast) -> Contrast:
        of: dict[str, list[float]] = {}
        for name, difference in zip(self.couples, self.differences, strict=True):
            of.setdefault(name, []).append(difference)
        each = [centre(differences) for differences in of.values()]
        if not any(each):
            return found
        told = replace(found, difference=centre(each), interval=centre_interval(each), needed=pairs_for(each))
        return _tested(told, signed_rank_p(each), self._p_in_time(BESIDE, self.couples))

    def _of_environments(self, found: Contrast) -> Contrast:
        """Environments of both modes by how far off the commits' middle they are."""
        off: tuple[dict[str, list[float]], dict[str, list[float]]] = {}, {}
        for commit, sides in zip(self.commits, self.sides, strict=True):
            middle = sum(sides) / 2
            for mode, side in zip(off, (commit.push, commit.pull), strict=True):
                for name, seconds in side.items():
                    mode.setdefault(name, []).append(seconds - middle)
        first, second = ([median(values) for values in mode.values()] for mode in off)
        if len({*first, *second}) == 1:
            return found
        needed, interval = environments_for(first, second), shift_interval(first, second)
        told = replace(found, difference=shift(first, second), interval=interval, needed=needed)
        return _tested(told, rank_sum_p(first, second), self._p_in_time())

    def _p_in_time(self, fewest: float = FEWEST, couples: Sequence[str] = ()) -> float:
        told = _signed(self.differences)
        return one_series_p(sum(told) / len(told), movement(told, couples) if couples else told, fewest)


def _tested(found: Contrast, p: float, in_time: float) -> Contrast:
    """`p`: what environments or commits tell; `in_time`: what the order of time does."""
    needed = None if p <= LEVEL else found.needed
    return replace(found, p=max(p, in_time), needed=needed, moving=p <= LEVEL < in_time)


def _signed(differences: Sequence[float]) -> list[float]:
    """The rank of each difference by its size, with its sign, between −1 and 1: no outlier weighs more than another."""
    ranks = doubled_ranks([abs(one) for one in differences])
    most = 2 * len(ranks)
    return [copysign(rank / most, one) if one else 0.0 for rank, one in zip(ranks, differences, strict=True)]
