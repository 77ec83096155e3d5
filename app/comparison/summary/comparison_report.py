"""A comparison as a report to hand on, made of the same values as its page."""

from __future__ import annotations

from collections.abc import Iterable

from app.comparison.result import Cell, Comparison, ComparisonRow
from app.comparison.summary.answer import AnswerFigure, answer_of
from app.comparison.summary.groups import CriterionGroup, grouped
from app.comparison.summary.report import Figure, MeasuredReport, ReportTable
from app.wording.quantities import amount, listed, number
from app.wording.times import duration, exact

COLUMNS = ("Question", "n", "Push", "Pull", "Verdict")
DRAWN = "lead_time"


def report_of_comparison(found: Comparison) -> MeasuredReport:
    """All that a comparison says; it holds no address, no secret and no path."""
    answer = answer_of(found)
    drawn = found.row(DRAWN)
    complete = not any(cell.over_by for cell in drawn.cells)
    pairs = [(one.heading.title, f"{one.n:,}", duration(one.push), duration(one.pull), one.verdict.text)
             for one in found.paired if one.n]  # fmt: skip
    both = ReportTable("The same commits, both ways", "Medians over the same commits.", COLUMNS, tuple(pairs))
    groups = grouped(found.rows)
    return MeasuredReport(
        title=f"Push or pull? {_span(found)}",
        answer=answer.sentence,
        figures=tuple(map(_figure, answer.figures)),
        curves={cell.mode: cell.sample for cell in drawn.cells if cell.sample} if complete else {},
        method=tuple(filter(None, (found.method, found.note))),
        parameters=tuple(_parameters(found)),
        tables=(*((both,) if pairs else ()), *map(_table, groups), _definitions(found)),
        unknown=tuple(f"{listed(lack.titles.values())}: {lack.reason}." for lack in answer.unknown),
        drawn=f"{drawn.heading.title}: share of commits that are live, by the time since the commit",
    )


def _span(found: Comparison) -> str:
    until = f"{found.until:%-d %B %Y}"
    return f"Until {until}" if found.window == "all" else f"{found.since:%-d %B %Y} to {until}"


def _figure(one: AnswerFigure) -> Figure:
    push, pull = (duration(value) for value in one.values.values())
    return Figure(f"{one.title}, median", push, pull, f"{one.said}, {one.n_in_words}")


def _parameters(found: Comparison) -> Iterable[tuple[str, str]]:
    yield "window", found.window
    yield "until", exact(found.until)
    if found.labels:
        yield "labels", ", ".join(f"{key}={value}" for key, value in found.labels.items())
    if found.subject:
        yield "environment", found.subject.environment
    for mode, count in found.environments.items():
        yield f"{mode} environments", number(count)


def _table(group: CriterionGroup) -> ReportTable:
    return ReportTable(group.title, group.question, COLUMNS, tuple(map(_line, group.rows)))


def _line(row: ComparisonRow) -> tuple[str, ...]:
    push, pull = (_value(row, cell) for cell in row.cells)
    return row.heading.title, f"{row.push.n:,} and {row.pull.n:,}", push, pull, row.verdict.text


def _value(row: ComparisonRow, cell: Cell) -> str:
    if cell.value is None or not row.heading.unit:
        return cell.sentence if cell.n else duration(None)
    return amount(cell.value, row.heading.unit)


def _definitions(found: Comparison) -> ReportTable:
    headings = [*(one.heading for one in found.paired), *(row.heading for row in found.rows)]
    rows = tuple((one.title, one.definition) for one in headings)
    return ReportTable("What each figure means", "", ("Question", "Definition"), rows)
