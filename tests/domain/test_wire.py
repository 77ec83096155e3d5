"""What travels between control plane and agent arrives as it left."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.agents.protocol import FIRST_HASH, Clocks, Report, ReportKind, chained, compatible
from app.domain.agents.wire import decode, encode
from app.domain.environment import Hold, Status
from app.domain.errors import InvalidInput
from app.domain.operation import (
    Changes,
    Operation,
    OperationDetail,
    OperationKind,
    Phase,
    Pipeline,
    PlannedPath,
    Request,
    Stage,
    StageName,
    Trigger,
)
from app.domain.status import Health, SyncStatus

NOW = datetime(2026, 11, 27, 3, 4, 5, 678901, UTC)
OPERATION = Operation(
    "01K", 7, "shop", "pull",
    Request(OperationKind.SYNC, Trigger.PIPELINE, "token:ci", "abc", pipeline=Pipeline("u", "1", NOW), noticed_at=NOW),
    Phase.RUNNING, NOW, stages=(Stage(StageName.FETCHED, NOW),), changes=Changes(1, 2, 3, 4),
    detail=OperationDetail((PlannedPath("a", "create"),), "t", Changes(1), attempts=2),
)  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [OPERATION, Status(SyncStatus.SYNCED, Health.HEALTHY, checked_at=NOW), Hold("user:a", "why", NOW, None, "abc")],
    ids=lambda value: type(value).__name__,
)
def test_a_value_arrives_as_it_left(value: Any) -> None:
    assert decode(type(value), json.loads(json.dumps(encode(value)))) == value


def test_a_newer_sides_field_is_left_out_and_an_older_sides_has_its_default() -> None:
    sent = {**encode(OPERATION), "colour": "blue"}
    del sent["reason"]
    assert decode(Operation, sent) == OPERATION


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phase": "sleeping"}, "data.phase"),
        ({"created_at": "yesterday"}, "data.created_at"),
        ({"total": "many"}, "data.total"),
        ({"total": True}, "data.total"),
        ({"stages": [{"name": "fetched", "started_at": 3}]}, "data.stages.0.started_at"),
        ({"detail": []}, "data.detail"),
    ],
)
def test_what_cannot_be_read_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode(Operation, {**encode(OPERATION), **change})
    assert list(caught.value.fields) == [field]


def test_a_chain_tells_every_change() -> None:
    report = Report(1, NOW, 12.5, "boot", 7, ReportKind.EVENT, {"type": "decision"})
    hash = chained(FIRST_HASH, report)
    others = [
        replace(report, seq=2), replace(report, at=NOW + timedelta(microseconds=1)), replace(report, environment=8),
        replace(report, data={"type": "hold.set"}), replace(report, boot="other"),
    ]  # fmt: skip
    assert len({hash, chained(hash, report), *(chained(FIRST_HASH, one) for one in others)}) == 7


def test_within_a_boot_the_monotonic_clock_tells_the_time() -> None:
    clocks = Clocks(here=NOW, there=NOW + timedelta(hours=5), mono_s=1000.0, boot="b")
    assert clocks.ours(NOW - timedelta(days=300), 940.0, "b") == NOW - timedelta(seconds=60)


def test_of_an_earlier_boot_the_wall_clock_is_corrected_by_the_offset() -> None:
    clocks = Clocks(here=NOW, there=NOW + timedelta(seconds=90), mono_s=10.0, boot="b")
    assert clocks.ours(NOW, 5000.0, "a") == NOW - timedelta(seconds=90)


@pytest.mark.parametrize(
    ("one", "other", "good"),
    [("1.4.0", "1.5.2", True), ("1.4.0", "1.6.0", False), ("1.0.0", "2.0.0", False), ("1.4.0", "nonsense", False)],
)
def test_one_minor_version_apart_works(one: str, other: str, good: bool) -> None:
    assert compatible(one, other) is good
    assert compatible(other, one) is good
