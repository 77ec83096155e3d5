"""Experiments as JSON."""

from __future__ import annotations

from typing import Any

from app.comparison import MODES
from app.domain.experiments.experiment import Experiment, StepRecord
from app.domain.experiments.experiment_plan import plan
from app.queries.experiments.experiment_queries import ExperimentState
from app.web.api.serializers.domain_json import at
from app.wording.experiments.experiment_words import step_in_words


def experiment_json(found: ExperimentState) -> dict[str, Any]:
    """An experiment and how far it is."""
    one, last = found.experiment, found.last
    return {
        "id": one.id,
        "seed": one.seed,
        "parameters": one.parameters.as_dict(),
        "phase": one.phase.value,
        "reason": one.reason,
        "created_at": at(one.created_at),
        "created_by": one.created_by,
        "finished_at": at(one.finished_at),
        "removed_at": at(one.removed_at),
        "environments": {mode: one.twin(mode) for mode in MODES},
        "version": one.version,
        "position_s": one.progress.position_s,
        "end_s": found.end_s,
        "steps_done": len(found.done),
        "steps": len(found.steps),
        "now": step_in_words(last) if last else "",
    }


def unstarted(one: Experiment, done: dict[int, StepRecord] | None = None) -> ExperimentState:
    """The state of an experiment of which nothing more is read."""
    return ExperimentState(one, plan(one.seed, one.parameters), done or {})
