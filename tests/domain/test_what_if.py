"""What the other mode would have given, against what is reckoned by hand from a few facts of a made-up ledger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.comparison import Evidence
from app.comparison.delivery_facts import CommitFact
from app.comparison.outlook.other_mode import called, polled
from app.comparison.outlook.recorded_commits import RecordedCommit
from app.comparison.outlook.what_if import Looks, OutlookFigure, WhatIf, WhatIfQuestion, what_if
from app.domain.environment import ExternalSpec, Policy, RunsOn
from app.domain.state.drift import Ending, Episode
from tests.domain.test_comparison_rows import NOW, WINDOW, at, delivery, environment

APART_S = 100.0


def asked(mode: str = "push", question: WhatIfQuestion | None = None, **known: Any) -> WhatIf:
    """Six commits, APART_S apart, each live 5 s after it could be seen, 4 s of them work."""
    facts = [
        delivery(mode, f"c{number}", number * APART_S, noticed=number * APART_S + 1, live=number * APART_S + 5)
        for number in range(known.pop("commits", 6))
    ]
    where = replace(environment(mode), **known.pop("place", {}))
    pipelines, looks = known.pop("pipelines", ()), known.pop("looks", Looks(0, 0.0))
    evidence = Evidence(WINDOW, tuple(facts), environments=(where,), **known)
    return what_if(evidence, where, question or WhatIfQuestion(20.0), pipelines, looks)


def figure(found: WhatIf, title: str, key: str) -> OutlookFigure:
    way = next(one for one in found.ways if one.title.startswith(title))
    return next(one for one in way.figures if one.key == key)


def episode(good: float | None, found: float, ended: float | None) -> Episode:
    ending = Ending.HEALED if ended is not None else None
    return Episode(1, 1, "push", "push", "c0", at(good), at(found) or NOW, ended_at=at(ended), ending=ending)


# --- commits ---
def test_a_poll_makes_a_commit_wait_for_half_an_interval_and_its_own_work() -> None:
    found = asked()
    assert figure(found, "push", "visible_to_live").value == 5
    assert figure(found, "pull", "visible_to_live").value == pytest.approx(20 / 2 + 4)
    assert figure(found, "pull", "superseded").value == 0


def test_commits_that_come_between_two_polls_are_overtaken() -> None:
    commits = [RecordedCommit(str(number), number * 10.0, 1.0) for number in range(12)]
    assert polled(commits, 20.0).overtaken == pytest.approx(
        5.5
    )  # of every pair one, but the first or the last stands alone
    assert polled(commits, 5.0).overtaken == 0


def test_a_commit_that_waits_for_a_delivery_makes_way_for_a_newer_one() -> None:
    commits = [RecordedCommit("a", 0.0, 60.0), RecordedCommit("b", 10.0, 1.0), RecordedCommit("c", 20.0, 1.0)]
    found = called(commits, [2.0])
    assert (found.waits, found.overtaken) == ((62.0, 43.0), 1)


def test_a_call_that_comes_after_a_newer_commits_call_delivers_nothing() -> None:
    commits = [RecordedCommit("a", 0.0, 1.0), RecordedCommit("b", 1.0, 1.0)]
    assert called(commits, [0.5, 30.0]).overtaken == pytest.approx(0.5)  # a late and b soon, in one of two cases


def test_commits_without_a_delivery_count_with_the_usual_work() -> None:
    over = CommitFact("pull", "pull", "x", at(198) or NOW, at(197.5), by="c2", seen=True, noticed_at=at(198))
    found = asked("pull", superseded=(over,))
    assert figure(found, "pull, as", "superseded").value == pytest.approx(1 / 7)
    assert figure(found, "pull every", "superseded").value == pytest.approx((20 - 2) / 20 / 7, rel=0.02)


def test_push_is_reckoned_with_the_pipelines_of_others_or_with_a_stated_delay() -> None:
    assert figure(asked("pull", pipelines=[30, 40, 50]), "push", "visible_to_live").value == 44
    stated = asked("pull", WhatIfQuestion(20.0, 7.0), pipelines=[30.0])
    assert figure(stated, "push", "visible_to_live").value == 11
    assert "your assumption, not measured" in stated.ways[1].assumptions[0]


# --- drift ---
def test_drift_is_healed_when_it_is_found_or_lasts_until_the_next_commit() -> None:
    drift = (episode(110, 130, 180),)  # began at 120, half-way
    pushed = asked(episodes=drift)
    assert figure(pushed, "push", "time_in_drift").value == 60
    assert figure(pushed, "pull", "time_in_drift").value == 10 + 4
    pulled = asked("pull", episodes=tuple(replace(one, mode="pull") for one in drift), pipelines=[1.0])
    assert figure(pulled, "push", "time_in_drift").value == 205 - 120


def test_drift_that_no_later_commit_overwrote_is_not_over() -> None:
    pulled = asked("pull", episodes=(replace(episode(590, 610, 620), mode="pull"),), pipelines=[1.0])
    found = figure(pulled, "push", "time_in_drift")
    assert found.value is None
    assert found.text.startswith("not known: most are not over; the longest so far is")


# --- what is not known ---
@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"commits": 4}, "4 deliveries with all times in this window, 5 are needed"),
        ({"place": {"policy": Policy(observe=True)}}, "A shadow delivers nothing"),
        (
            {"place": {"runs_on": RunsOn.EXTERNAL, "target": ExternalSpec("argocd", "shop").target()}},
            "Argo CD delivers here, and does not tell",
        ),
    ],
    ids=["few", "shadow", "external"],
)
def test_nothing_is_predicted_where_the_record_does_not_hold_it(known: dict[str, Any], told: str) -> None:
    found = asked(**known)
    assert told in found.missing
    assert [one.kind for one in found.ways] == ["measured"]


@pytest.mark.parametrize(
    ("title", "key", "known"),
    [
        ("push by", "visible_to_live", {}),
        ("push by", "superseded", {}),
        ("push by", "time_in_drift", {}),
        ("pull every", "time_in_drift", {"episodes": (replace(episode(None, 9, 10), mode="pull"),)}),
        ("pull, as", "looks", {"looks": None}),
        ("pull, as", "looks", {"looks": Looks(1, 0.0)}),
    ],
)
def test_what_the_record_lacks_is_not_known_and_never_zero(title: str, key: str, known: dict[str, Any]) -> None:
    found = figure(asked("pull", **known), title, key)
    assert found.value is None
    assert found.text.startswith("not known")
