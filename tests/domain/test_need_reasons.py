"""Who needs a person: the most urgent reason, and what time alone brings about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.environment import Environment, Mode, RunsOn, SourceSpec, Status, TargetSpec
from app.domain.need_reasons import NeedReason, lasting_need, need_at
from app.domain.status import Condition, ConditionKind, Health, SyncStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CALM = Environment(1, "shop", Mode.PULL, SourceSpec("/repo"), TargetSpec("directory", {}), status=Status(
    sync=SyncStatus.SYNCED, checked_at=NOW, expires_at=NOW + timedelta(minutes=10)
))  # fmt: skip
WORSE: list[tuple[NeedReason, dict[str, Any]]] = [  # each besides all before it
    (NeedReason.CONDITION, {"condition": Condition(ConditionKind.SOURCE, "no answer")}),
    (NeedReason.DRIFT, {"drift_count": 2}),
    (NeedReason.UNHEALTHY, {"health": Health.DEGRADED}),
    (NeedReason.DELIVERY_FAILED, {"last_outcome": "refused"}),
    (NeedReason.TARGET_UNREADABLE, {"condition": Condition(ConditionKind.TARGET, "gone")}),
]


def test_a_calm_environment_needs_nobody_until_its_verdict_is_too_old() -> None:
    assert need_at(CALM, NOW) is None
    assert need_at(CALM, NOW + timedelta(hours=1)) is NeedReason.STALE_VERDICT
    never = replace(CALM, status=replace(CALM.status, checked_at=None))
    assert need_at(never, NOW + timedelta(hours=1)) is None


def test_the_most_urgent_reason_is_told() -> None:
    environment = CALM
    for reason, change in WORSE:
        environment = replace(environment, status=replace(environment.status, **change))
        assert (need_at(environment, NOW), lasting_need(environment.status)) == (reason, reason)
    assert need_at(replace(environment, runs_on=RunsOn.AGENT), NOW) is NeedReason.SILENT_AGENT


@pytest.mark.parametrize(("reason", "change"), WORSE)
def test_each_alone_needs_a_person(reason: NeedReason, change: dict[str, Any]) -> None:
    assert lasting_need(replace(Status(), **change)) is reason
