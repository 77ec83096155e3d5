"""What the page of the comparison makes of a row: its figures read as everywhere else."""

from __future__ import annotations

import pytest

from app.comparison.judgement import Measure, Phrases, counts, shares
from app.comparison.result import ComparisonRow, Heading
from app.web.pages.comparison_page import _criterion

SAYS = Phrases("{value}", "nothing", "more")


def heading(unit: str) -> Heading:
    return Heading("key", "criterion", "Title", "Question?", unit, "higher", 10, "Definition.")


def of_shares(push: int, pull: int) -> ComparisonRow:
    return shares(heading("share"), SAYS, Measure("push", hits=push, n=1000), Measure("pull", hits=pull, n=1000))


@pytest.mark.parametrize(
    ("hits", "figure"), [(997, "99.7 %"), (1000, "100 %"), (500, "50 %"), (0, "0 %"), (3, "0.3 %")]
)
def test_a_share_is_never_rounded_up_to_all(hits: int, figure: str) -> None:
    side = _criterion(of_shares(hits, 1000), "").push
    assert (side.figure, side.unit) == (figure, "")


def test_a_count_has_its_unit_beside_it() -> None:
    row = counts(heading("parts"), SAYS, Measure("push", values=(1, 1)), Measure("pull", values=(2, 3)))
    shown = _criterion(row, "")
    assert (shown.push.figure, shown.push.unit) == ("1", "part per environment")
    assert (shown.pull.figure, shown.pull.unit) == ("2.5", "parts per environment")


def test_the_winner_stands_beside_what_was_found_and_not_in_it() -> None:
    row = of_shares(997, 500)
    shown = _criterion(row, "")
    assert (shown.better, shown.verdict) == ("push", row.verdict.finding)
    assert row.verdict.text == f"Push: {row.verdict.finding}"
    assert row.verdict.finding.startswith("49.7 points more")
