"""The advice for one environment: push, pull, or pull that a webhook nudges; or none, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.comparison.outlook.advice_rules import HALF, NEEDED, PULL, PUSH, RULES, TOLD, AdviceReason
from app.comparison.outlook.measured_facts import MeasuredFacts, measured_facts
from app.comparison.outlook.trade_offs import Compared, CriterionSides, TradeOff, TradeOffs
from app.comparison.outlook.what_if import WhatIf
from app.domain.audit import timestamp
from app.domain.environment import Environment
from app.wording.quantities import plural


class AdvisedWay(StrEnum):
    """What is advised."""

    PUSH = "push"
    PULL = "pull"
    NUDGED = "pull_with_webhook"


NAMES = {AdvisedWay.PUSH: "push", AdvisedWay.PULL: "pull", AdvisedWay.NUDGED: "pull, nudged by a webhook"}


@dataclass(frozen=True, slots=True)
class Advice:
    """`choice`: None where there is none, and `sentence` says why; `reasons`: what each rule found that found anything;
    `criteria`, `trade_offs`: what is said of both modes, beside what was measured of it."""

    environment: str
    mode: str
    window: str
    since: datetime
    until: datetime
    choice: AdvisedWay | None
    sentence: str
    reasons: tuple[AdviceReason, ...]
    criteria: tuple[CriterionSides, ...]
    trade_offs: tuple[TradeOff, ...]

    def asked(self, place: str) -> dict[str, str]:
        """The question whose answer holds what was measured "here" or "elsewhere", as query parameters."""
        question = {"window": self.window, "until": timestamp(self.until)}
        return question | ({"environment": self.environment} if place == "here" else {})

    @property
    def speaking(self) -> tuple[AdviceReason, ...]:
        """The reasons for what is advised."""
        return tuple(one for one in self.reasons if self.choice and one.speaks_for in _spoken_for(self.choice))

    @property
    def contrary(self) -> tuple[AdviceReason, ...]:
        """The reasons against it."""
        return tuple(one for one in self.reasons if one not in self.speaking)


def advice(own: Compared, every: Compared, environment: Environment, reckoned: WhatIf) -> Advice:
    """Arguments as of `measured_facts`."""
    facts = measured_facts(own, every, environment, reckoned)
    reasons = tuple(found for rule in RULES if (found := rule(facts)))
    choice, sentence = decided(facts, reasons)
    told, window = TradeOffs(facts.mode, own, every), own.evidence.window
    return Advice(
        environment.name, facts.mode, window.name, window.since, window.until, choice, sentence, reasons,
        told.criteria(), told.claims(),
    )  # fmt: skip


def decided(facts: MeasuredFacts, reasons: Sequence[AdviceReason]) -> tuple[AdvisedWay | None, str]:
    """The advice, and a sentence that says it; None and why, where there is none."""
    if facts.shadow:
        return None, "No advice: a shadow delivers nothing, so nothing of it was measured."
    if facts.others:
        return None, f"No advice: {facts.others} delivers here, and what it tells is too little to judge by."
    if facts.delivered < NEEDED:
        return None, f"No advice: not enough measured ({facts.delivered:,} of {NEEDED} deliveries with all times)."
    choice = _chosen(facts, reasons)
    if choice is AdvisedWay.PUSH and facts.sooner == PULL:
        return None, "No advice: the reasons are for push, and the comparison of all environments finds pull sooner."
    return choice, f"{_move(facts, choice)}{_because(choice, reasons)}."


def _move(facts: MeasuredFacts, choice: AdvisedWay) -> str:
    """What to do, from the mode that there is."""
    if facts.mode == PULL and choice is AdvisedWay.NUDGED and facts.called < HALF:
        return "Stay with pull, and let a webhook nudge it"
    return f"{'Stay with' if choice.value.startswith(facts.mode) else 'Change to'} {NAMES[choice]}"


def _chosen(facts: MeasuredFacts, reasons: Sequence[AdviceReason]) -> AdvisedWay:
    for_pull = [one for one in reasons if one.speaks_for == PULL]
    for_push = [one for one in reasons if one.speaks_for == PUSH]
    by_agent = any(one.rule == "agent" for one in for_pull)
    pull = by_agent or len(for_pull) > len(for_push) or (len(for_pull) == len(for_push) and facts.mode == PULL)
    if not pull:
        return AdvisedWay.PUSH
    return AdvisedWay.NUDGED if any(one.speaks_for == TOLD for one in reasons) else AdvisedWay.PULL


def _spoken_for(choice: AdvisedWay) -> tuple[str, ...]:
    return {AdvisedWay.PUSH: (PUSH, TOLD), AdvisedWay.PULL: (PULL,), AdvisedWay.NUDGED: (PULL, TOLD)}[choice]


def _because(choice: AdvisedWay, reasons: Sequence[AdviceReason]) -> str:
    spoken = _spoken_for(choice)
    speaking = sum(one.speaks_for in spoken for one in reasons)
    if not speaking:
        return ": nothing that was measured speaks for a change"
    against = len(reasons) - speaking
    return f": {plural(speaking, 'reason')} for it, {against or 'none'} against it"
