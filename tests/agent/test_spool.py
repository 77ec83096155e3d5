"""What waits for the control plane: in order, chained, as little of it as tells everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.agent.agent_runtime import AgentAdapters, parts
from app.domain.actor import SCHEDULE
from app.domain.agents.protocol import FIRST_HASH, Report, ReportKind, chained
from app.domain.environment import Status
from app.domain.events import EventType, NewEvent, UnreadFact
from app.domain.events.source_events import SourceFailed
from app.domain.operation import OperationKind, Request, Trigger
from app.domain.specification.environment_fields import parse
from app.domain.state.drift import DriftItem, DriftReport
from app.domain.state.plan import Action, Drift
from app.domain.status import SyncStatus
from tests.support.agents import SHOP, Ground

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = (ReportKind.EVENT, ReportKind.STATUS, ReportKind.OPERATION)


@pytest.fixture
def made(ground: Ground) -> AgentAdapters:
    """A store with one environment."""
    from dataclasses import replace

    found = parts(ground.settings)
    with found.store.unreported() as tx:
        tx.environments.place(replace(parse(ground.spec()), id=SHOP, created_at=NOW))
    return found


def put(made: AgentAdapters, kind: ReportKind, data: dict[str, Any], key: str = "", at: datetime = NOW) -> None:
    with made.store.write() as tx:
        tx.outbox.put(at, 1.5, "boot", SHOP, kind, data, key)


def page(made: AgentAdapters, limit: int = 100, size: int = 1_000_000) -> tuple[Report, ...]:
    with made.store.write() as tx:
        return tx.outbox.page(limit, size)


def confirm(made: AgentAdapters, through: int) -> None:
    with made.store.write() as tx:
        tx.outbox.confirm(through)


def follow(reports: tuple[Report, ...], hash: str = FIRST_HASH, seq: int = 0) -> None:
    """Each follows from the one before."""
    for one in reports:
        assert (one.seq, one.hash) == (seq + 1, chained(hash, one))
        seq, hash = one.seq, one.hash


def test_events_stay_and_a_status_takes_the_place_of_its_unsent_predecessor(made: AgentAdapters) -> None:
    for number in range(3):
        put(made, ReportKind.EVENT, {"n": number})
        put(made, ReportKind.STATUS, {"n": number}, "status")
    reports = page(made)
    assert [(one.kind.value, one.data["n"]) for one in reports] == [
        ("event", 0), ("event", 1), ("event", 2), ("status", 2)
    ]  # fmt: skip
    follow(reports)


def test_what_was_numbered_never_changes(made: AgentAdapters) -> None:
    put(made, ReportKind.STATUS, {"n": 1}, "status")
    before = page(made)
    put(made, ReportKind.STATUS, {"n": 2}, "status")
    put(made, ReportKind.STATUS, {"n": 3}, "status")
    after = page(made)
    assert after[0] == before[0]
    assert [one.data["n"] for one in after] == [1, 3]
    follow(after)


def test_the_chain_goes_on_over_what_was_delivered(made: AgentAdapters) -> None:
    for number in range(5):
        put(made, ReportKind.EVENT, {"n": number})
    first = page(made, limit=3)
    confirm(made, 3)
    rest = page(made)
    follow(rest, first[-1].hash, 3)
    confirm(made, 5)
    put(made, ReportKind.EVENT, {"n": 5})
    follow(page(made), rest[-1].hash, 5)


def test_a_request_is_bounded_and_never_empty(made: AgentAdapters) -> None:
    for _ in range(3):
        put(made, ReportKind.EVENT, {"text": "x" * 1000})
    assert len(page(made, size=3000)) == 2
    assert len(page(made, size=10)) == 1


def test_a_chain_can_go_on_from_elsewhere(made: AgentAdapters) -> None:
    for number in range(4):
        put(made, ReportKind.EVENT, {"n": number})
    page(made, limit=2)
    with made.store.write() as tx:
        assert not tx.outbox.known(1, "f" * 64)
        assert tx.outbox.rebase(1, "f" * 64) == 3  # the first was taken in long ago
    reports = page(made)
    assert [one.data["n"] for one in reports] == [1, 2, 3]
    follow(reports, "f" * 64, 1)


def test_what_waited_for_weeks_is_forgotten_unless_it_was_sent(made: AgentAdapters) -> None:
    put(made, ReportKind.EVENT, {"n": "sent"})
    page(made)
    put(made, ReportKind.EVENT, {"n": "old"})
    put(made, ReportKind.EVENT, {"n": "new"}, at=NOW + timedelta(days=50))
    with made.store.write() as tx:
        assert tx.outbox.cut(NOW + timedelta(days=1)) == 1
    reports = page(made)
    assert [one.data["n"] for one in reports] == ["sent", "new"]
    follow(reports)


def test_nothing_is_told_of_what_was_rolled_back(made: AgentAdapters) -> None:
    try:
        with made.store.write() as tx:
            tx.ledger.append(NOW, [NewEvent(UnreadFact(EventType.DECISION), "shop", SHOP)])
            raise RuntimeError
    except RuntimeError:
        pass
    assert page(made) == ()


def test_a_scheduled_look_without_news_tells_its_time_only(made: AgentAdapters) -> None:
    request = Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(SCHEDULE))
    asked = made.use_cases.queue.ask("shop", request, SCHEDULE)
    with made.store.write() as tx:
        claimed = tx.queue.claim("w", NOW)
        tx.environments.put_status(SHOP, Status(sync=SyncStatus.SYNCED, checked_at=NOW))
        tx.environments.put_status(SHOP, Status(sync=SyncStatus.SYNCED, checked_at=NOW + timedelta(seconds=5)))
        tx.operations.remove(asked.id)
    assert claimed is not None
    (told,) = page(made)
    assert (told.kind, told.data["checked_at"]) == (ReportKind.STATUS, "2026-01-01T00:00:05.000000Z")


def test_a_drift_report_is_told_when_it_differs_and_fits_into_a_request(made: AgentAdapters) -> None:
    items = tuple(DriftItem(f"{n}", Drift.CHANGED, Action.UPDATE, "d" * 40_000) for n in range(100))
    for _ in range(2):
        with made.store.write() as tx:
            tx.drift.put(SHOP, NOW, DriftReport(items=items, count=100))
    (told,) = page(made)
    assert told.data["report"]["count"] == len(told.data["report"]["items"]) == 100
    assert sum(len(one["diff"] or "") for one in told.data["report"]["items"]) < 250_000


def test_an_agents_own_credentials_are_nobodys_business(made: AgentAdapters) -> None:
    made.use_cases.keyring.add("git", "token", {"token": "s3cret"}, SCHEDULE)
    assert page(made) == ()


def test_what_befalls_a_repository_is_told_of_an_environment(made: AgentAdapters, ground: Ground) -> None:
    with made.store.write() as tx:
        event = NewEvent(SourceFailed(ground.repo.url, why="gone"))
        tx.ledger.append(NOW, [event])
    (told,) = page(made)
    assert (told.environment, told.data["type"], told.at) == (SHOP, "source.failed", NOW)
