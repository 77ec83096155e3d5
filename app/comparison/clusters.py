"""What belongs together among the counted: deliveries of one environment resemble each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from app.comparison.counted import Counted

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Figure = Callable[[Sequence[Counted]], float]


def by_environment(cases: Iterable[Counted]) -> Mapping[str, Sequence[Counted]]:
    """{environment: its cases}. What happened in several environments makes them one cluster, under all
    their names."""
    found: dict[str, list[Counted]] = defaultdict(list)
    several = []
    for case in cases:
        name = case.place
        if name:
            found[name].append(case)
        else:
            several.append(case)
    named = joined(case.environments for case in several)
    for case in several:
        found[named[next(iter(case.environments))] if case.environments else ""].append(case)
    return found


def when(case: Counted) -> datetime:
    """The order of time; what has none comes first."""
    return case.at or _NEVER


def joined(groups: Iterable[frozenset[str]]) -> Mapping[str, str]:
    """{member: the name of all that hang together with it}, where members of one group hang together."""
    of: dict[str, set[str]] = {}
    for group in set(groups):
        whole = set(group).union(*(of[one] for one in group if one in of))
        of.update(dict.fromkeys(whole, whole))
    names = {id(whole): ", ".join(sorted(whole)) for whole in of.values()}
    return {one: names[id(whole)] for one, whole in of.items()}


def movement(scores: Sequence[float], environments: Sequence[str]) -> list[float]:
    """How scores in the order of their times move together, whatever environment they are from: each without the mean
    of its environment, and as many at a time averaged as there are environments, unless few would be left."""
    groups: dict[str, list[float]] = defaultdict(list)
    for score, environment in zip(scores, environments, strict=True):
        groups[environment].append(score)
    n, own = len(scores), {name: sum(of) / len(of) for name, of in groups.items()}
    if n < 2 * len(groups):
        return list(scores)  # too few of each to tell an environment's own mean
    lost = (n / (n - len(groups))) ** 0.5  # each mean takes a degree of freedom
    off = [lost * (score - own[name]) for score, name in zip(scores, environments, strict=True)]
    length = max(1, min(len(groups), n // 20))
    return [sum(off[at : at + length]) / length for at in range(0, n - length + 1, length)]
