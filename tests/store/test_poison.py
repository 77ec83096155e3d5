"""One record that cannot be read is left out and logged; it never takes a list, the queue or a start with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.ports import AuditFilter, EnvironmentFilter, OperationFilter
from tests.support.installation import ME, Installation

FAR = 2**63 - 1  # microseconds; no calendar reaches so far


@pytest.fixture
def two(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    """Two delivered environments, `bad` and `good`."""
    (tmp_path / "here").mkdir()
    made = Installation(tmp_path / "here", database_url)
    made.repo.commit({"deploy/a": "1"}, "first")
    for name in ("bad", "good"):
        made.register("push", name)
        made.push(name=name)
    yield made
    made.close()


def _damage(here: Installation, table: str, column: str, value: object, where: str = "environment = 'bad'") -> None:
    with here.store.engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = :value WHERE {where}"), {"value": value})


ENVIRONMENTS = [("target", "{torn"), ("policy", "[[["), ("labels", "x"), ("live_since", FAR), ("mode", "sideways")]


@pytest.mark.parametrize(("column", "value"), ENVIRONMENTS)
def test_an_unreadable_environment_hides_no_other(two: Installation, column: str, value: object) -> None:
    later = two.clock.now() + timedelta(days=1)
    _damage(two, "environments", column, value, "name = 'bad'")
    with two.store.read() as tx:
        lists = {
            "page": tx.environments.page(EnvironmentFilter(), later, 9, None).items,
            "due": tx.environments.due_for_refresh(later, 9),
            "repository": tx.environments.of_repository(two.url),
        }
        assert "good" in tx.environments.targets()
    assert {name: len(found) for name, found in lists.items()} == {"page": 1, "due": 1, "repository": 1}
    two.repo.commit({"deploy/a": "2"})
    assert two.push(name="good").phase.value == "succeeded"


@pytest.mark.parametrize(
    ("column", "value"), [("detail", "{"), ("stages", '[["?"]]'), ("created_at", FAR), ("phase", "adrift")]
)
def test_an_unreadable_operation_hides_no_other(two: Installation, column: str, value: object) -> None:
    _damage(two, "operations", column, value)
    with two.store.read() as tx:
        assert [one.environment for one in tx.operations.page(OperationFilter(), 9, None).items] == ["good"]


def test_an_unreadable_operation_does_not_stop_the_queue(two: Installation) -> None:
    poisoned = two.use_cases.drift.heal("bad", ME)
    waiting = two.use_cases.drift.heal("good", ME)
    _damage(two, "operations", "request", "{", f"id = '{poisoned.id}'")
    assert two.claim() is None, "the poisoned one was first"
    claimed = two.claim()
    assert claimed is not None
    assert claimed.id == waiting.id


def test_an_unreadable_stretch_of_history_hides_no_other(two: Installation) -> None:
    two.repo.commit({"deploy/a": "2"})
    two.push(name="good")
    id = two.environment("good").id
    first = f"id = (SELECT min(h.id) FROM history h WHERE h.environment_id = {id})"
    _damage(two, "history", "committed_at", FAR, first)
    with two.store.read() as tx:
        assert len(tx.history.page(id, 9, None).items) == 1


def test_an_unreadable_audit_entry_is_a_broken_chain_and_not_a_failure(two: Installation) -> None:
    with two.store.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit'"))
            for (name,) in names.all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
    _damage(two, "audit", "data", "{", "seq = 2")
    found = two.use_cases.audit.verify_stored()
    assert (found.valid, found.first_bad) == (False, 2)
    with two.store.read() as tx:
        seen = [entry.seq for entry in tx.audit.page(AuditFilter(), 99, None).items]
    assert 2 not in seen
    assert {1, 3} <= set(seen)
