"""The rules of the advice: each looks at measured facts and speaks for one way of delivering, or says nothing.

docs/advice.md has them as a table. Adding one: a function here, a line in RULES and in that table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.comparison.outlook.measured_facts import MeasuredFacts
from app.domain.environment import Mode
from app.wording.quantities import amount, number, percent, plural
from app.wording.times import duration, every

NEEDED = 10  # timed deliveries before there is any advice
COMMITS = 20  # before a share of them says anything
OVERTAKEN, LOST = 0.1, 0.05  # shares from which on they speak
EPISODES = 3  # of drift, from which on it is found often
WAITED_S = 10.0  # a wait below that is nobody's business
HALF = 0.5  # of the deliveries: from there on pull is nudged already
TIMES = 2.0  # how much later a poll has to be
PUSH, PULL, TOLD = Mode.PUSH.value, Mode.PULL.value, "told"  # told: by a pipeline or a webhook, at once


@dataclass(frozen=True, slots=True)
class AdviceReason:
    """What one rule found. `speaks_for`: "push", "pull", or "told" (to be told of commits at once, in either mode);
    `measure`: the row of the comparison that holds what it was measured on, "" where a specification says it; `place`:
    "here" in this environment, "elsewhere" in all."""

    rule: str
    speaks_for: str
    text: str
    measure: str = ""
    place: str = "here"


def agent(facts: MeasuredFacts) -> AdviceReason | None:
    """Nobody reaches the target from outside."""
    if not facts.by_agent:
        return None
    return AdviceReason(
        "agent", PULL, "An agent does the work over outbound connections: nobody has to reach the target."
    )


def lost_calls(facts: MeasuredFacts) -> AdviceReason | None:
    """Pipelines or webhooks get lost."""
    if facts.awaited < COMMITS or facts.lost < LOST * facts.awaited:
        return None
    told = f"{number(facts.lost)} of {plural(facts.awaited, 'commit')} were never brought by a pipeline or webhook"
    return AdviceReason("lost_calls", PULL, f"{told}; a poll finds them.", "pipeline_dependence")


def calls_came(facts: MeasuredFacts) -> AdviceReason | None:
    """Every call came."""
    if facts.mode != PUSH or facts.awaited < COMMITS or facts.lost:
        return None
    text = f"Each of {plural(facts.awaited, 'commit')} was brought by its pipeline or webhook: none was lost."
    return AdviceReason("calls_came", PUSH, text, "pipeline_dependence")


def drift_often(facts: MeasuredFacts) -> AdviceReason | None:
    """Drift is found often, and nothing heals it."""
    if facts.episodes < EPISODES or facts.self_heal:
        return None
    heals = "pull with self-heal undoes it at each look (as self_heal does in a push environment)"
    text = f"Drift was found {facts.episodes:,} times, and nothing heals it by itself: {heals}."
    return AdviceReason("drift_often", PULL, text, "time_in_drift")


def no_drift(facts: MeasuredFacts) -> AdviceReason | None:
    """No drift was found."""
    if facts.episodes or facts.delivered < COMMITS:
        return None
    text = (
        f"No drift was found while {plural(facts.delivered, 'commit')} went live: nothing needs healing between them."
    )
    return AdviceReason("no_drift", PUSH, text, "time_in_drift")


def secrets_of_pipelines(facts: MeasuredFacts) -> AdviceReason | None:
    """Pipelines hold a credential for it."""
    if not facts.tokens:
        return None
    text = f"{plural(facts.tokens, 'token')} held by pipelines can deliver here; pull needs none."
    return AdviceReason("secrets_of_pipelines", PULL, text, "security")


def overtaken(facts: MeasuredFacts) -> AdviceReason | None:
    """Commits come faster than they are looked for."""
    if facts.commits < COMMITS:
        return None
    if facts.mode == PULL and facts.overtaken >= OVERTAKEN * facts.commits:
        told = f"{amount(facts.overtaken, '')} of {plural(facts.commits, 'commit')} never went live by themselves:"
        return AdviceReason("overtaken", TOLD, f"{told} newer ones came before a look or a delivery.", "never_deployed")
    if facts.mode == PUSH and (facts.overtaken_polled or 0.0) >= OVERTAKEN:
        told = f"Polled {every(facts.interval_s)}, {percent(facts.overtaken_polled or 0)} of commits would be overtaken"
        return AdviceReason("overtaken", TOLD, f"{told} (reckoned, see What if).")
    return None


def waiting(facts: MeasuredFacts) -> AdviceReason | None:
    """Waiting for a look is most of the time."""
    wait, work = facts.waited_s, facts.work_s or 0.0
    if facts.mode != PULL or wait is None or facts.waits < NEEDED or facts.called >= HALF or wait < max(WAITED_S, work):
        return None
    text = f"Half of the commits waited {duration(wait)} or longer to be noticed; the work took {duration(work)}."
    return AdviceReason("waiting", TOLD, text, "noticed")


def would_wait(facts: MeasuredFacts) -> AdviceReason | None:
    """Waiting for a look would be most of the time."""
    live, polled = facts.live_s, facts.polled_s
    if facts.mode != PUSH or live is None or polled is None or polled < max(TIMES * live, live + WAITED_S):
        return None
    told = f"Polled {every(facts.interval_s)}, a commit would be live after {duration(polled)}, not {duration(live)}"
    return AdviceReason("would_wait", TOLD, f"{told} (reckoned, see What if).", "visible_to_live")


def verdict(facts: MeasuredFacts) -> AdviceReason | None:
    """The comparison of all environments finds one mode sooner."""
    if not facts.sooner:
        return None
    text = f"The comparison of all environments, from visible to live: {facts.verdict}."
    return AdviceReason("verdict", TOLD if facts.sooner == PUSH else PULL, text, "visible_to_live", "elsewhere")


RULES: tuple[Callable[[MeasuredFacts], AdviceReason | None], ...] = (
    agent, lost_calls, calls_came, drift_often, no_drift, secrets_of_pipelines, overtaken, waiting, would_wait, verdict,
)  # fmt: skip
