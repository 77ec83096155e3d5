"""The newest experiment, as the comparison shows it."""

from __future__ import annotations

from dataclasses import dataclass

from app.comparison.experiments.experiment_report import report_of
from app.domain.identity import Identity
from app.queries import Queries
from app.web.rendering.curves import Curves, curves_of_samples


@dataclass(frozen=True, slots=True)
class ExperimentPanel:
    """What it found in a sentence, and its curves; `address`: of its page."""

    answer: str
    curves: Curves
    address: str


def newest(queries: Queries, who: Identity) -> ExperimentPanel | None:
    """The newest experiment; None where none was begun, or nothing has gone both ways in it."""
    found = queries.experiments.latest(who)
    if found is None:
        return None
    report, one = report_of(found), found.experiment
    curves = curves_of_samples(report.curves, report.drawn)
    address = f"/compare/experiments/{one.id}"
    return ExperimentPanel(report.answer, curves, address) if curves.paths else None
