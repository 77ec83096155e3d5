"""How often is deployed, how often that fails, how much of it is mending, and how much changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from app.comparison.before_and_after import stretches
from app.comparison.counted import Counted, Observed
from app.comparison.evidence import Evidence
from app.comparison.figures.rates import rates
from app.comparison.judgement import Measure, Phrases, detail, shares
from app.comparison.measures.entry import Entry
from app.comparison.measures.failures import DEFINITION, REWORK_WITHIN, deployments, failures, is_deployment, rework
from app.comparison.measures.told_by_others import ours, told_by
from app.comparison.result import Heading
from app.domain.operation import Outcome, Phase, Trigger

DAY = timedelta(days=1)
_WITHIN = f"{REWORK_WITHIN // timedelta(minutes=1)} minutes"


def _frequency(evidence: Evidence, mode: str) -> Measure:
    observed = _observed(evidence, mode)
    there = {one.place for one in observed}
    cases = [Counted(1, fact) for fact in deployments(evidence, mode) if fact.environment in there]
    gone = len(deployments(evidence, mode)) - len(cases)
    days = {(case.place, case.at.date()) for case in cases if case.at}
    details = [detail("days of an environment with a deployment", len(days))] if cases else []
    details += [detail("deployments of environments that were deleted since", gone)] if gone else []
    return Measure(mode, cases, (*details, *told_by(cases)), observed=observed)


def _observed(evidence: Evidence, mode: str) -> tuple[Observed, ...]:
    """The stretches of the window in which environments ran in a mode, in days."""
    window, found = evidence.window, []
    for one in (one for one in evidence.environments if one is not evidence.former):
        since = evidence.began(one)
        for part in stretches(one.mode.value, evidence.switches.get(one.name, ()), window):
            start = max(part.since, since)
            if part.mode == mode and start < part.until:
                found.append(Observed(one.name, (part.until - start) / DAY, start, part.until))
    return tuple(found)


def _change_failures(evidence: Evidence, mode: str) -> Measure:
    why = {operation: how for of in failures(evidence, mode).values() for operation, how in of.why.items()}
    cases = [
        Counted(fact.operation in why, fact, note=why.get(fact.operation, "")) for fact in deployments(evidence, mode)
    ]
    reasons = Counter(case.note for case in cases if case.note)
    details = [detail(reason, count) for reason, count in reasons.most_common()]
    return Measure(mode, cases, (*details, *told_by(cases)))


def _rework(evidence: Evidence, mode: str) -> Measure:
    found = failures(evidence, mode)
    done = [fact for fact in evidence.finished[mode] if is_deployment(fact) or _went_back(fact.trigger, fact.outcome)]
    whys = [(fact, rework(fact, found[fact.environment].moments)) for fact in done]
    reasons = Counter(why for _, why in whys if why)
    cases = [Counted(bool(why), fact, note=why) for fact, why in whys]
    details = [detail(reason, count) for reason, count in reasons.most_common()]
    return Measure(mode, cases, (*details, *told_by(cases)))


def _went_back(trigger: Trigger, outcome: Outcome | None) -> bool:
    return trigger is Trigger.ROLLBACK and outcome in (Outcome.ROLLED_BACK, Outcome.DEPLOYED, Outcome.FAILED)


def _nothing_to_do(evidence: Evidence, mode: str) -> Measure:
    done = [fact for fact in ours(evidence.finished[mode]) if fact.phase is Phase.SUCCEEDED]
    idle = {Outcome.NO_OP: "live already", Outcome.FILTERED: "touched nothing of the environment"}
    cases = [
        Counted(fact.outcome in idle, fact, note=idle.get(fact.outcome, "") if fact.outcome else "") for fact in done
    ]
    reasons = Counter(case.note for case in cases if case.note)
    return Measure(mode, cases, tuple(detail(reason, count) for reason, count in reasons.most_common()))


ENTRIES = (
    Entry(
        Heading(
            key="deployment_frequency",
            criterion="deployments",
            title="Deployment frequency",
            question="How often is an environment deployed to?",
            unit="a day",
            better=None,
            needed=1,
            definition=(
                f"Deployments for each environment and day in which it ran in the mode. {DEFINITION} How often is "
                "deployed follows from how often is committed, so neither more nor less is better."
            ),
            events=(
                "Finished syncs; the registration of environments and their switches between the modes, which tell for "
                "how long each ran in a mode."
            ),
            formula="deployments / Σ days of environments in the mode; exact Poisson interval (Garwood 1936)",
            exclusions=(
                "Rollbacks, self-heals and no-ops. Deployments of environments that were deleted since: it is not "
                "known for how long those ran; they are counted beside it. Of less than one day of "
                "environments in all, no rate is told."
            ),
            source="DORA: deployment frequency",
        ),
        Phrases(
            "With {mode}, an environment was deployed to {value} ({n} deployments in {observed} days of environments).",
            "No day of a {mode} environment lies in this window.",
            "",
        ),
        _frequency,
        rates,
    ),
    Entry(
        Heading(
            key="change_failure_rate",
            criterion="deployments",
            title="Change failure rate",
            question="How many deployments fail?",
            unit="share",
            better="lower",
            needed=20,
            definition=f"Failed deployments, of all deployments. {DEFINITION}",
            events=(
                "Finished syncs with their outcome and health check; rollbacks that ended well, which mark the "
                "deployment that stood before them as failed."
            ),
            formula="failed deployments / deployments, each counted once, so that it lies between 0 and 1; Wilson",
            exclusions=(
                "Syncs that were refused or could not run: they did not touch the target. Rollbacks and self-heals, "
                "which are no deployments. A rollback after a failed deployment marks no second one."
            ),
            source="DORA: change fail rate; a failure is a property of the deployment, not an incident beside it",
        ),
        Phrases("With {mode}, {hits} of {n} deployments failed.", "No {mode} deployment is known.", "fewer"),
        _change_failures,
        shares,
    ),
    Entry(
        Heading(
            key="deployment_rework_rate",
            criterion="deployments",
            title="Deployment rework rate",
            question="How many deployments only mend what a failed one broke?",
            unit="share",
            better="lower",
            needed=20,
            definition=(
                "Rollbacks, deployments of a revert, and deployments that began within "
                f"{_WITHIN} of a failure in the same environment, of all deployments and rollbacks. {DEFINITION}"
            ),
            events="Finished syncs with trigger and outcome, and the first line of their commit's message.",
            formula=(
                '(rollbacks + deployments of a commit whose message begins with `Revert "` + deployments begun at '
                f"most {_WITHIN} after a failure was known) / (deployments + rollbacks), each counted once"
            ),
            exclusions=(
                "Self-heals, which mend drift and no deployment. A revert whose message was written by hand is not "
                "recognised."
            ),
            source="DORA: deployment rework rate",
        ),
        Phrases(
            "With {mode}, {hits} of {n} deployments and rollbacks were rework.",
            "No {mode} deployment is known.",
            "fewer",
        ),
        _rework,
        shares,
    ),
    Entry(
        Heading(
            key="nothing_to_do",
            criterion="deployments",
            title="Syncs with nothing to do",
            question="How many syncs find everything live already?",
            unit="share",
            better=None,
            needed=20,
            definition=(
                "Syncs that ended well and changed nothing, because the revision was live already or touches nothing "
                "of the environment, of all that ended well. They cost a look and are neither good nor bad."
            ),
            events="Finished syncs with the outcomes `no_op` and `filtered`.",
            formula="(no-op + filtered syncs) / syncs that succeeded; Wilson",
            exclusions=(
                "Syncs that failed, were refused or superseded; refreshes, which deliver nothing by design. What "
                "others deliver: they do not tell of what they had nothing to do for."
            ),
            source="ours",
        ),
        Phrases("With {mode}, {hits} of {n} syncs had nothing to do.", "No {mode} sync has ended well.", ""),
        _nothing_to_do,
        shares,
    ),
)
