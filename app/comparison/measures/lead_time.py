"""Immediacy: when a commit was noticed, when it was live, what never went live, and the same commits both ways."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise
from operator import sub

from app.comparison.counted import Counted
from app.comparison.delivery_facts import DeliveryFact
from app.comparison.evidence import MODES, STARTS, Evidence
from app.comparison.judgement import Measure, Phrases, detail, pairs, shares, times
from app.comparison.measures.told_by_others import told_by
from app.comparison.pairing import BothWays, Pairs
from app.comparison.result import ComparisonRow, Day, Detail, Heading, Pairing, Stages, StageTime
from app.comparison.statistics import median
from app.comparison.timing.clock_chain import RESOLUTION_S, Delivered, noticing_of
from app.domain.environment import Environment
from app.domain.operation import Outcome, StageName
from app.wording.times import duration

ORIGIN = (
    "A commit can be noticed from its commit time on, or from the last look at the repository that did not show it, "
    "whichever is later and whoever looked, the same for all environments that got the commit; where a provider's "
    "webhook says when it was pushed, and that can be, from then on. Git keeps commit times to the second: its middle "
    "counts, so a single value is good to half a second, and their middle to less."
)
_COUNTED = (
    "Counted is a revision's first successful delivery to an environment; left out are rollbacks, self-heals, no-ops, "
    "commits older than the environment, the first delivery of an environment, which brings all that was there before, "
    "and commits whose date cannot be: none, from the future, or older than their parents, as after a rebase."
)

NOTICED = Heading(
    "noticed",
    "immediacy",
    "Commit to noticed",
    "How long does a commit lie unnoticed?",
    "s",
    "lower",
    20,
    f"From the moment at which a commit can be noticed until a webhook, a pipeline or a poll told us of it. {ORIGIN} "
    f"{_COUNTED} Syncs started by hand are left out too. Commits that a newer one overtook count as well.",
)
LEAD_TIME = Heading(
    "lead_time",
    "immediacy",
    "Lead time: commit to live",
    "How long until a commit is live?",
    "s",
    "lower",
    20,
    "From the commit time until the sync's health check passed; without a check, until the target was changed. "
    f"{_COUNTED} The middle of the commit's second counts, so a single value is good to half a second.",
)
NEVER_DEPLOYED = Heading(
    "never_deployed",
    "immediacy",
    "Commits never deployed by themselves",
    "How many commits are passed over for a newer one?",
    "share",
    None,
    20,
    "Commits that a newer one superseded before they went live, of these and all that went live. Recorded are queued "
    "syncs that made way, pipelines that came late or never, and the commits between two polls of a pull environment, "
    "also those that came in one push or touch other paths. Fewer deliveries are neither better nor worse.",
)
LEAD_TIME_ALL = Heading(
    "lead_time_all",
    "immediacy",
    "Lead time with superseded commits",
    "How long until a commit's change is live, be it inside a newer one?",
    "s",
    "lower",
    20,
    "As lead time, and a superseded commit counts with the time until the revision that took its place was live.",
)


def noticed(evidence: Evidence) -> ComparisonRow:
    """The row NOTICED."""
    says = Phrases(
        "{Mode} noticed a commit {value} after it could first be seen ({of}).",
        "No {mode} delivery was started by a webhook, a pipeline or a poll.",
        "sooner",
    )
    return times(NOTICED, says, *(_noticed_by(evidence, mode) for mode in MODES))


def _noticed_by(evidence: Evidence, mode: str) -> Measure:
    automatic = [
        Counted(one.noticing, one.fact)
        for one in evidence.delivered[mode]
        if one.fact.trigger in STARTS and one.noticing is not None
    ]
    by: dict[str, list[float]] = defaultdict(list)
    for one, fact in ((case.value, case.of) for case in automatic):
        by[fact.trigger.value if isinstance(fact, DeliveryFact) else ""].append(one)
    overtaken = [
        Counted(wait, one.commit, note=one.why)
        for one in evidence.skipped[mode]
        if (wait := noticing_of(one.commit)) is not None
    ]
    by["overtaken"] += [one.value for one in overtaken]
    automatic += overtaken
    details = [detail(f"median by {trigger}", median(waits), "s") for trigger, waits in sorted(by.items()) if waits]
    if automatic:
        details.append(detail("longest", max(one.value for one in automatic), "s"))
    nudges = evidence.decisions.get((mode, Outcome.NUDGED.value), 0)
    details += [detail("polls brought forward by a webhook", nudges)] if nudges else []
    return Measure(mode, automatic, tuple(details))


def lead_time(evidence: Evidence) -> ComparisonRow:
    """The row LEAD_TIME."""
    says = Phrases(
        "With {mode}, a commit was live {value} after it was made ({of}).",
        "No {mode} delivery can be timed.",
        "sooner",
    )
    return times(LEAD_TIME, says, *(_lead_time_of(evidence, mode) for mode in MODES))


def _lead_time_of(evidence: Evidence, mode: str) -> Measure:
    leads = _leads(evidence, mode)
    return Measure(mode, leads, _around(evidence, mode, leads))


def _leads(evidence: Evidence, mode: str) -> list[Counted]:
    return [Counted(one.lead, one.fact) for one in evidence.delivered[mode] if one.lead is not None]


def _around(evidence: Evidence, mode: str, cases: Sequence[Counted]) -> tuple[Detail, ...]:
    """The longest, what a single value is good to, and how many are left out, and why."""
    details = [detail("longest", max(one.value for one in cases), "s")] if cases else []
    details += [detail("each value is good to ±", RESOLUTION_S, "s")] if cases else []
    counts = sorted(evidence.untimed[mode].items())
    return (*details, *told_by(cases), *(detail(f"left out: {why}", count) for why, count in counts if count))


def never_deployed(evidence: Evidence) -> ComparisonRow:
    """The row NEVER_DEPLOYED."""
    says = Phrases(
        "With {mode}, {hits} of {n} commits never went live by themselves; a newer one took their place.",
        "No {mode} commit is known.",
        "",
    )
    return shares(NEVER_DEPLOYED, says, *(_never_deployed_by(evidence, mode) for mode in MODES))


def _never_deployed_by(evidence: Evidence, mode: str) -> Measure:
    skipped = evidence.skipped[mode]
    cases = [Counted(1, one.commit, note=one.why) for one in skipped]
    cases += [Counted(0, one.fact) for one in evidence.delivered[mode] if not one.fact.told_by]
    reasons = Counter(one.why for one in skipped)
    return Measure(mode, cases, tuple(detail(why, count) for why, count in reasons.most_common()))


def lead_time_all(evidence: Evidence) -> ComparisonRow:
    """The row LEAD_TIME_ALL."""
    says = Phrases(
        "With {mode}, a commit's change was live {value} after it was made, superseded ones included ({of}).",
        "No {mode} commit can be timed.",
        "sooner",
    )
    return times(LEAD_TIME_ALL, says, *(_lead_time_all_of(evidence, mode) for mode in MODES))


def _lead_time_all_of(evidence: Evidence, mode: str) -> Measure:
    waited = [Counted(one.waited, one.commit, note=one.why) for one in evidence.skipped[mode] if one.waited is not None]
    delivered = [case for case in _leads(evidence, mode) if not told_by([case])]
    waits = [case.value for case in waited]
    details = (*_median_of("delivered", [case.value for case in delivered]), *_median_of("superseded", waits))
    open_ = len(evidence.skipped[mode]) - len(waits)
    details += (detail("superseded and not live yet", open_),) if open_ else ()
    return Measure(mode, delivered + waited, details)


def _median_of(label: str, values: Sequence[float]) -> tuple[Detail, ...]:
    return (detail(f"median of {len(values):,} {label}", median(values), "s"),) if values else ()


# --- the same commits both ways ---
_PAIRED = (
    "Only revisions that went live both in a push and in a pull environment, each compared with itself (median over "
    "the environments of a mode), so that size and hour of a commit weigh on both alike. Twins (same source and path, "
    "same kind of target) need eight revisions for a verdict; others differ as environments do, so it takes five of "
    "each mode, or six couples."
)
PAIRED_LEAD = Heading(
    "paired_lead_time", "immediacy", "The same commits: commit to live", "Which way gets the same commit live sooner?",
    "s", "lower", 8, _PAIRED,
)  # fmt: skip
PAIRED_NOTICED = Heading(
    "paired_noticed", "immediacy", "The same commits: noticed", "Which way notices the same commit sooner?",
    "s", "lower", 8, f"{_PAIRED} {ORIGIN}",
)  # fmt: skip


def paired(evidence: Evidence) -> tuple[Pairing, ...]:
    """The paired comparisons."""
    both: dict[str, dict[str, list[Delivered]]] = defaultdict(dict)
    for mode in MODES:
        for one in evidence.delivered[mode]:
            both[one.revision].setdefault(mode, []).append(one)
    twice = [(sides[MODES[0]], sides[MODES[1]]) for sides in both.values() if len(sides) == len(MODES)]
    started = [pair for pair in twice if all(one.fact.trigger in STARTS for side in pair for one in side)]
    known = {(one.name, one.mode.value): one for one in evidence.environments}

    def alike(push: str, pull: str) -> bool:
        one, other = known.get((push, MODES[0])), known.get((pull, MODES[1]))
        return one is None or other is None or _like(one) == _like(other)  # of one that was deleted, nothing is known

    return (
        pairs(PAIRED_LEAD, "sooner", Pairs(_both(twice, lambda one: one.lead), alike)),
        pairs(PAIRED_NOTICED, "sooner", Pairs(_both(started, lambda one: one.noticing), alike)),
    )


def _like(environment: Environment) -> tuple[str, str, str]:
    return environment.source.repo_url, environment.source.path, environment.target.kind


def _both(
    twice: Sequence[tuple[Sequence[Delivered], Sequence[Delivered]]], seconds: Callable[[Delivered], float | None]
) -> list[BothWays]:
    """Those whose times are known on both sides."""
    found = []
    for pair in twice:
        told = [[(one.fact.environment, seconds(one)) for one in side] for side in pair]
        push, pull = ({name: value for name, value in side if value is not None} for side in told)
        if push and pull:
            found.append(BothWays(min(one.live_at for side in pair for one in side), push, pull))
    return found


# --- stages ---
_ENDS: tuple[Callable[[Delivered], datetime | None], ...] = (
    lambda one: one.visible_at,
    lambda one: one.noticed_at,
    lambda one: one.fact.fetched_at,
    lambda one: one.fact.rendered_at or one.fact.fetched_at,  # earlier versions did not write it down
    lambda one: one.fact.planned_at,
    lambda one: one.fact.applied_at,
    lambda one: one.fact.healthy_at,
)


def stages(evidence: Evidence) -> tuple[Stages, ...]:
    """Both modes' stage medians, in seconds from the commit."""
    return tuple(_stages_of(mode, evidence.delivered[mode]) for mode in MODES)


def days(evidence: Evidence) -> tuple[Day, ...]:
    """Both modes' lead time, day by day, oldest first."""
    found: dict[date, dict[str, list[float]]] = defaultdict(dict)
    for mode in MODES:
        for one in evidence.delivered[mode]:
            if one.lead is not None:
                found[one.live_at.date()].setdefault(mode, []).append(one.lead)
    return tuple(
        Day(day, {mode: median(leads) for mode, leads in of.items()}, {mode: len(leads) for mode, leads in of.items()})
        for day, of in sorted(found.items())
    )


def _stages_of(mode: str, deliveries: Sequence[Delivered]) -> Stages:
    whole = [one for one in deliveries if one.committed_at and all(end(one) for end in _ENDS[2:])]
    if not whole:
        return Stages(mode, 0, (), f"No {mode} delivery passed every stage.")
    columns = _offsets(whole)
    ends = [median(column) for column in columns]
    took = [0.0, *(median([*map(sub, after, before)]) for before, after in pairwise(columns))]
    shown = tuple(StageTime(name.value, at, own) for name, at, own in zip(StageName, ends, took, strict=True))
    longest = max(shown, key=lambda one: one.took)
    sentence = f"With {mode}, a commit takes {duration(ends[-1])} to live"
    sentence += f"; the longest stage is {longest.name} ({duration(longest.took)})."
    return Stages(mode, len(whole), shown, sentence)


def _offsets(whole: Sequence[Delivered]) -> list[list[float]]:
    """For every stage, each delivery's seconds from the commit to the stage's end, never going back."""
    columns = [[0.0] * len(whole)]
    for end in _ENDS:
        starts = [(one, one.committed_at) for one in whole if one.committed_at]
        own = [((end(one) or start) - start).total_seconds() for one, start in starts]
        columns.append([*map(max, columns[-1], own)])
    return columns
