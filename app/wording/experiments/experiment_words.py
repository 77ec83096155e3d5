"""Experiments in words: their faults, and what is done in a step."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.experiments.experiment_parameters import FaultKind
from app.domain.experiments.experiment_plan import Step, StepKind

FAULTS: Mapping[FaultKind, str] = {
    FaultKind.BAD_COMMIT: "bad commit",
    FaultKind.DRIFT: "edit by hand",
    FaultKind.PIPELINE_OUTAGE: "pipeline outage",
    FaultKind.LOST_WEBHOOK: "lost webhook",
    FaultKind.GIT_OUTAGE: "Git outage",
    FaultKind.AGENT_DOWN: "agent down",
    FaultKind.CONTROL_PLANE_DOWN: "control plane down",
    FaultKind.SLOW_NETWORK: "slow network",
    FaultKind.EXPIRED_CREDENTIAL: "expired credential",
}


def step_in_words(step: Step) -> str:
    """What is done in a step."""
    fault = FAULTS[step.fault] if step.fault else ""
    if step.kind is StepKind.COMMIT:
        return f"change {step.commit}" + (f" ({fault})" if fault else "")
    if step.kind is StepKind.PUSH:
        return f"the pipeline of change {step.commit} is through"
    if step.kind is StepKind.DRIFT:
        return "both targets are edited by hand"
    return f"{fault} {'begins' if step.kind is StepKind.BEGIN else 'is over'}"
