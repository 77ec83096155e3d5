"""What the page of the comparison makes of a row: its figures read as everywhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.comparison.counted import Counted
from app.comparison.judgement import Measure, Phrases, counts, shares
from app.comparison.result import ComparisonRow, Heading
from app.domain.environment import Environment, Mode, SourceSpec, TargetSpec
from app.web.pages.comparisons.comparison_rows import row_of

SAYS = Phrases("{value}", "nothing", "more")


def heading(unit: str) -> Heading:
    return Heading("key", "criterion", "Title", "Question?", unit, "higher", 10, "Definition.")


def of_shares(push: int, pull: int) -> ComparisonRow:
    return shares(heading("share"), SAYS, measured("push", *of(push)), measured("pull", *of(pull)))


def of(hits: int) -> list[int]:
    return [1] * hits + [0] * (1000 - hits)


def measured(mode: str, *values: float) -> Measure:
    """Values of ten environments, in turn."""
    source, target = SourceSpec("https://git.example/a.git"), TargetSpec("directory")
    places = [Environment(number, f"{mode}-{number}", Mode(mode), source, target) for number in range(10)]
    return Measure(mode, [Counted(value, places[number % 10]) for number, value in enumerate(values)])


@pytest.mark.parametrize(
    ("hits", "figure"), [(997, "99.7 %"), (1000, "100 %"), (500, "50 %"), (0, "0 %"), (3, "0.3 %")]
)
def test_a_share_is_never_rounded_up_to_all(hits: int, figure: str) -> None:
    side = row_of(of_shares(hits, 1000), {}).push
    assert (side.figure, side.unit) == (figure, "")


def test_a_count_has_its_unit_beside_it() -> None:
    row = counts(heading("parts"), SAYS, measured("push", 1, 1), measured("pull", 2, 3))
    shown = row_of(row, {})
    assert (shown.push.figure, shown.push.unit) == ("1", "part")
    assert (shown.pull.figure, shown.pull.unit) == ("2.5", "parts")


def test_the_figure_and_the_sentence_of_a_cell_round_alike() -> None:
    says = Phrases("{Mode} needs {value}.", "nothing", "fewer")
    row = counts(heading("parts"), says, measured("push", 2, 2, 2, 2), measured("pull", 1, 1, 1, 2))
    shown = row_of(row, {})
    assert (shown.pull.figure, row.pull.sentence) == ("1.25", "Pull needs 1.25 parts.")
    assert "0.75" in shown.finding or shown.brief.startswith("too few")


def test_what_follows_from_the_design_has_no_winner() -> None:
    designed = replace(heading("parts"), needed=1, by_design=True, better="lower")
    shown = row_of(counts(designed, SAYS, measured("push", 2), measured("pull", 1)), {})
    assert (shown.winner, shown.finding) == ("", "By design: 1 part more with pull")


def test_the_winner_stands_beside_what_was_found_and_not_in_it() -> None:
    row = of_shares(997, 500)
    shown = row_of(row, {})
    assert (shown.winner, shown.finding, shown.brief) == ("push", row.verdict.finding, "49.7 points more")
    assert row.verdict.text == f"Push: {row.verdict.finding}"
    assert row.verdict.finding.startswith("49.7 points more")
