from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.operation import Operation, OperationKind, Phase, Request, Stage, StageName, Trigger
from app.web.rendering import plots
from app.web.rendering.diff_rows import DiffRow, diff_lines

T0 = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


STAGES = [
    Stage(StageName.COMMITTED, at(0)),
    Stage(StageName.VISIBLE, at(0), at(4)),
    Stage(StageName.NOTICED, at(5)),
    Stage(StageName.FETCHED, at(6), at(7)),
]


def test_steps_take_the_time_since_the_stage_before_and_fill_the_bar() -> None:
    steps = plots.steps(STAGES, at(99))
    assert [step.took for step in steps] == [None, 0, 5, 2, None, None, None, None]
    assert [step.state for step in steps] == ["done"] * 4 + ["ahead"] * 4
    assert [step.waits for step in steps[1:4]] == [True, True, False]
    assert sum(step.width for step in steps) == pytest.approx(100, abs=0.05)
    assert plots.elapsed(steps) == 7


@pytest.mark.parametrize(
    ("trigger", "left", "first"),
    [
        (Trigger.PIPELINE, "a" * 40, "committed"),
        (Trigger.PIPELINE, None, "noticed"),
        (Trigger.SELF_HEAL, "b" * 40, "noticed"),
        (Trigger.ROLLBACK, "a" * 40, "noticed"),
    ],
)
def test_the_road_begins_at_the_commit_only_where_that_was_the_news(
    trigger: Trigger, left: str | None, first: str
) -> None:
    request = Request(OperationKind.SYNC, trigger, "user:kim")
    one = Operation(
        "01", 1, "shop", "push", request, Phase.SUCCEEDED, at(5), from_revision=left, revision="b" * 40,
        stages=tuple(STAGES),
    )  # fmt: skip
    road = plots.road(one, at(99))
    assert road[0].name == first
    assert plots.elapsed(road) == (7 if first == "committed" else 2)


@pytest.mark.parametrize(
    ("phase", "state"), [("running", "active"), ("failed", "failed"), ("error", "failed"), ("terminated", "stopped")]
)
def test_an_open_stage_shows_what_became_of_it(phase: str, state: str) -> None:
    steps = plots.steps([*STAGES, Stage(StageName.PLANNED, at(8))], at(10), phase)
    assert (steps[4].state, steps[4].took) == (state, 3)


def test_short_stages_stay_visible() -> None:
    stages = [Stage(StageName.COMMITTED, at(0)), Stage(StageName.FETCHED, at(0), at(1000))]
    bar = plots.steps([*stages, Stage(StageName.PLANNED, at(1000), at(1000.1))], at(1001))
    assert next(step for step in bar if step.name == StageName.PLANNED).width >= 2.4


def test_nothing_measured_draws_nothing() -> None:
    assert [step.width for step in plots.steps([], T0)] == [0] * 8
    assert plots.axis([]).ticks == ()
    assert plots.spark([]).width == 0


def test_a_sparkline_breaks_its_line_where_drift_was() -> None:
    drawn = plots.spark([(1, 0, False), (2, 1, True), (0, 0, False)])
    assert (drawn.line.count("M"), drawn.gaps.count("M"), drawn.bad.count("M")) == (2, 1, 1)
    assert drawn.text == "3 deliveries in 3 days, 1 failed, drift on 1 day"


def test_an_axis_is_shared_and_turns_logarithmic_for_wide_ranges() -> None:
    near, wide = plots.axis([3, 41, 112]), plots.axis([0.4, 112])
    assert [label for _, label in near.ticks] == ["0", "1 min", "2 min"]
    assert (near.logarithmic, near.at(60)) == (False, 50)
    assert [label for _, label in wide.ticks] == ["100 ms", "1 s", "10 s", "1 min", "10 min"]
    assert (wide.logarithmic, wide.at(0.1), wide.at(600), wide.at(9999)) == (True, 0, 100, 100)


def test_a_diff_becomes_numbered_lines() -> None:
    text = "--- a/x\n+++ b/x\n@@ -3,2 +3,2 @@\n a\n-b\n+--c\n\\ No newline at end of file\n"
    assert diff_lines(text)[1:] == [
        DiffRow("same", "a", 3, 3),
        DiffRow("del", "b", 4, None),
        DiffRow("add", "--c", None, 4),
        DiffRow("note", "No newline at end of file"),
    ]
