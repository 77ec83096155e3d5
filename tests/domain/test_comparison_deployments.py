"""How often is deployed, how often that fails, what is rework, what it asks of Git: by hand from a few facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.comparison import Cell, ComparisonRow, Evidence, compare_modes, parse_window
from app.comparison.delivery_facts import CommitFact, DeliveryFact, PollFact
from app.comparison.result import ModeSwitch
from app.comparison.statistics import poisson_interval
from app.domain.environment import Policy, RunsOn, SourceSpec, TargetSpec
from app.domain.operation import Outcome, Phase, Trigger
from tests.domain.test_comparison_rows import NOON, NOW, WINDOW, at, delivery, details, environment, row

BAD: dict[str, Any] = {"phase": Phase.FAILED, "outcome": Outcome.FAILED}
BACK: dict[str, Any] = {"trigger": Trigger.ROLLBACK, "outcome": Outcome.ROLLED_BACK}


def sync(number: float, **other: Any) -> DeliveryFact:
    """A sync that took five seconds, `number` minutes after noon."""
    start = 60 * number
    return delivery(
        revision=f"r{number}", operation=f"o{number}", commit=start, noticed=start + 1, live=start + 5, **other
    )


# --- frequency ---
def test_frequency_is_for_each_environment_and_day_that_it_ran() -> None:
    young, old = environment("push", "young", created=-8 * 3600), environment("push", "old", created=-30 * 86400)
    facts = [replace(sync(number), environment="old") for number in range(3)]
    found = row("deployment_frequency", *facts, environments=(young, old))
    days = 7 + 10 / 24  # the window's seven days, and ten hours
    assert found.push.observed == pytest.approx(days)
    assert found.push.value == pytest.approx(3 / days)
    assert found.push.n == 3
    assert found.push.interval == pytest.approx(poisson_interval(3, days))
    assert found.push.sentence.startswith("With push, an environment was deployed to 0.4 a day (3 deployments in 7.4 ")
    assert (found.pull.value, found.pull.sentence) == (None, "No day of a pull environment lies in this window.")


def test_an_environment_that_was_never_deployed_to_has_a_rate_of_zero() -> None:
    found = row("deployment_frequency", environments=(environment("pull", created=-86400),)).pull
    assert (found.value, found.n) == (0, 0)


def test_a_few_hours_are_not_told_as_so_many_a_day() -> None:
    found = row("deployment_frequency", sync(1), environments=(environment("push"),)).push
    assert (found.value, found.interval, found.n) == (None, None, 1)


def test_a_switched_environment_counts_each_mode_by_its_own_days() -> None:
    one = environment("pull", "web", created=-30 * 86400)
    switch = ModeSwitch(NOW - timedelta(days=2), "push", "pull", "user:ana")
    found = row(
        "deployment_frequency", replace(sync(1), environment="web"), environments=(one,), switches={"web": (switch,)}
    )
    assert (found.push.observed, found.pull.observed) == (5, 2)
    assert (found.push.value, found.pull.value) == (0.2, 0)


def test_deployments_of_a_deleted_environment_have_no_days_and_are_said() -> None:
    found = row(
        "deployment_frequency",
        replace(sync(1), environment="gone"),
        environments=(environment("push", created=-86400),),
    ).push
    assert (found.n, found.value) == (0, 0)
    assert details(found) == {"deployments of environments that were deleted since": 1}


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (1000, 938.97, 1063.95)]
)
def test_the_interval_of_a_rate_is_that_of_the_tables(count: int, low: float, high: float) -> None:
    assert poisson_interval(count, 1) == pytest.approx((low, high), abs=1e-2)
    assert poisson_interval(count, 2)[1] == pytest.approx(high / 2, abs=1e-2)


# --- failures ---
def test_a_deployment_fails_where_it_breaks_off_is_unhealthy_or_is_rolled_back() -> None:
    facts = (
        sync(1),
        sync(2, **BAD),
        sync(3),
        sync(4, applied_at=None, healthy_at=None, **BAD),
        sync(5),
        sync(6, **BACK),
        sync(7),
    )
    found = row("change_failure_rate", *facts).push
    assert (found.value, found.n) == (0.5, 6)
    assert details(found) == {"left unhealthy": 1, "broke off at the target": 1, "rolled back": 1}


def test_a_rollback_of_what_had_failed_marks_no_second_one() -> None:
    found = row("change_failure_rate", sync(1), sync(2, **BAD), sync(3, **BACK)).push
    assert (found.value, found.n) == (0.5, 2)


def test_what_never_touched_the_target_is_no_deployment() -> None:
    refused = sync(1, phase=Phase.FAILED, outcome=Outcome.REFUSED)
    error = sync(2, phase=Phase.ERROR, outcome=None)
    healed = sync(3, trigger=Trigger.SELF_HEAL, outcome=Outcome.HEALED)
    found = row("change_failure_rate", refused, error, healed).push
    assert (found.value, found.n, found.sentence) == (None, 0, "No push deployment is known.")


def test_what_was_rolled_back_was_broken_from_its_end_to_the_way_back() -> None:
    found = row("recovery", sync(1), sync(2), sync(4, **BACK)).push
    assert (found.value, found.n) == (120, 1)
    assert details(found) == {"mended by going back": 1}


# --- rework ---
def test_rework_is_rollbacks_reverts_and_what_follows_a_failure_within_the_hour() -> None:
    facts = (
        sync(0),
        sync(1, **BAD),
        sync(2, **BACK),
        sync(50),  # within the hour
        sync(70),
        sync(80, subject='Revert "Try this"'),
    )
    found = row("deployment_rework_rate", *facts).push
    assert (found.value, found.n) == (0.5, 6)
    assert details(found) == {"a rollback": 1, "followed a failure": 1, "brought a revert": 1}


def test_syncs_with_nothing_to_do_are_counted_by_why() -> None:
    found = row("nothing_to_do", sync(1), sync(2, outcome=Outcome.NO_OP), sync(3, outcome=Outcome.FILTERED)).push
    assert found.value == pytest.approx(2 / 3)
    assert found.n == 3
    assert details(found) == {"live already": 1, "touched nothing of the environment": 1}


# --- load ---
def polls(times: int, since: float, until: float, result: str = "unchanged", credential: str = "") -> PollFact:
    start, end = at(since), at(until)
    assert start is not None
    assert end is not None
    return PollFact("https://git.example/site.git", credential, start, end, times, result)


def test_polls_are_those_of_the_watched_repositories_for_each_delivery() -> None:
    told = (polls(90, 0, 900), polls(2, 10, 10, "moved"), polls(500, 0, 900, credential="other"))
    found = row("git_load", sync(1), sync(2), polls=told).push
    assert (found.value, found.n, found.observed) == (46, 2, 92)
    assert details(found)["polls that ended moved"] == 2


def test_of_polls_that_began_before_the_window_the_part_inside_it_counts() -> None:
    week = 7 * 86400
    start = (NOW - NOON).total_seconds() - week
    found = row("git_load", sync(1), polls=(polls(200, start - 100, start + 100),)).push
    assert found.value == pytest.approx(100)


def test_without_a_delivery_or_without_records_of_polls_there_is_no_load() -> None:
    assert row("git_load", polls=(polls(9, 0, 9),)).push.value is None
    away = environment("push", runs_on=RunsOn.AGENT)
    assert row("git_load", sync(1), polls=(polls(9, 0, 9),), environments=(away,)).push.value is None
    assert row("git_load", sync(1)).push.value is None


# --- polls in theory ---
def test_the_wait_for_polls_stands_beside_half_their_interval_overtaken_commits_included() -> None:
    pulled = environment("pull", policy=Policy(interval_s=60))
    live = delivery("pull", "b", commit=0, unseen=0, noticed=50, live=55, fetched_at=at(52))
    passed = CommitFact(
        "pull", "pull", "a", at(50) or NOON, at(10), "b", seen=False, noticed_at=at(50), visible_after=at(0),
        noticed_by="poll",
    )  # fmt: skip
    found = details(row("noticed", live, environments=(pulled,), superseded=(passed,)).pull)
    assert found["mean by poll and agent, overtaken commits included"] == 44.75
    assert found["in theory: half the poll's interval"] == 30
    assert found["residual: mean less theory"] == 14.75
    assert found["the fetch after it, mean"] == 2


# --- credentials ---
def test_an_environment_is_as_exposed_as_its_oldest_secret_of_known_age() -> None:
    source = SourceSpec("https://git.example/site.git", credential="deploy")
    one = environment("push", source=source)
    fact = delivery(trigger=Trigger.PIPELINE, initiated_by="token:ci")
    made = {"deploy": NOW - timedelta(days=2), "token:ci": NOW - timedelta(days=9)}
    found = row("credential_age", fact, environments=(one,), secrets=made).push
    assert (found.value, found.n) == (9 * 86400, 1)
    unknown = row("credential_age", fact, environments=(one,), secrets={"deploy": NOW - timedelta(days=2)}).push
    assert (unknown.value, details(unknown)) == (2 * 86400, {"secrets of unknown age": 1})


# --- like with like ---
def lead(*environments: Any) -> ComparisonRow:
    push = replace(delivery("push", "a"), environment=environments[0].name)
    pull = replace(delivery("pull", "b"), environment=environments[1].name)
    return compare_modes(Evidence(WINDOW, (push, pull), environments=environments)).row("lead_time")


def test_a_row_says_where_its_sides_differ_in_source_or_kind_of_target() -> None:
    same = lead(environment("push"), environment("pull"))
    assert same.unlike == ""
    other = SourceSpec("https://git.example/other.git")
    found = lead(environment("push"), environment("pull", source=other, target=TargetSpec("ssh")))
    assert found.unlike == (
        "Not like with like: push delivers 1 source, pull 1 source, 0 of them the same; "
        "push goes to directory, pull to ssh."
    )


def test_nothing_measured_is_no_zero() -> None:
    cells: list[Cell] = [cell for row in compare_modes(Evidence(parse_window("7d", NOW))).rows for cell in row.cells]
    assert {cell.value for cell in cells} == {None}
