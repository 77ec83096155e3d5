"""The same commits both ways: each compared with itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from app.comparison.counted import Counted
from app.comparison.evidence import MODES, STARTS, Evidence
from app.comparison.judgement import pairs
from app.comparison.pairing import BothWays, Pairs
from app.comparison.result import Heading, Pairing
from app.comparison.timing.clock_chain import ORIGIN, Delivered
from app.domain.environment import Environment

_PAIRED = (
    "Only revisions that went live both in a push and in a pull environment, each compared with itself (median over "
    "the environments of a mode), so that size and hour of a commit weigh on both alike. Twins (same source and path, "
    "same kind of target) need eight revisions for a verdict; others differ as environments do, so it takes five of "
    "each mode, or six couples."
)
_ALONE = "Revisions that went one way only, and deliveries that lead time leaves out."
PAIRED_LEAD = Heading(
    key="paired_lead_time",
    criterion="immediacy",
    title="The same commits: commit to live",
    question="Which way gets the same commit live sooner?",
    unit="s",
    better="lower",
    needed=8,
    definition=_PAIRED,
    events="First deliveries of revisions that went live in environments of both modes.",
    formula="each mode: median over the revisions of the median over its environments of `live − committed`",
    exclusions=_ALONE,
    source="ours, after DORA's change lead time",
)
PAIRED_NOTICED = Heading(
    key="paired_noticed",
    criterion="immediacy",
    title="The same commits: noticed",
    question="Which way notices the same commit sooner?",
    unit="s",
    better="lower",
    needed=8,
    definition=f"{_PAIRED} {ORIGIN}",
    events="First deliveries of such revisions, all of them started by a webhook, a pipeline, a poll or an agent.",
    formula=(
        "each mode: median over the revisions of the median over its environments of `noticed − max(committed, last "
        "look without it)`"
    ),
    exclusions=f"{_ALONE} Revisions of which somebody started a delivery by hand.",
    source="ours",
)
Twice = tuple[Sequence[Delivered], Sequence[Delivered]]


def paired(evidence: Evidence) -> tuple[Pairing, ...]:
    """The paired comparisons."""
    twice, started = _twice(evidence)
    known = {(one.name, one.mode.value): one for one in evidence.environments}

    def alike(push: str, pull: str) -> bool:
        one, other = known.get((push, MODES[0])), known.get((pull, MODES[1]))
        return one is None or other is None or _like(one) == _like(other)  # of one that was deleted, nothing is known

    return (
        pairs(PAIRED_LEAD, "sooner", Pairs(_both(twice, lambda one: one.lead), alike)),
        pairs(PAIRED_NOTICED, "sooner", Pairs(_both(started, lambda one: one.noticing), alike)),
    )


def paired_cases(evidence: Evidence) -> Iterator[tuple[Heading, str, Counted]]:
    """Every delivery behind the paired comparisons, with the time that it contributes."""
    twice, started = _twice(evidence)
    for one in (one for pair in _timed(twice, lambda one: one.lead) for side in pair for one in side):
        if one.committed_at:
            yield PAIRED_LEAD, one.fact.mode, Counted.lasting(one.committed_at, one.live_at, one.fact)
    for one in (one for pair in _timed(started, lambda one: one.noticing) for side in pair for one in side):
        if one.visible_at:
            yield PAIRED_NOTICED, one.fact.mode, Counted.lasting(one.visible_at, one.noticed_at, one.fact)


def _twice(evidence: Evidence) -> tuple[list[Twice], list[Twice]]:
    """Revisions that went both ways; those of them that nobody had to start."""
    both: dict[str, dict[str, list[Delivered]]] = defaultdict(dict)
    for mode in MODES:
        for one in evidence.delivered[mode]:
            both[one.revision].setdefault(mode, []).append(one)
    twice: list[Twice] = [(sides[MODES[0]], sides[MODES[1]]) for sides in both.values() if len(sides) == len(MODES)]
    return twice, [pair for pair in twice if all(one.fact.trigger in STARTS for side in pair for one in side)]


def _like(environment: Environment) -> tuple[str, str, str]:
    return environment.source.repo_url, environment.source.path, environment.target.kind


def _both(twice: Sequence[Twice], seconds: Callable[[Delivered], float | None]) -> list[BothWays]:
    """Those whose times are known on both sides."""
    found = []
    for pair in _timed(twice, seconds):
        push, pull = ({one.fact.environment: seconds(one) or 0.0 for one in side} for side in pair)
        found.append(BothWays(min(one.live_at for side in pair for one in side), push, pull))
    return found


def _timed(twice: Iterable[Twice], seconds: Callable[[Delivered], float | None]) -> Iterator[Twice]:
    """Of commits with a known time on both sides, the deliveries that have one."""
    for pair in twice:
        push, pull = ([one for one in side if seconds(one) is not None] for side in pair)
        if push and pull:
            yield push, pull
