"""The comparison for other programs: plain values for JSON, and a table for spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from app.comparison.counted import EvidenceRow
from app.comparison.evidence import MODES
from app.comparison.figures.raw_rows import RawRow
from app.comparison.result import Bounds, Cell, CellEvidence, Comparison, Heading, Pairing, Verdict
from app.comparison.summary.answer import ComparisonAnswer, answer_of
from app.domain.audit import timestamp
from app.wording import spreadsheets

_CELL = ("value", "n", "low", "high", "p95", "p95_low", "p95_high", "sentence")
COLUMNS = (
    *("section", "key", "criterion", "title", "unit", "better", "needed"),
    *(f"push_{name}" for name in _CELL),
    *(f"pull_{name}" for name in _CELL),
    *("verdict", "verdict_text", "difference", "difference_low", "difference_high", "p", "p_adjusted", "effect"),
    *("push_environments", "pull_environments", "unlike", "definition"),
)
ROW_COLUMNS = ("section", "key", "mode", *(one.name for one in fields(EvidenceRow)))


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Names as in result.py, with each row's heading beside its cells and the answer as a sentence; times RFC 3339,
    intervals [low, high]. What a cell counted is left out: see `evidence_as_dict`."""
    plain: dict[str, Any] = _plain(comparison)
    plain["answer"] = _answer(answer_of(comparison))
    for row in plain["rows"]:
        for mode in MODES:
            del row[mode]["cases"], row[mode]["over"]
    for line in (*plain["rows"], *plain["paired"]):
        line.update(line.pop("heading"))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Verdict):
        told = ("call", "text", "difference", "interval", "p", "p_adjusted", "effect", "environments")
        return {name: _plain(getattr(value, name)) for name in told}
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(below) for key, below in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(below) for below in value]
    if type(value) is date:
        return value.isoformat()
    if isinstance(value, datetime):
        return timestamp(value)
    return value.value if isinstance(value, Enum) else value


def _answer(answer: ComparisonAnswer) -> dict[str, Any]:
    """`figures`: keys of the rows or pairings that carry the sentence; `unknown`: keys of the questions without a
    verdict, by what they lack."""
    return {
        "sentence": answer.sentence,
        "known": answer.known,
        "figures": [one.heading.key for one in answer.figures],
        "unknown": {lack.reason: list(lack.titles) for lack in answer.unknown},
    }


def asked_as(comparison: Comparison) -> dict[str, str]:
    """The question that a comparison answers, as query parameters; its `until` makes it answerable again."""
    return {
        "window": comparison.window,
        "labels": ",".join(f"{key}={value}" for key, value in comparison.labels.items()),
        "environment": comparison.subject.environment if comparison.subject else "",
        "until": timestamp(comparison.until),
    }


def evidence_as_dict(found: CellEvidence, rows: Sequence[EvidenceRow]) -> dict[str, Any]:
    """What a cell says, with these of the rows behind it."""
    cell = found.cell
    return {
        "key": found.heading.key,
        "title": found.heading.title,
        "unit": found.heading.unit,
        "mode": cell.mode,
        "value": cell.value,
        "n": cell.n,
        "sentence": cell.sentence,
        "since": timestamp(found.since),
        "until": timestamp(found.until),
        "items": [_plain(row) for row in rows],
    }


def csv_lines(comparison: Comparison) -> Iterator[str]:
    """The rows and the paired figures as CSV (RFC 4180), a header first; an empty field where nothing was measured.

    Paired lines have the median over the shared revisions as value and no interval of their own.
    """
    yield spreadsheets.line(COLUMNS)
    for row in comparison.rows:
        cells = (*_cell(row.push), *_cell(row.pull))
        yield spreadsheets.line((*_heading("row", row.heading), *cells, *_verdict(row.verdict), row.unlike,
                                row.heading.definition))  # fmt: skip
    for pairing in comparison.paired:
        yield spreadsheets.line(
            (*_heading("paired", pairing.heading), *_paired(pairing), "", pairing.heading.definition)
        )


def json_parts(told: Mapping[str, Any], rows: Iterable[RawRow]) -> Iterator[str]:
    """{"figures": a comparison as plain values, "rows": [the raw rows behind it]} as JSON, in parts. Rows have the
    columns ROW_COLUMNS."""
    yield f'{{"figures": {json.dumps(told)}, "rows": ['
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{json.dumps(_row(row))}"
    yield "]}\n"


def row_lines(rows: Iterable[RawRow]) -> Iterator[str]:
    """The raw rows as CSV, a header first; operations are separated by blanks."""
    yield spreadsheets.line(ROW_COLUMNS)
    for row in rows:
        values = _row(row)
        yield spreadsheets.line(values[name] if name != "operations" else " ".join(values[name]) for name in values)


def _row(row: RawRow) -> dict[str, Any]:
    return {"section": row.section, "key": row.key, "mode": row.mode, **_plain(row.of)}


def _heading(section: str, of: Heading) -> tuple[Any, ...]:
    return section, of.key, of.criterion, of.title, of.unit, of.better, of.needed


def _cell(cell: Cell) -> tuple[Any, ...]:
    return cell.value, cell.n, *_ends(cell.interval), cell.p95, *_ends(cell.p95_interval), cell.sentence


def _ends(bounds: Bounds | None) -> Bounds:
    return bounds or (None, None)


def _paired(pairing: Pairing) -> tuple[Any, ...]:
    push, pull = ((value, pairing.n, *(None,) * 5, "") for value in (pairing.push, pairing.pull))
    return (*push, *pull, *_verdict(pairing.verdict))


def _verdict(verdict: Verdict) -> tuple[Any, ...]:
    of = verdict.environments or {}
    figures = verdict.p, verdict.p_adjusted, verdict.effect, *(of.get(mode) for mode in MODES)
    return verdict.call.value, verdict.text, verdict.difference, *_ends(verdict.interval), *figures
