"""Immediacy: when a commit was noticed, when it was live, and what never went live."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from app.comparison.counted import Counted, Thing
from app.comparison.delivery_facts import CommitFact, DeliveryFact
from app.comparison.evidence import STARTS, Evidence
from app.comparison.judgement import Measure, Phrases, detail, shares, times
from app.comparison.measures.entry import Entry
from app.comparison.measures.told_by_others import told_by
from app.comparison.result import Detail, Heading
from app.comparison.statistics import median
from app.comparison.timing.clock_chain import ORIGIN, RESOLUTION_S, visible_from
from app.domain.noticing import Noticer
from app.domain.operation import Outcome, Trigger


def _noticed(evidence: Evidence, mode: str) -> Measure:
    by: dict[str, list[Counted]] = defaultdict(list)
    for one in evidence.delivered[mode]:
        if one.fact.trigger in STARTS and one.visible_at:
            by[one.fact.trigger.value].append(Counted.lasting(one.visible_at, one.noticed_at, one.fact))
    overtaken = [
        Counted.lasting(seen, one.commit.noticed_at, one.commit, note=one.why)
        for one in evidence.skipped[mode]
        if (seen := visible_from(one.commit)) and one.commit.noticed_at
    ]
    cases = [*(case for of in by.values() for case in of), *overtaken]
    by |= {"overtaken": overtaken} if overtaken else {}
    details = [
        detail(f"median by {trigger}", median([one.value for one in of]), "s") for trigger, of in sorted(by.items())
    ]
    details += [detail("longest", max(one.value for one in cases), "s")] if cases else []
    details += _against_theory(evidence, mode, cases)
    nudges = evidence.decisions.get((mode, Outcome.NUDGED.value), 0)
    details += [detail("polls brought forward by a webhook", nudges)] if nudges else []
    return Measure(mode, cases, tuple(details))


def _against_theory(evidence: Evidence, mode: str, cases: Sequence[Counted]) -> list[Detail]:
    """What polls should take: a commit falls anywhere between two of them, so half an interval on average, and the
    fetch that follows. Overtaken commits waited too."""
    intervals = {one.name: one.policy.interval_s for one in evidence.ours(mode)}
    known = [(intervals[case.place] / 2, case.value) for case in cases if _polled(case.of) and case.place in intervals]
    if not known:
        return []
    theory, seen = (sum(column) / len(known) for column in zip(*known, strict=True))
    fetches = [wait for case in cases if (wait := _fetch(case.of)) is not None]
    return [
        detail("mean by poll and agent, overtaken commits included", seen, "s"),
        detail("in theory: half the poll's interval", theory, "s"),
        detail("residual: mean less theory", seen - theory, "s"),
        detail("the fetch after it, mean", sum(fetches) / len(fetches) if fetches else None, "s"),
    ]


def _polled(of: Thing) -> bool:
    if isinstance(of, CommitFact):
        return of.noticed_by in (Noticer.POLL, Noticer.AGENT)
    return isinstance(of, DeliveryFact) and of.trigger in (Trigger.SCHEDULE, Trigger.AGENT)


def _fetch(of: Thing) -> float | None:
    if not isinstance(of, DeliveryFact) or not _polled(of) or of.fetched_at is None:
        return None
    return (of.fetched_at - (of.noticed_at or of.created_at)).total_seconds()


def _lead_time(evidence: Evidence, mode: str) -> Measure:
    leads = _leads(evidence, mode)
    return Measure(mode, leads, _around(evidence, mode, leads))


def _leads(evidence: Evidence, mode: str) -> list[Counted]:
    timed = [(one.committed_at, one) for one in evidence.delivered[mode]]
    return [Counted.lasting(committed, one.live_at, one.fact) for committed, one in timed if committed]


def _around(evidence: Evidence, mode: str, cases: Sequence[Counted]) -> tuple[Detail, ...]:
    """The longest, what a single value is good to, and how many are left out, and why."""
    details = [detail("longest", max(one.value for one in cases), "s")] if cases else []
    details += [detail("each value is good to ±", RESOLUTION_S, "s")] if cases else []
    counts = sorted(evidence.untimed[mode].items())
    return (*details, *told_by(cases), *(detail(f"left out: {why}", count) for why, count in counts if count))


def _visible_to_live(evidence: Evidence, mode: str) -> Measure:
    seen = [(one.visible_at, one) for one in evidence.delivered[mode] if not one.fact.told_by]
    cases = [Counted.lasting(visible, one.live_at, one.fact) for visible, one in seen if visible]
    return Measure(mode, cases, (detail("longest", max(one.value for one in cases), "s"),) if cases else ())


def _never_deployed(evidence: Evidence, mode: str) -> Measure:
    skipped = evidence.skipped[mode]
    cases = [Counted(1, one.commit, note=one.why) for one in skipped]
    cases += [Counted(0, one.fact) for one in evidence.delivered[mode] if not one.fact.told_by]
    reasons = Counter(one.why for one in skipped)
    return Measure(mode, cases, tuple(detail(why, count) for why, count in reasons.most_common()))


def _lead_time_all(evidence: Evidence, mode: str) -> Measure:
    skipped = evidence.skipped[mode]
    waited = [Counted.lasting(one.since, one.live_at, one.commit, note=one.why) for one in skipped if one.live_at]
    delivered = [case for case in _leads(evidence, mode) if not told_by([case])]
    details = (*_median_of("delivered", delivered), *_median_of("superseded", waited))
    open_ = len(skipped) - len(waited)
    details += (detail("superseded and not live yet", open_),) if open_ else ()
    return Measure(mode, delivered + waited, details)


def _median_of(label: str, cases: Sequence[Counted]) -> tuple[Detail, ...]:
    values = [case.value for case in cases]
    return (detail(f"median of {len(values):,} {label}", median(values), "s"),) if values else ()


_COUNTED = (
    "Counted is a revision's first successful delivery to an environment; left out are rollbacks, self-heals, no-ops, "
    "commits older than the environment, the first delivery of an environment, which brings all that was there before, "
    "and commits whose date cannot be: none, from the future, or older than their parents, as after a rebase."
)
_FIRST = (
    "Rollbacks, self-heals and no-ops, which bring no new commit. A revision's second delivery to the same place. An "
    "environment's first delivery, and commits older than it, whose age says nothing about delivery. Commits whose "
    "date cannot be: their clock is wrong by an unknown amount. What is left out is counted beside it."
)
_SEEN = (
    "whichever is later: `committed` (the middle of its second), or the last look without it; where it can be, the "
    "provider's time of the push instead"
)

ENTRIES = (
    Entry(
        Heading(
            key="noticed",
            criterion="immediacy",
            title="Commit to noticed",
            question="How long does a commit lie unnoticed?",
            unit="s",
            better="lower",
            needed=20,
            definition=(
                "From the moment at which a commit can be noticed until a webhook, a pipeline or a poll told us of "
                f"it. {ORIGIN} {_COUNTED} Syncs started by hand are left out too. Commits that a newer one overtook "
                "count as well."
            ),
            events=(
                "First deliveries (syncs that ended `deployed`) and overtaken commits: commit time, the provider's "
                "time of the push, last look at the repository that did not show the commit, and the moment we "
                "learned of it. For the theory: the poll's interval as specified."
            ),
            formula=(
                f"median of `noticed − visible`; visible is {_SEEN}. The mean of polls stands beside its theory, "
                "`interval / 2` plus the fetch, and what is left over"
            ),
            exclusions=f"{_FIRST} Syncs started by hand: nobody had to notice.",
            source="ours; the first part of DORA's change lead time",
        ),
        Phrases(
            "{Mode} noticed a commit {value} after it could first be seen ({of}).",
            "No {mode} delivery was started by a webhook, a pipeline or a poll.",
            "sooner",
        ),
        _noticed,
    ),
    Entry(
        Heading(
            key="lead_time",
            criterion="immediacy",
            title="Lead time: commit to live",
            question="How long until a commit is live?",
            unit="s",
            better="lower",
            needed=20,
            definition=(
                "From the commit time until the sync's health check passed; without a check, until the target was "
                f"changed. {_COUNTED} The middle of the commit's second counts, so a single value is good to half a "
                "second."
            ),
            events="First deliveries: commit time (to the second), end of the change, end of the health check.",
            formula="median of `healthy − committed`; without a check `applied − committed`",
            exclusions=_FIRST,
            source="DORA: change lead time, from raw deliveries instead of daily medians",
        ),
        Phrases(
            "With {mode}, a commit was live {value} after it was made ({of}).",
            "No {mode} delivery can be timed.",
            "sooner",
        ),
        _lead_time,
    ),
    Entry(
        Heading(
            key="visible_to_live",
            criterion="immediacy",
            title="Visible to live",
            question="How long until a commit that can be seen is live?",
            unit="s",
            better="lower",
            needed=20,
            definition=(
                "As lead time, but from the moment at which the repository could show the commit: what happened "
                f"before, on a developer's machine, is nobody's wait here. {ORIGIN} A commit whose date cannot be "
                "counts from half-way between the look that did not show it and the one that did."
            ),
            events="As lead time, with the provider's time of the push and the looks at the repository.",
            formula=f"median of `live − visible`; visible is {_SEEN}",
            exclusions=f"{_FIRST} What others deliver, who do not tell when they looked.",
            source="ours; DORA's change lead time without the wait on the developer's machine",
        ),
        Phrases(
            "With {mode}, a commit was live {value} after it could be seen ({of}).",
            "No {mode} delivery can be timed from what the repository showed.",
            "sooner",
        ),
        _visible_to_live,
    ),
    Entry(
        Heading(
            key="never_deployed",
            criterion="immediacy",
            title="Commits never deployed by themselves",
            question="How many commits are passed over for a newer one?",
            unit="share",
            better=None,
            needed=20,
            definition=(
                "Commits that a newer one superseded before they went live, of these and all that went live. Recorded "
                "are queued syncs that made way, pipelines that came late or never, and the commits between two polls "
                "of a pull environment, also those that came in one push or touch other paths. Fewer deliveries are "
                "neither better nor worse."
            ),
            events="Noticed commits that ended `superseded`, queued syncs that made way, commits nobody brought.",
            formula="superseded commits / (superseded commits + first deliveries)",
            exclusions=(
                "Commits held, refused or failed, which were not passed over for a newer one. What others deliver, who "
                "do not tell what they passed over."
            ),
            source="ours",
        ),
        Phrases(
            "With {mode}, {hits} of {n} commits never went live by themselves; a newer one took their place.",
            "No {mode} commit is known.",
            "",
        ),
        _never_deployed,
        shares,
    ),
    Entry(
        Heading(
            key="lead_time_all",
            criterion="immediacy",
            title="Lead time with superseded commits",
            question="How long until a commit's change is live, be it inside a newer one?",
            unit="s",
            better="lower",
            needed=20,
            definition=(
                "As lead time, and a superseded commit counts with the time until the revision that took its place was "
                "live."
            ),
            events="As lead time, and the superseded commits with the delivery that took their place.",
            formula="median of `live − committed`, of a superseded commit with the newer one's `live`",
            exclusions=f"{_FIRST} Superseded commits whose successor is not live yet, counted beside it.",
            source="ours, after DORA's change lead time: a commit that is overtaken waits too",
        ),
        Phrases(
            "With {mode}, a commit's change was live {value} after it was made, superseded ones included ({of}).",
            "No {mode} commit can be timed.",
            "sooner",
        ),
        _lead_time_all,
        times,
    ),
)
