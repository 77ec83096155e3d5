"""What is asked of Git for each delivery."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from app.comparison.counted import Counted, Observed
from app.comparison.delivery_facts import PollFact
from app.comparison.evidence import Evidence, deployed
from app.comparison.figures.rates import loads
from app.comparison.judgement import Measure, Phrases, detail
from app.comparison.measures.entry import Entry
from app.comparison.result import Heading
from app.domain.environment import RunsOn


def _git_load(evidence: Evidence, mode: str) -> Measure:
    here = [one for one in evidence.present(mode) if one.runs_on is not RunsOn.AGENT]
    names, watched = {one.name for one in here}, {(one.source.repo_url, one.source.credential or "") for one in here}
    polls = [one for one in evidence.polls if (one.repo_url, one.credential) in watched]
    cases = [Counted(1, fact) for fact in evidence.finished[mode] if deployed(fact) and fact.environment in names]
    results: dict[str, float] = defaultdict(float)
    observed = []
    for poll in polls:
        since, until, times = _within(poll, evidence.window.since, evidence.window.until)
        results[poll.result] += times
        observed.append(Observed(poll.repo_url, times, since, until))
    fetches = sum(fact.fetched_at is not None for fact in evidence.finished[mode] if fact.environment in names)
    details = [detail(f"polls that ended {result}", count) for result, count in sorted(results.items())]
    details += [detail("fetches of syncs, per delivery", fetches / len(cases))] if cases else []
    details += [detail("repositories polled", len({(one.repo_url, one.credential) for one in polls}))] if polls else []
    return Measure(mode, cases, tuple(details), observed=tuple(observed))


def _within(poll: PollFact, since: datetime, until: datetime) -> tuple[datetime, datetime, float]:
    """The part of a run of polls that lies in a window; they are evenly spaced."""
    start, end = max(poll.first_at, since), min(poll.last_at, until)
    length = (poll.last_at - poll.first_at).total_seconds()
    share = (end - start).total_seconds() / length if length > 0 else 1.0
    return start, end, poll.times if share >= 1 else poll.times * max(0.0, share)


ENTRIES = (
    Entry(
        Heading(
            key="git_load",
            criterion="load",
            title="Polls of Git for each delivery",
            question="How often is Git asked until there is something to deliver?",
            unit="polls",
            better=None,
            needed=1,
            definition=(
                "Polls of the repositories that the mode's environments watch, for each of their deliveries. A "
                "repository that both modes watch is polled once for both, and its polls count on both sides."
            ),
            events="The stored polls of repositories, and finished syncs that ended `deployed`.",
            formula=(
                "Σ polls of the watched repositories / deliveries; of a run of equal polls, the part inside the window"
            ),
            exclusions=(
                "Environments on agents, whose polls are not recorded here. What webhooks, fetches and refreshes cost "
                "the control plane and the Git host beyond the number of fetches: not measured."
            ),
            source="ours",
        ),
        Phrases(
            "With {mode}, Git was polled {observed} times for {n} deliveries: {value} each.",
            "No {mode} delivery is known to set polls against.",
            "",
        ),
        _git_load,
        loads,
    ),
)
