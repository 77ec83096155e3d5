"""Two distributions drawn on one axis, and the same as a table."""

from __future__ import annotations

import re

from app.comparison import Call, Cell, ComparisonRow, Heading, Verdict
from app.comparison.statistics.survival import shares_over
from app.web.rendering.curves import curves_of, quantile_table

HEADING = Heading("key", "criterion", "Lead time", "How long?", "s", "lower", 10, "From commit to live.")
NO_VERDICT = Verdict(Call.TOO_FEW, "Too few to say", -50.0)


def cell(mode: str, *values: float) -> Cell:
    return Cell(mode, values[len(values) // 2], len(values), "", sample=tuple(sorted(values)))


def row(push: Cell, pull: Cell, verdict: Verdict = NO_VERDICT) -> ComparisonRow:
    return ComparisonRow(HEADING, push, pull, verdict)


def test_a_curve_rises_at_each_value_to_all_of_them() -> None:
    drawn = curves_of(row(cell("push", 10, 20, 30, 40), cell("pull", 60, 60)))
    assert drawn
    assert drawn.on.high == 60
    assert drawn.paths["push"] == "M0 100H16.7V75H33.3V50H50V25H66.7V0H100"
    assert drawn.paths["pull"].endswith("V0H100")
    assert "push 30 s (n 4), pull 1 min (n 2)" in drawn.text


def test_a_curve_of_durations_that_have_not_ended_stops_where_nothing_is_known() -> None:
    lasting = [(10.0, True), (20.0, True), (40.0, False), (60.0, False)]
    open_ = Cell("push", 20.0, 4, "", sample=(10, 20, 40, 60), over_by=shares_over(lasting))
    drawn = curves_of(row(open_, cell("pull", 100, 120)))
    assert drawn
    assert re.fullmatch(r"M0 100H8.3V75H16.7V50H50", drawn.paths["push"])
    none_over = Cell("push", None, 2, "", sample=(10, 20))
    assert "push" not in getattr(curves_of(row(none_over, cell("pull", 100, 120))), "paths", {})


def test_the_shift_is_marked_only_where_a_verdict_was_possible() -> None:
    sides = cell("push", 10, 10, 10), cell("pull", 60, 60, 60)
    tested = Verdict(Call.PUSH, "50 s sooner", -50.0, (-60.0, -20.0), 0.01, 0.01)
    drawn, bare = curves_of(row(*sides, tested)), curves_of(row(*sides))
    assert drawn
    assert bare
    assert bare.shift is None
    assert drawn.shift == (drawn.on.at(10), drawn.on.at(60))
    assert drawn.band == (drawn.on.at(30), drawn.on.at(70))


def test_counts_and_single_values_have_no_curves() -> None:
    assert curves_of(row(cell("push", 3), Cell("pull", None, 0, ""))) is None


def test_the_table_says_what_the_curves_draw() -> None:
    table = {line.label: line for line in quantile_table(row(cell("push", 10, 20, 30, 40, 50), cell("pull", 60, 60)))}
    assert table["Half (median)"].push == "30\u00a0s"
    assert (table["Three quarters"].push, table["Three quarters"].pull) == ("40\u00a0s", "–")
    assert table["Longest"].pull == "1\u00a0min"
