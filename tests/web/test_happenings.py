"""An operation's title has two forms: before its revision, and alone in a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, Stage, StageName, Trigger
from app.web.rendering.happenings import of_operation
from app.wording.operation_words import summary

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHA = "1f0c9d2a" * 5


def ended(outcome: Outcome | None, phase: Phase = Phase.SUCCEEDED, trigger: Trigger = Trigger.SCHEDULE) -> Operation:
    request = Request(OperationKind.SYNC, trigger, "system:schedule", wanted=SHA)
    return Operation("01K", 1, "shop", "pull", request, phase, NOON, outcome=outcome, revision=SHA)


UNWELL = replace(ended(Outcome.FAILED, Phase.FAILED), stages=(Stage(StageName.APPLIED, NOON, NOON),))


@pytest.mark.parametrize(
    ("operation", "title", "alone"),
    [
        (ended(Outcome.ROLLED_BACK), "Rolled back to", "Rolled back"),
        (ended(Outcome.HEALED), "Healed drift, back to", "Healed drift"),
        (ended(Outcome.NO_OP), "Nothing to do for", "Nothing to do"),
        (UNWELL, "Live, but not healthy:", "Live, but not healthy"),
        (ended(Outcome.DEPLOYED), "Deployed", "Deployed"),
        (ended(None, Phase.RUNNING, Trigger.ROLLBACK), "Rolling back to", "Rolling back"),
        (ended(None, Phase.QUEUED, Trigger.ROLLBACK), "Waiting to roll back to", "Waiting to roll back"),
        (ended(None, Phase.QUEUED), "Waiting to deliver", "Waiting to deliver"),
    ],
)
def test_a_title_can_stand_alone(operation: Operation, title: str, alone: str) -> None:
    shown = of_operation(operation)
    assert (shown.title, shown.alone, summary(operation)) == (title, alone, f"{title} 1f0c9d2a")
