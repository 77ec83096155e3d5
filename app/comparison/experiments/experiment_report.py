"""An experiment's report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from app.comparison.summary.report import Figure, MeasuredReport, ReportTable
from app.domain.experiments.experiment_parameters import FaultKind
from app.wording.experiments.experiment_words import FAULTS
from app.wording.quantities import plural


def report_of(found: Results) -> MeasuredReport:
    """The report of an experiment, whether or not it has ended."""
    one = found.experiment
    compared = [change for change in found.changes if change.paired]
    curves = {
        mode: tuple(sorted(side for change in compared if (side := change.sides[mode].out_s) is not None))
        for mode in MODES
    }
    return MeasuredReport(
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
