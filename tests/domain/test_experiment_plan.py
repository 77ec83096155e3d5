"""The plan of an experiment is told by its seed and parameters alone."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.experiments.experiment import Progress
from app.domain.experiments.experiment_parameters import (
    IN_A_COMMIT,
    PROFILES,
    ROOM,
    ExperimentParameters,
    FaultKind,
    read_parameters,
)
from app.domain.experiments.experiment_plan import StepKind, plan

seeds = st.integers(0, 2**53 - 1)
faults = st.lists(st.sampled_from(FaultKind), max_size=12).map(tuple)


@st.composite
def parameters(draw: st.DrawFn) -> ExperimentParameters:
    """Parameters as they may be asked for."""
    chosen = draw(faults)
    return ExperimentParameters(
        commits=draw(st.integers(max(1, len(chosen) * ROOM), 80)),
        spacing_s=draw(st.floats(0.05, 60)),
        build_s=draw(st.floats(0.05, 60)),
        fault_s=draw(st.floats(0.05, 120)),
        faults=chosen,
    )


@given(seeds, parameters())
def test_the_same_seed_makes_the_same_plan_and_everything_asked_for_is_in_it(
    seed: int, asked: ExperimentParameters
) -> None:
    steps = plan(seed, asked)
    assert steps == plan(seed, asked)
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert all(one.at_s <= other.at_s for one, other in pairwise(steps))
    of = {kind: [step for step in steps if step.kind is kind] for kind in StepKind}
    assert [step.commit for step in of[StepKind.COMMIT]] == list(range(1, asked.commits + 1))
    assert sorted(step.commit for step in of[StepKind.PUSH]) == list(range(1, asked.commits + 1))
    found = Counter(step.fault for step in steps if step.fault and step.kind is not StepKind.END)
    assert found == Counter(asked.faults)
    assert Counter(step.fault for step in of[StepKind.BEGIN]) == Counter(step.fault for step in of[StepKind.END])


@given(seeds, parameters())
def test_a_pipeline_is_through_after_its_commit_and_one_fault_is_over_before_the_next(
    seed: int, asked: ExperimentParameters
) -> None:
    steps = plan(seed, asked)
    made = {step.commit: step.at_s for step in steps if step.kind is StepKind.COMMIT}
    for step in steps:
        if step.kind is StepKind.PUSH:
            assert made[step.commit] <= step.at_s <= made[step.commit] + 2.5 * asked.build_s + 0.01
    going_on: set[FaultKind] = set()
    for step in steps:
        if step.fault is None or step.fault in IN_A_COMMIT:
            continue
        if step.kind is StepKind.END:
            going_on.remove(step.fault)
        else:
            assert not going_on
            going_on |= {step.fault} if step.kind is StepKind.BEGIN else set()
    assert not going_on
    last = next(step for step in steps if step.kind is StepKind.COMMIT and step.commit == asked.commits)
    assert last.fault is None or asked.commits == 1


def test_another_process_makes_the_same_plan() -> None:
    code = (
        "from app.domain.experiments.experiment_plan import plan\n"
        "from app.domain.experiments.experiment_parameters import QUICK\n"
        "print(hash(tuple((s.at_s, s.kind.value, s.commit, s.fault and s.fault.value) for s in plan(7, QUICK)) and 0),"
        " [(s.at_s, s.kind.value, s.commit) for s in plan(7, QUICK)])"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={
            "PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1


def test_profiles_keep_what_they_promise() -> None:
    standard, quick = PROFILES["standard"], PROFILES["quick"]
    assert (standard.commits >= 15, standard.about_s <= 300) == (True, True)
    assert (quick.commits - len(quick.faults) >= 30, quick.about_s <= 60) == (True, True)
    assert set(standard.faults) == set(FaultKind)


def test_a_kill_is_an_interruption_from_the_last_sign_of_life() -> None:
    began = datetime(2026, 11, 23, 12, tzinfo=UTC)
    first = Progress().taken_up(began)
    assert (first.began_at, first.interruptions) == (began, ())
    last, back = began + timedelta(seconds=30), began + timedelta(seconds=100)
    killed = replace(first, position_s=30.0).taken_up(back)
    assert (killed.began_at, killed.interruptions) == (back - timedelta(seconds=30), ((last, back),))
    stood, again = back + timedelta(seconds=5), back + timedelta(seconds=50)
    stopped = replace(killed, position_s=35.0, interruptions=(*killed.interruptions, (stood, None)))
    assert stopped.taken_up(again).interruptions == ((last, back), (stood, again))


def test_what_is_asked_for_is_checked() -> None:
    assert read_parameters({"profile": "quick", "faults": [], "commits": 2}).commits == 2
    for wrong, field in (
        ({"profile": "slow"}, "profile"),
        ({"faults": ["meteor"]}, "faults"),
        ({"commits": 3, "faults": ["drift", "git_outage"]}, "commits"),
        ({"spacing_s": 0}, "spacing_s"),
        ({"speed": 1}, "speed"),
    ):
        with pytest.raises(InvalidInput) as refused:
            read_parameters(wrong)
        assert list(refused.value.fields) == [field]
