"""Whoever has the export alone comes to every figure of the comparison, by a script that knows nothing of us."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest

from app.comparison.export import as_dict, json_parts, row_lines
from app.domain.identity import SYSTEM
from bench import recompute
from tests.support.installation import Installation

pytestmark = pytest.mark.thorough
CLOSE = 1e-9
compared: Callable[..., Any] = recompute.compared
ASKED = (("24h", "tier=a", ""), ("7d", "", "turned"), ("all", "", ""))


def exported(here: Installation, window: str, labels: str, name: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The export as JSON, and its rows as CSV."""
    found, rows = here.queries.comparison.exported(SYSTEM, window, labels, name)
    kept = [*rows]
    told: dict[str, Any] = json.loads("".join(json_parts(as_dict(found), kept)))
    return told, [*csv.DictReader(line.rstrip("\r\n") for line in row_lines(kept))]


def differing(figures: dict[str, Any], rows: list[dict[str, Any]]) -> list[object]:
    """What does not come out as it is shown."""
    return [
        what
        for what, shown, again in compared(figures, rows)
        if [*shown] != [None if one is None else pytest.approx(one, rel=CLOSE, abs=CLOSE) for one in again]
    ]


def test_every_figure_is_computed_again_from_the_rows_alone_and_from_no_fewer(lived: Installation) -> None:
    for asked in ASKED:
        lived.clock.pass_(86_400 if asked[0] == "all" else 0)  # a rate needs a day
        export, listed = exported(lived, *asked)
        figures, rows = export["figures"], export["rows"]
        assert differing(figures, rows) == []
        assert len([*compared(figures, rows)]) > 60
        assert {row["section"] for row in rows} >= {"counted", "observed", "stage"}
        assert [(one["section"], one["key"], one["id"], float(one["value"])) for one in listed] == [
            (one["section"], one["key"], one["id"], one["value"]) for one in rows
        ]
        for number in (at for at, row in enumerate(rows) if row["section"] != "counted" or at % 10 == 0):
            assert differing(figures, [*rows[:number], *rows[number + 1 :]]), rows[number]
