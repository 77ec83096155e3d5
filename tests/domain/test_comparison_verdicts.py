"""When the comparison takes sides, when it does not, and how it leaves the house."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import comb
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.comparison import Call, Comparison, Evidence, Verdict, compare_modes, parse_labels, parse_window
from app.comparison.delivery_facts import DeliveryFact
from app.comparison.export import COLUMNS, as_dict, csv_lines
from app.comparison.family import weighed
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.domain.errors import InvalidInput
from app.domain.operation import Outcome, Phase, Trigger

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = parse_window("30d", NOON + timedelta(days=1))
OTHER = {"push": "pull", "pull": "push"}
CRITERIA = {
    "status synchronization",
    "installation effort",
    "suitability",
    "security",
    "automation",
    "immediacy",
    "drift",
    "rollback",
    "pipeline dependence",
    "audit completeness",
    "multi-environment reach",
    "configuration size",
    "deployments",
    "load",
}


def delivery(
    mode: str, number: int, lead: float, trigger: Trigger = Trigger.SCHEDULE, environment: str = ""
) -> DeliveryFact:
    """A delivery whose commit was noticed at once and live `lead` seconds later."""
    start = NOON + timedelta(seconds=number)
    end = start + timedelta(seconds=lead)
    return DeliveryFact(
        f"{mode}-{number}", environment or mode, mode, trigger, Phase.SUCCEEDED, Outcome.DEPLOYED, f"{mode}{number}",
        start, end, start, start, start, start, start, end, end, False,
    )  # fmt: skip


def series(
    mode: str, leads: list[float], trigger: Trigger = Trigger.SCHEDULE, places: int = 6, first: int = 0
) -> tuple[DeliveryFact, ...]:
    """Deliveries to as many environments, in turn."""
    return tuple(
        delivery(mode, number, lead, trigger, f"{mode}-{number % places}") for number, lead in enumerate(leads, first)
    )


def mixed(count: int, step: float, start: float) -> list[float]:
    """Values evenly spaced, in an order that tells nothing."""
    return [start + step * place for place in random.Random(count).sample(range(count), count)]


def swapped(fact: DeliveryFact) -> DeliveryFact:
    return replace(fact, mode=OTHER[fact.mode])


def leads(*facts: DeliveryFact) -> Comparison:
    return compare_modes(Evidence(WINDOW, facts))


def test_a_clear_difference_names_the_better_mode_and_by_how_much() -> None:
    verdict = leads(*series("push", mixed(60, 0.01, 2)), *series("pull", mixed(60, 0.01, 5))).row("lead_time").verdict
    assert verdict.call is Call.PUSH
    assert verdict.difference == pytest.approx(-3, abs=0.1)
    low, high = verdict.interval or (0, 0)
    assert -3.4 < low <= -3 <= high < -2.6
    assert verdict.text.startswith("Push: 3.0 s sooner (95 %: 2.")
    assert verdict.text.endswith("in 100 % of pairs")
    assert (verdict.effect, verdict.environments) == (1, {"push": 6, "pull": 6})
    assert verdict.p == pytest.approx(2 / comb(12, 6))
    assert verdict.p_adjusted == verdict.p  # lead time with superseded commits has the same values: one question


def test_samples_that_overlap_show_no_difference_and_say_what_would() -> None:
    facts = (*series("push", mixed(60, 1, 0)), *series("pull", mixed(60, 1, 5)))
    verdict = leads(*facts).row("lead_time").verdict
    assert verdict.call is Call.EVEN
    assert verdict.text.startswith("No difference shown (push minus pull: −")
    assert "; to show one of this size: " in verdict.text


@pytest.mark.parametrize(("push", "pull"), [(4, 12), (12, 1), (4, 4)])
def test_deliveries_of_few_environments_tell_little_however_many_they_are(push: int, pull: int) -> None:
    facts = (*series("push", [1.0, 2.0] * 60, places=push), *series("pull", [100.0, 200.0] * 60, places=pull))
    verdict = leads(*facts).row("lead_time").verdict
    assert (verdict.call, verdict.p, verdict.interval) == (Call.TOO_FEW, None, None)
    assert verdict.text.startswith(f"Too few environments to say ({push} push, {pull} pull; 5 of each needed).")
    assert verdict.text.endswith("Sooner: a shadow, twin environments or a switch")


def test_values_that_move_together_in_time_tell_little() -> None:
    slow = [float(number // 30) for number in range(120)]  # an hour after the other, in all environments
    facts = (*series("push", slow), *series("pull", [value + 4 for value in slow]))
    verdict = leads(*facts).row("lead_time").verdict
    assert verdict.call is Call.EVEN
    assert verdict.text.startswith("No difference beyond what values move by in time")


def test_what_one_question_shows_many_may_explain() -> None:
    verdict = replace(Verdict(Call.PUSH, "3 s sooner", -3, (-5, -1)), p=0.03, p_adjusted=0.03)
    row = leads().row("lead_time")
    rows = [replace(row, verdict=replace(verdict, difference=float(-n), p=0.03 + n / 100)) for n in range(3)]
    judged, _ = weighed(rows, [])
    assert {one.verdict.call for one in judged} == {Call.EVEN}
    assert judged[0].verdict.text == "A difference that chance among 3 questions explains: push 3 s sooner"
    assert [one.verdict.p_adjusted for one in judged] == pytest.approx([0.09, 0.09, 0.09])
    alone, _ = weighed([replace(row, verdict=verdict)] * 3, [])
    assert {one.verdict.call for one in alone} == {Call.PUSH}  # the same values three times are one question


@pytest.mark.parametrize(("push", "pull", "fewest"), [(19, 500, 19), (500, 4, 4), (0, 500, 0)])
def test_too_few_to_say_however_clear_it_looks(push: int, pull: int, fewest: int) -> None:
    row = leads(*series("push", [1.0] * push), *series("pull", [100.0] * pull)).row("lead_time")
    assert row.verdict.call is Call.TOO_FEW
    assert row.verdict.text == f"Too few to say ({fewest} of 20 needed)"
    assert row.verdict.interval is None


def test_intervals_and_p95_wait_for_enough_values() -> None:
    def cell(n: int) -> tuple[bool, bool]:
        found = leads(*series("push", [float(i) for i in range(n)])).row("lead_time").push
        return found.interval is not None, found.p95 is not None

    assert [cell(5), cell(6), cell(19), cell(20)] == [(False, False), (True, False), (True, False), (True, True)]
    said = leads(*series("push", [2.0] * 20)).row("lead_time").push.sentence
    assert said == (
        "With push, a commit was live 2.0 s after it was made (median of 20, 95 % within 2.0 s: at least 2.0 s, no "
        "upper bound below 72 values)."
    )


def test_shares_are_compared_in_points() -> None:
    by_hand = random.Random(5).sample(range(60), 30)
    push = [
        replace(one, trigger=Trigger.MANUAL if number in by_hand else Trigger.SCHEDULE)
        for number, one in enumerate(series("push", [1.0] * 60))
    ]
    pull = series("pull", [1.0] * 60)
    row = leads(*push, *pull).row("automation")
    assert (row.push.value, row.pull.value) == (0.5, 1)
    assert row.verdict.call is Call.PULL
    assert row.verdict.text.startswith("Pull: 50 points more (95 %: 3")


def test_nothing_measured_says_so_and_shows_no_figure() -> None:
    nothing = compare_modes(Evidence(WINDOW))
    for row in nothing.rows:
        for cell in row.cells:
            assert (cell.value, cell.n, cell.interval, cell.p95, cell.sample) == (None, 0, None, None, ())
            assert cell.sentence.startswith(("No ", "Nothing "))
        assert row.verdict.call in (Call.TOO_FEW, Call.OPEN)
    assert [pairing.n for pairing in nothing.paired] == [0, 0]
    assert [stages.n for stages in nothing.stages] == [0, 0]


def test_every_criterion_has_a_row_and_every_row_explains_itself() -> None:
    comparison = compare_modes(Evidence(WINDOW))
    assert {row.heading.criterion for row in comparison.rows} == CRITERIA
    for row in comparison.rows:
        assert row.heading.question.endswith("?")
        assert row.heading.definition.endswith(".")
        assert row.heading.better in ("lower", "higher", None)
        assert [cell.mode for cell in row.cells] == ["push", "pull"]
    assert len({row.heading.key for row in comparison.rows}) == len(comparison.rows)


waits = st.lists(st.floats(0, 500).map(lambda value: round(value, 3)), max_size=30)


@settings(max_examples=25, deadline=None)
@given(waits, waits)
def test_swapping_the_modes_swaps_every_verdict(push: list[float], pull: list[float]) -> None:
    facts = (*series("push", push), *series("pull", pull))
    swap = {Call.PUSH: Call.PULL, Call.PULL: Call.PUSH}
    there, back = leads(*facts), leads(*map(swapped, facts))
    for one, other in zip(there.rows, back.rows, strict=True):
        if one.push.sample == one.pull.sample and one.heading.unit == "s":
            continue  # the same sample twice: both calls are "even", by intervals around zero
        assert other.verdict.call is swap.get(one.verdict.call, one.verdict.call)
        if one.verdict.difference is not None:
            assert other.verdict.difference == pytest.approx(-one.verdict.difference)
        if one.verdict.interval:
            low, high = one.verdict.interval
            assert other.verdict.interval == pytest.approx((-high, -low))


def test_the_same_sample_twice_is_no_difference() -> None:
    both = [float(value**2) for value in mixed(60, 1, 0)]
    assert leads(*series("push", both), *series("pull", both)).row("lead_time").verdict.call is Call.EVEN


def test_the_same_facts_give_the_same_comparison() -> None:
    facts = (*series("push", [float(i) for i in range(40)]), *series("pull", [i * 1.1 for i in range(40)]))
    assert leads(*facts) == leads(*reversed(facts))


# --- what is compared ---
@pytest.mark.parametrize(("text", "days"), [("24h", 1), ("7d", 7), ("30d", 30), ("90d", 90), (" 7D ", 7), ("", 30)])
def test_windows_reach_back_from_now(text: str, days: int) -> None:
    window = parse_window(text, NOON)
    assert (window.until, window.until - window.since) == (NOON, timedelta(days=days))


def test_all_begins_before_anything() -> None:
    window = parse_window("all", NOON)
    assert window.since.year == 1970
    assert window.title == "since the first record"
    assert parse_window("7d", NOON).title == "in the last 7 days"
    assert parse_window("24h", NOON).title == "in the last 24 hours"


@pytest.mark.parametrize("text", ["8d", "week", "0", "'; drop"])
def test_an_unknown_window_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_window(text, NOON)
    assert caught.value.fields == {"window": "must be one of 24h, 7d, 30d, 90d, all"}


def test_labels_are_pairs_between_commas() -> None:
    assert parse_labels("") == {}
    assert parse_labels("team=web") == {"team": "web"}
    assert parse_labels(" team = web , tier=a=b,") == {"team": "web", "tier": "a=b"}
    assert parse_labels("a=1,a=1") == {"a": "1"}


@pytest.mark.parametrize(
    "text", ["team", "=web", "team=", "team=web,tier", "a=1,a=2", ",".join(f"k{i}=v" for i in range(21))]
)
def test_wrong_labels_are_refused_with_the_mend(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_labels(text)
    assert "team=web,tier=front" in caught.value.fields["labels"]


# --- out of the house ---
def filled() -> Comparison:
    environments = tuple(
        Environment(i, mode, Mode(mode), SourceSpec("https://git.example/a.git"), TargetSpec("directory"))
        for i, mode in enumerate(("push", "pull"))
    )
    facts = (*series("push", [1.5] * 30), *series("pull", [2.5] * 30))
    same = tuple(replace(fact, revision=fact.revision and fact.revision[4:]) for fact in facts)
    return compare_modes(Evidence(WINDOW, same, environments=environments, labels={"team": "web"}))


def test_json_holds_plain_values_only() -> None:
    plain = as_dict(filled())
    assert {tuple(row["verdict"]) for row in plain["rows"]} == {
        ("call", "text", "difference", "interval", "p", "p_adjusted", "effect", "environments")
    }
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["until"] == "2026-11-21T12:00:00.000000Z"
    assert plain["labels"] == {"team": "web"}
    lead = next(row for row in plain["rows"] if row["key"] == "lead_time")
    assert lead["push"]["value"] == 1.5
    assert lead["push"]["interval"] == [1.5, 1.5]
    assert lead["verdict"]["call"] == "push"
    assert lead["definition"]
    assert plain["paired"][0]["verdict"]["difference"] == -1


def test_csv_has_a_line_per_row_and_pairing() -> None:
    comparison = filled()
    lines = list(csv.DictReader(csv_lines(comparison)))
    assert len(lines) == len(comparison.rows) + len(comparison.paired)
    assert all(set(line) == set(COLUMNS) for line in lines)
    lead = next(line for line in lines if line["key"] == "lead_time")
    assert (lead["push_value"], lead["pull_value"], lead["verdict"]) == ("1.5", "2.5", "push")
    paired = next(line for line in lines if line["section"] == "paired")
    assert (paired["push_value"], paired["pull_n"], paired["difference"]) == ("1.5", "30", "-1.0")
    drift = next(line for line in lines if line["key"] == "drift_found")
    assert (drift["push_value"], drift["push_low"]) == ("", "")


# --- at size ---
def made_of(size: int) -> Evidence:
    chance = random.Random(3)
    facts = tuple(
        delivery(mode, number, chance.expovariate(0.1), environment=f"{mode}-{number % 10}")
        for number in range(size // 2)
        for mode in ("push", "pull")
    )
    return Evidence(WINDOW, facts)


def cost_of(evidence: Evidence) -> float:
    start = process_time()
    compare_modes(evidence)
    return process_time() - start


@pytest.mark.thorough
def test_ten_thousand_deliveries_are_compared_at_once() -> None:
    many, few = made_of(10_000), made_of(2_500)
    row = compare_modes(many).row("lead_time")
    assert (row.push.n, len(row.push.sample), row.verdict.interval is not None) == (5_000, 200, True)
    growth = min(cost_of(many) for _ in range(2)) / min(cost_of(few) for _ in range(3))
    assert growth < 9, "four times as many deliveries cost about four times as much; what grows squared costs 16 times"
