"""A report as one value, which its page, its HTML and its Markdown are all made from.

An experiment and a comparison are told by one alike. It holds no address, no secret and no path: the same
file can be handed to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures that carry the answer."""

    label: str
    push: str
    pull: str
    note: str


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table. `operations`: beside each row, the operations behind its cells: {column: id}."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    operations: tuple[Mapping[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredReport:
    """`answer`: what was found, in a sentence; `curves`: {mode: ascending seconds}, of what is set against each other;
    `unknown`: what it does not tell; `drawn`: what the curves are of."""

    title: str
    answer: str
    figures: tuple[Figure, ...]
    curves: Mapping[str, tuple[float, ...]]
    method: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    tables: tuple[ReportTable, ...]
    unknown: tuple[str, ...]
    drawn: str


def markdown(report: MeasuredReport) -> str:
    """The report as Markdown (CommonMark with tables)."""
    lines = [f"# {report.title}", "", report.answer, "", "| | Push | Pull | |", "|---|---:|---:|---|"]
    lines += [_row((one.label, one.push, one.pull, one.note)) for one in report.figures]
    lines += ["", "## Method", "", *(f"{one}\n" for one in report.method)]
    lines += ["| parameter | value |", "|---|---|", *(_row(pair) for pair in report.parameters), ""]
    for table in report.tables:
        lines += [f"## {table.title}", "", table.note, "", _row(table.columns), "|---" * len(table.columns) + "|"]
        lines += [*map(_row, table.rows), ""]
    lines += ["## What this does not tell", "", *(f"- {one}" for one in report.unknown)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"


def as_json(report: MeasuredReport) -> str:
    """The report as JSON: the same texts, and the curves' values in seconds."""
    tables = [
        {"title": one.title, "note": one.note, "columns": one.columns, "rows": one.rows, "operations": one.operations}
        for one in report.tables
    ]
    return json.dumps(
        {
            "title": report.title,
            "answer": report.answer,
            "figures": [
                {"label": one.label, "push": one.push, "pull": one.pull, "note": one.note} for one in report.figures
            ],
            "curves": report.curves,
            "method": report.method,
            "parameters": dict(report.parameters),
            "tables": tables,
            "unknown": report.unknown,
        }
    )
