"""What is behind a figure of the comparison is what it counted: the same things, as many, also when asked later."""

from __future__ import annotations

import pytest

from app.comparison import Call, CellEvidence, Comparison, Question
from app.domain.errors import NotFound
from app.domain.identity import SYSTEM
from tests.support.installation import Installation
from tests.support.lived import both

pytestmark = pytest.mark.thorough


def behind(here: Installation, found: Comparison, key: str, mode: str, labels: str, name: str) -> CellEvidence:
    return here.queries.comparison.behind(SYSTEM, Question(found.window, labels, name, found.until), key, mode)


def listed(here: Installation, found: Comparison, labels: str, name: str) -> dict[tuple[str, str], list[str]]:
    cells = [(row.heading.key, cell.mode) for row in found.rows for cell in row.cells]
    return {
        (key, mode): [f"{row.kind}:{row.id}" for row in behind(here, found, key, mode, labels, name).rows]
        for key, mode in cells
    }


def test_every_cell_lists_as_many_as_it_counted(lived: Installation) -> None:
    for window, labels, name in (("all", "", ""), ("24h", "tier=a", ""), ("7d", "", "turned")):
        found = lived.queries.comparison.compare(SYSTEM, window, labels, name)
        measured = [
            (row, cell, behind(lived, found, row.heading.key, cell.mode, labels, name))
            for row in found.rows
            for cell in row.cells
        ]
        for row, cell, evidence in measured:
            assert len(evidence.rows) == cell.n, (row.heading.key, cell.mode)
            assert (evidence.cell.value, evidence.cell.sentence) == (cell.value, cell.sentence)
            if row.heading.unit == "share" and cell.n:
                assert sum(one.value for one in evidence.rows) / cell.n == cell.value
        assert sum(cell.n > 0 for _, cell, _ in measured) > 12


def test_asked_again_later_it_lists_the_same(lived: Installation) -> None:
    found = lived.queries.comparison.compare(SYSTEM, "24h")
    before = listed(lived, found, "", "")
    for text in ("well 6", "well 7"):
        both(lived, text)
    lived.register("pull", "late")
    lived.poll()
    (lived.servers / "shop" / "index.html").write_text("well, by hand\n")
    lived.refresh("shop")
    assert listed(lived, found, "", "") == before


def test_an_operation_behind_a_figure_is_of_that_mode_and_environment(lived: Installation) -> None:
    found = lived.queries.comparison.compare(SYSTEM, "all", "tier=a")
    for key, mode in (("lead_time", "push"), ("automation", "pull"), ("recovery", "push"), ("never_deployed", "push")):
        rows = behind(lived, found, key, mode, "tier=a", "").rows
        assert rows
        for row in rows:
            assert row.environment == {"push": "shop", "pull": "docs"}[mode]
            for operation in row.operations:
                assert lived.queries.operations.record(SYSTEM, operation).operation.mode == mode


def test_a_commit_that_nobody_brought_is_named_and_says_why(lived: Installation) -> None:
    found = lived.queries.comparison.compare(SYSTEM, "all")
    (passed,) = [row for row in behind(lived, found, "never_deployed", "push", "tier=a", "").rows if row.value]
    assert (passed.kind, passed.environment, passed.note) == ("commit", "shop", "was never brought")


def test_no_figure_that_follows_from_the_design_has_a_winner(lived: Installation) -> None:
    found = lived.queries.comparison.compare(SYSTEM, "all")
    for row in found.rows:
        if row.heading.by_design or row.heading.better is None:
            assert (row.verdict.call, row.verdict.winner) == (Call.OPEN, ""), row.heading.key
        elif min(row.push.n, row.pull.n) < 10:
            assert row.verdict.winner == "", row.heading.key


@pytest.mark.parametrize(("key", "mode"), [("nothing", "push"), ("lead_time", "both")])
def test_what_is_no_figure_is_not_found(here: Installation, key: str, mode: str) -> None:
    with pytest.raises(NotFound):
        here.queries.comparison.behind(SYSTEM, Question(), key, mode)
