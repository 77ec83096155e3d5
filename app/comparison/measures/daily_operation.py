"""Day to day: who starts deliveries, what got lost, what is on record, how far a commit reaches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from app.comparison.counted import Counted
from app.comparison.delivery_facts import CommitFact, DeliveryFact
from app.comparison.evidence import STARTS, Evidence
from app.comparison.judgement import Measure, Phrases, detail, shares
from app.comparison.measures.entry import Entry
from app.comparison.measures.told_by_others import ours, told_by
from app.comparison.result import Detail, Heading
from app.comparison.statistics import median
from app.comparison.timing.clock_chain import Delivered, Place
from app.domain.actor import Actor, ActorKind
from app.domain.environment import Environment, Mode
from app.domain.operation import AUTOMATIC, Outcome, Phase, Trigger

ASKED = (Trigger.PIPELINE, Trigger.WEBHOOK)


# --- automation ---
def _automated(evidence: Evidence, mode: str) -> Measure:
    worked = [fact for fact in ours(evidence.finished[mode]) if _worked(fact)]
    starts = Counter(fact.trigger.value.replace("_", "-") for fact in worked)
    details = [detail(f"started by {start}", count) for start, count in starts.most_common()]
    held = evidence.decisions.get((mode, Outcome.HELD.value), 0)
    details += [detail("times that a hold stopped automation", held)] if held else []
    return Measure(mode, [Counted(_unattended(fact), fact) for fact in worked], tuple(details))


def _worked(fact: DeliveryFact) -> bool:
    return fact.phase is Phase.SUCCEEDED and fact.outcome is not None and fact.outcome.changed_live


def _unattended(fact: DeliveryFact) -> bool:
    by_itself = fact.trigger in AUTOMATIC or fact.trigger is Trigger.PIPELINE
    return by_itself or (fact.trigger is Trigger.ROLLBACK and Actor.parse(fact.initiated_by).kind is ActorKind.SYSTEM)


# --- pipeline dependence ---
def _lost(evidence: Evidence, mode: str) -> Measure:
    delivered = {one.place: one for one in evidence.delivered[mode]}
    awaited = _awaited(evidence, mode)
    automatic = {
        place: one for place, one in delivered.items() if one.fact.trigger in STARTS and one.fact.environment in awaited
    }
    brought = {(fact.environment, fact.revision or "") for fact in evidence.deliveries if fact.trigger in ASKED}
    missed = {(one.environment, one.revision): one for one in evidence.missed if one.mode == mode}
    lost = missed.keys() - brought | {place for place, one in automatic.items() if one.fact.webhook_missed}
    details = _cost(lost, automatic) + _incidents(evidence, mode, lost - delivered.keys())
    facts: dict[Place, DeliveryFact | CommitFact] = {**missed, **{place: one.fact for place, one in delivered.items()}}
    cases = [Counted(place in lost, facts[place]) for place in sorted(lost | automatic.keys())]
    return Measure(mode, cases, details)


def _awaited(evidence: Evidence, mode: str) -> set[str]:
    """The environments that a webhook or a pipeline is expected to bring commits to: all that are pushed to, and those
    pulled ones to which one came, or was noticed as missing."""
    facts = [fact for fact in evidence.deliveries if fact.mode == mode]
    if mode == Mode.PUSH.value:
        return {fact.environment for fact in facts}
    told = {fact.environment for fact in facts if fact.trigger in ASKED or fact.webhook_missed}
    return told | {one.environment for one in evidence.missed if one.mode == mode}


def _cost(lost: set[tuple[str, str]], automatic: dict[tuple[str, str], Delivered]) -> tuple[Detail, ...]:
    late = [one.lead for place, one in automatic.items() if place in lost and one.lead is not None]
    if not late:
        return ()
    others = [one.lead for place, one in automatic.items() if place not in lost and one.lead is not None]
    return (
        detail("brought by the poll instead", len(late)),
        detail("median lead time of these", median(late), "s"),
        detail("median lead time of the others", median(others) if others else None, "s"),
        detail("what a missing one cost: the difference", median(late) - median(others) if others else None, "s"),
    )


def _incidents(evidence: Evidence, mode: str, never: set[tuple[str, str]]) -> tuple[Detail, ...]:
    failed = [fact for fact in evidence.finished[mode] if fact.phase is Phase.ERROR]
    figures = {
        "never delivered": len(never),
        "syncs that could not run": len(failed),
        "webhooks that could not be handled (all modes)": evidence.webhooks.get("failed", 0),
        "polls that did not reach Git (all modes)": sum(
            one.times for one in evidence.polls if one.result == "unreachable"
        ),
    }
    return tuple(detail(label, count) for label, count in figures.items() if count)


# --- audit ---
def _audited(evidence: Evidence, mode: str) -> Measure:
    syncs = ours(evidence.finished[mode])
    starters = Counter(fact.initiated_by for fact in syncs if fact.initiated_by)
    details = (detail("people, tokens and parts that started syncs", len(starters)),) if starters else ()
    return Measure(mode, [Counted(fact.operation in evidence.audited, fact) for fact in syncs], details)


# --- reach ---
def _spread(evidence: Evidence, mode: str) -> Measure:
    live: dict[str, list[Delivered]] = defaultdict(list)
    for one in evidence.delivered[mode]:
        live[one.revision].append(one)
    several = [ways for ways in live.values() if len(ways) > 1]
    details = _breadth(evidence.of(mode))
    if several:
        details += (detail("most environments reached by one commit", max(map(len, several))),)
    reported = told_by(Counted(0, one.fact) for ways in several for one in ways)
    return Measure(mode, [_reached(mode, ways) for ways in several], (*details, *reported))


def _reached(mode: str, ways: Sequence[Delivered]) -> Counted:
    first, last = min(one.live_at for one in ways), max(one.live_at for one in ways)
    commit = CommitFact("", mode, ways[0].revision, last)
    return Counted.lasting(first, last, commit, also=tuple(one.fact for one in ways))


def _breadth(environments: Sequence[Environment]) -> tuple[Detail, ...]:
    per_source = Counter((one.source.repo_url, one.source.ref) for one in environments)
    figures = {
        "environments": len(environments),
        "kinds of target": len({one.target.kind for one in environments}),
        "most environments on one branch": max(per_source.values(), default=0),
    }
    return tuple(detail(label, count) for label, count in figures.items() if count)


ENTRIES = (
    Entry(
        Heading(
            key="automation",
            criterion="automation",
            title="Deliveries without a person",
            question="How often does it work by itself?",
            unit="share",
            better="higher",
            needed=20,
            definition=(
                "Syncs that changed what is live (deployments, rollbacks, heals) and were started by a pipeline, a "
                "webhook, a poll, an agent, self-heal or automatic rollback, of all such syncs."
            ),
            events="Finished syncs that succeeded with the outcomes `deployed`, `rolled_back` and `healed`.",
            formula="those started without a person / all of them; Wilson",
            exclusions=(
                "Syncs that changed nothing or failed. What others deliver: it is not told who started it. A token "
                "counts as a pipeline only where it says so."
            ),
            source="OpenGitOps: pulled automatically; the share is ours",
        ),
        Phrases(
            "With {mode}, {hits} of {n} syncs that changed something were started without a person.",
            "No {mode} sync has changed anything.",
            "more",
        ),
        _automated,
        shares,
    ),
    Entry(
        Heading(
            key="pipeline_dependence",
            criterion="pipeline dependence",
            title="Deliveries whose webhook or pipeline never came",
            question="What gets lost when a pipeline or a webhook fails?",
            unit="share",
            better="lower",
            needed=20,
            definition=(
                "Commits that no webhook and no pipeline brought although one was expected, of all commits for which "
                "one was: in push environments all that were delivered without a person, in pull environments those of "
                "environments to which webhooks come. The poll finds such commits, and delivers them where auto_sync "
                "is on; in a pull environment a missing webhook costs no more than the rest of the poll's interval."
            ),
            events=(
                "First deliveries and what started them; the events `webhook.missed` and `pipeline.missed`, which are "
                "written when a poll finds a commit that nobody brought."
            ),
            formula="commits nobody brought / commits somebody was expected to bring; Wilson",
            exclusions=(
                "Commits of pull environments to which no webhook ever came: none was expected. Commits started by a "
                "person. A pipeline that is only late has brought its commit."
            ),
            source="ours",
        ),
        Phrases(
            "With {mode}, {hits} of {n} commits were let down by a webhook or pipeline that never came.",
            "No {mode} commit waited for a webhook or a pipeline.",
            "fewer",
        ),
        _lost,
        shares,
    ),
    Entry(
        Heading(
            key="audit_completeness",
            criterion="audit completeness",
            title="Deliveries on record",
            question="Can every delivery be traced to who started it?",
            unit="share",
            better="higher",
            needed=20,
            definition=(
                "Finished syncs that have an entry in the audit log naming who started them, of all finished syncs."
            ),
            by_design=True,
            events="Finished syncs, and the entries of the audit log about them that name an actor.",
            formula="syncs with such an entry / finished syncs; Wilson",
            exclusions="Refreshes, which change nothing. What others deliver, whose record is theirs.",
            source="OpenGitOps: versioned and immutable; the share is ours",
        ),
        Phrases(
            "With {mode}, {hits} of {n} syncs have an audit entry that names who started them.",
            "No {mode} sync has finished.",
            "more",
        ),
        _audited,
        shares,
    ),
    Entry(
        Heading(
            key="multi_environment_reach",
            criterion="multi-environment reach",
            title="One commit to all its environments",
            question="How long between the first and the last environment of a commit?",
            unit="s",
            better="lower",
            needed=10,
            definition=(
                "For revisions that went live in two or more environments of a mode: from the first environment in "
                "which it was live to the last. Environments that got the same commits count as one for the verdict."
            ),
            events="First deliveries of the same revision to several environments of one mode.",
            formula="median over the revisions of `last live − first live`",
            exclusions="Revisions that went to one environment, and deliveries that lead time leaves out.",
            source="ours",
        ),
        Phrases(
            "With {mode}, the last environment followed the first after {value} ({of}).",
            "No commit has gone live in two {mode} environments.",
            "shorter",
        ),
        _spread,
    ),
)
