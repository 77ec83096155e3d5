"""The rules of the advice: each speaks at its threshold and not below it, and no advice goes against a verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.comparison import Evidence, compare_modes, rows_of
from app.comparison.outlook import advice_rules
from app.comparison.outlook.advice import Advice, AdvisedWay, advice, decided
from app.comparison.outlook.advice_rules import RULES, AdviceReason
from app.comparison.outlook.measured_facts import MeasuredFacts
from app.comparison.outlook.trade_offs import CLAIMS, CRITERIA, Compared
from app.comparison.outlook.what_if import WhatIfQuestion, what_if
from app.domain.environment import Policy, RunsOn
from app.domain.operation import Trigger
from tests.domain.test_comparison_rows import WINDOW, delivery, environment

ROOT = Path(__file__).resolve().parents[2]
QUIET = MeasuredFacts(
    mode="push", by_agent=False, shadow=False, others="", self_heal=False, delivered=19, commits=19, overtaken=0,
    overtaken_polled=0.0, waited_s=None, waits=0, work_s=1.0, live_s=20.0, polled_s=30.0, interval_s=60, lost=0,
    awaited=19, episodes=0, tokens=0, called=1.0, sooner="", verdict="",
)  # fmt: skip
PULLED = replace(QUIET, mode="pull", called=0.0, overtaken_polled=None, polled_s=None, waited_s=9.0, waits=10)


def found(facts: MeasuredFacts, **other: Any) -> tuple[AdviceReason, ...]:
    known = replace(facts, **other)
    return tuple(reason for rule in RULES if (reason := rule(known)))


def told(facts: MeasuredFacts, **other: Any) -> tuple[AdvisedWay | None, str]:
    return decided(replace(facts, **other), found(facts, **other))


@pytest.mark.parametrize(
    ("facts", "speaks", "silent", "rule", "speaks_for"),
    [
        (QUIET, {"by_agent": True}, {}, "agent", "pull"),
        (QUIET, {"awaited": 40, "lost": 2}, {"awaited": 41, "lost": 2}, "lost_calls", "pull"),
        (QUIET, {"awaited": 20}, {"awaited": 20, "lost": 1}, "calls_came", "push"),
        (QUIET, {"episodes": 3}, {"episodes": 2}, "drift_often", "pull"),
        (QUIET, {"episodes": 3}, {"episodes": 3, "self_heal": True}, "drift_often", "pull"),
        (QUIET, {"delivered": 20}, {"delivered": 20, "episodes": 1}, "no_drift", "push"),
        (QUIET, {"tokens": 1}, {}, "secrets_of_pipelines", "pull"),
        (PULLED, {"commits": 20, "overtaken": 2}, {"commits": 20, "overtaken": 1.9}, "overtaken", "told"),
        (QUIET, {"commits": 20, "overtaken_polled": 0.1}, {"overtaken_polled": 0.1}, "overtaken", "told"),
        (PULLED, {"waited_s": 10.0}, {"waited_s": 10.0, "work_s": 11.0}, "waiting", "told"),
        (PULLED, {"waited_s": 10.0}, {"waited_s": 10.0, "called": 0.5}, "waiting", "told"),
        (QUIET, {"polled_s": 40.0}, {"polled_s": 39.0}, "would_wait", "told"),
        (QUIET, {"sooner": "push", "verdict": "Push: 9 s sooner"}, {}, "verdict", "told"),
        (QUIET, {"sooner": "pull", "verdict": "Pull: 9 s sooner"}, {}, "verdict", "pull"),
    ],
)
def test_a_rule_speaks_at_its_threshold(
    facts: MeasuredFacts, speaks: dict[str, Any], silent: dict[str, Any], rule: str, speaks_for: str
) -> None:
    assert [one.speaks_for for one in found(facts, **speaks) if one.rule == rule] == [speaks_for]
    assert [one for one in found(facts, **silent) if one.rule == rule] == []


@pytest.mark.parametrize(
    ("facts", "known", "choice", "sentence"),
    [
        (QUIET, {}, AdvisedWay.PUSH, "Stay with push: nothing that was measured speaks for a change."),
        (PULLED, {}, AdvisedWay.PULL, "Stay with pull: nothing that was measured speaks for a change."),
        (QUIET, {"awaited": 20, "tokens": 1}, AdvisedWay.PUSH, "Stay with push: 1 reason for it, 1 against it."),
        (QUIET, {"tokens": 1}, AdvisedWay.PULL, "Change to pull: 1 reason for it, none against it."),
        (QUIET, {"tokens": 1, "polled_s": 40.0}, AdvisedWay.NUDGED,
         "Change to pull, nudged by a webhook: 2 reasons for it, none against it."),
        (QUIET, {"awaited": 20, "delivered": 20, "by_agent": True}, AdvisedWay.PULL,
         "Change to pull: 1 reason for it, 2 against it."),
        (PULLED, {"waited_s": 60.0}, AdvisedWay.NUDGED,
         "Stay with pull, and let a webhook nudge it: 1 reason for it, none against it."),
        (QUIET, {"delivered": 9}, None, "No advice: not enough measured (9 of 10 deliveries with all times)."),
        (QUIET, {"shadow": True}, None, "No advice: a shadow delivers nothing, so nothing of it was measured."),
        (QUIET, {"others": "Flux"}, None,
         "No advice: Flux delivers here, and what it tells is too little to judge by."),
    ],
)  # fmt: skip
def test_the_advice_follows_from_the_reasons(
    facts: MeasuredFacts, known: dict[str, Any], choice: AdvisedWay | None, sentence: str
) -> None:
    assert told(facts, **known) == (choice, sentence)


def test_no_advice_names_a_winner_that_the_verdict_does_not_hold() -> None:
    against = {"sooner": "pull", "verdict": "Pull: 9 s sooner", "awaited": 20, "delivered": 20}
    assert told(QUIET, **against)[0] is None
    assert (
        told(QUIET, sooner="push", verdict="Push: 9 s sooner", tokens=1)[0] is AdvisedWay.NUDGED
    )  # told at once as well
    words = [one.text for facts in (QUIET, PULLED) for one in found(facts, tokens=1, episodes=9, lost=9, awaited=20)]
    assert not [text for text in words if re.search("sooner|faster|better", text)]


# --- the fourteen, and the four ---
def advised(mode: str, **place: Any) -> Advice:
    facts = [delivery(mode, f"c{number}", number * 100, noticed=number * 100 + 1, live=number * 100 + 5)
             for number in range(12)]  # fmt: skip
    if mode == "push":
        facts = [replace(fact, trigger=Trigger.PIPELINE, initiated_by="token:ci") for fact in facts[:9]] + facts[9:]
    where = replace(environment(mode), **place)
    own = Evidence(WINDOW, tuple(facts), environments=(where,))
    compared = Compared(own, rows_of(own)), Compared(own, compare_modes(own).rows)
    return advice(*compared, where, what_if(own, where, WhatIfQuestion(60.0), (), None))


def test_each_of_the_fourteen_is_measured_or_says_what_would_measure_it() -> None:
    assert len(CLAIMS) == 14
    pushed = advised("push").trade_offs
    assert {one.claim.key: one.found.place for one in pushed if one.claim.mode == "push"} == {
        "easy_deployment": "here", "pipeline_reuse": "here", "immediate_execution": "here", "hard_to_track_drift": "",
        "pipeline_dependence": "here", "rollback_missing": "", "security_risk": "here", "audit_challenges": "here",
    }  # fmt: skip
    for one in pushed:
        measured = bool(one.found.n)
        assert measured == bool(one.found.place)
        assert one.found.text.startswith("not measured yet; ") != measured


def test_a_pipelines_part_and_the_agents_are_counted_out_of_what_the_row_counted() -> None:
    reuse = next(one.found for one in advised("push").trade_offs if one.claim.key == "pipeline_reuse")
    assert (reuse.value, reuse.n, reuse.text) == (0.75, 12, "A pipeline started 9 of 12 syncs that changed something.")
    worked = advised("pull", runs_on=RunsOn.AGENT).trade_offs
    agent = next(one.found for one in worked if one.claim.key == "agent_installation")
    assert (agent.value, agent.text) == (1.0, "An agent works for 1 of 1 pull environments.")


def test_evidence_is_asked_for_where_it_was_measured() -> None:
    made = advised("push")
    assert made.asked("here")["environment"] == "push"
    assert "environment" not in made.asked("elsewhere")
    assert not advised("push", policy=Policy(observe=True)).choice


def test_every_row_that_a_claim_or_a_rule_names_is_a_measure() -> None:
    keys = {row.heading.key for row in rows_of(Evidence(WINDOW))}
    named = {one.measure for one in CLAIMS} | {key for key, _ in CRITERIA}
    rules = set(re.findall(r'"(\w+)"(?:, "elsewhere")?\)\n', Path(advice_rules.__file__).read_text("utf-8")))
    assert named - keys == set()
    assert rules - keys == set()
    assert len(rules) >= 5


def test_every_rule_stands_in_the_table_of_the_docs() -> None:
    text = (ROOT / "docs" / "advice.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [rule.__name__ for rule in RULES]
    assert [one.title for one in CLAIMS if one.title not in text] == []
