"""An experiment's report as one value, which its page, its HTML and its Markdown are all made from.

It holds no address, no secret and no path: the same file can be handed to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.comparison.evidence import MODES
from app.comparison.experiments.report_words import (
    answer,
    counts_in_words,
    fate_in_words,
    method,
    seconds,
    unknown,
)
from app.comparison.experiments.twin_evidence import Fate, Span, TwinChange
from app.comparison.experiments.twin_results import Results
from app.comparison.result import Pairing
from app.domain.experiments.experiment_parameters import FaultKind
from app.wording.experiments.experiment_words import FAULTS
from app.wording.quantities import plural


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
class ExperimentReport:
    """`answer`: what was found, in a sentence; `curves`: {mode: ascending seconds until out}, of the changes that both
    twins got; `unknown`: what it does not tell; `drawn`: what the curves are of."""

    title: str
    answer: str
    figures: tuple[Figure, ...]
    curves: Mapping[str, tuple[float, ...]]
    method: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    tables: tuple[ReportTable, ...]
    unknown: tuple[str, ...]
    drawn: str


def report_of(found: Results) -> ExperimentReport:
    """The report of an experiment, whether or not it has ended."""
    one = found.experiment
    compared = [change for change in found.changes if change.paired]
    curves = {
        mode: tuple(sorted(side for change in compared if (side := change.sides[mode].out_s) is not None))
        for mode in MODES
    }
    return ExperimentReport(
        title=f"Push against pull: experiment {one.tail}, seed {one.seed}",
        answer=answer(found),
        figures=_figures(found),
        curves=curves,
        method=method(found),
        parameters=tuple((name, _value(value)) for name, value in one.parameters.as_dict().items()),
        tables=(_pairings(found.pairings), _changes(found), _faults(found)),
        unknown=unknown(found),
        drawn="Share of changes that are out, by seconds since they were visible",
    )


def _value(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value).lower()


def _figures(found: Results) -> tuple[Figure, ...]:
    lead, mended = found.pairing("undisturbed_lead"), found.pairing("drift_mended")
    passed = {mode: found.totals[mode].fates[Fate.PASSED] + found.totals[mode].fates[Fate.MISSING] for mode in MODES}
    made = len(found.changes)
    return (
        Figure("Visible to out, median", seconds(lead.push), seconds(lead.pull), f"{lead.n:,} without a fault"),
        Figure("Edit by hand to gone, median", seconds(mended.push), seconds(mended.pull), plural(mended.n, "edit")),
        Figure(
            "Changes that never went live by themselves",
            f"{passed['push']} of {made}",
            f"{passed['pull']} of {made}",
            "passed over for a newer one, or never brought",
        ),
    )


def _pairings(pairings: Iterable[Pairing]) -> ReportTable:
    rows = tuple(
        (one.heading.title, str(one.n), seconds(one.push), seconds(one.pull), one.verdict.text) for one in pairings
    )
    note = "Medians over what went both ways; the verdict is about the differences within each."
    return ReportTable("The same, both ways", note, ("What", "n", "Push", "Pull", "Verdict"), rows)


def _changes(found: Results) -> ReportTable:
    rows, operations = [], []
    for change in found.changes:
        push, pull = (change.sides[mode] for mode in MODES)
        words = tuple(fate_in_words(side) for side in (push, pull))
        rows.append((str(change.number), change.revision[:8], *words, _remark(change, found.unsent)))
        operations.append({2: push.operation, 3: pull.operation})
    note = (
        "Seconds from the moment at which the repository showed the change until it, or a newer one, "
        "was live and healthy."
    )
    columns = ("Change", "Commit", "Push", "Pull", "Remarks")
    return ReportTable("Every change", note, columns, tuple(rows), tuple(operations))


def _remark(change: TwinChange, unsent: Mapping[int, str]) -> str:
    parts = [FAULTS[one] for one in (*((change.flaw,) if change.flaw else ()), *change.during)]
    parts += [f"not pushed: {unsent[change.number]}"] if change.number in unsent else []
    parts += ["the experiment stood still"] if change.interrupted else []
    return "; ".join(parts)


def _faults(found: Results) -> ReportTable:
    start = found.experiment.created_at
    rows = tuple(
        (FAULTS[span.kind], _when(span, start), *(_noticed(span, mode, found) for mode in MODES))
        for span in found.spans
    )
    note = "What was done, when (seconds since the experiment was asked for), and what either twin showed of it."
    return ReportTable("Faults", note, ("Fault", "When", "Push", "Pull"), rows)


def _when(span: Span, start: datetime) -> str:
    begin = (span.begin - start).total_seconds()
    if span.end is None:
        return f"{begin:.1f} s to the end"
    end = (span.end - start).total_seconds()
    return f"{begin:.1f} s" if end == begin else f"{begin:.1f} to {end:.1f} s"


def _noticed(span: Span, mode: str, found: Results) -> str:
    if span.kind is FaultKind.DRIFT:
        return _edit_noticed(span, mode, found)
    if span.changes:
        change = next(one for one in found.changes if one.number == span.changes[0])
        return f"change {change.number}: {fate_in_words(change.sides[mode])}"
    met = [one.sides[mode].out_s for one in found.changes if span.kind in one.during]
    slowest = max((one for one in met if one is not None), default=None)
    parts = counts_in_words(span.counts.get(mode, {}))
    late = [one.number for one in found.changes if one.number in found.unsent and span.kind in one.during]
    if mode == MODES[0] and late:
        parts.append(f"{len(late)} not pushed")
    if slowest is not None:
        parts.append(f"slowest change {seconds(slowest)}")
    return ", ".join(parts) or "nothing"


def _edit_noticed(span: Span, mode: str, found: Results) -> str:
    edit = min(found.edits, key=lambda one: abs((one.at - span.begin).total_seconds()))
    parts = []
    if mode in edit.found:
        parts.append(f"episode {edit.episodes[mode]} after {seconds(edit.found[mode])}")
    parts.append(f"gone after {seconds(edit.mended[mode])}" if mode in edit.mended else "not gone")
    return ", ".join(parts)


def markdown(report: ExperimentReport) -> str:
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


def as_json(report: ExperimentReport) -> str:
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
