"""What every adapter of the port WorkQueue promises, and the audit chain under several writers; on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from app.crypto import Passwords, Signer
from app.domain.actor import user
from app.domain.audit import NewAuditEntry
from app.domain.environment import RunsOn
from app.domain.operation import Operation, OperationKind, Phase, Request, Trigger
from app.services.use_cases import wire_use_cases
from app.store import SqlStore
from app.store.cipher import Cipher
from app.store.repositories.embedded_queue import EmbeddedQueue
from tests.support.installation import ME, Installation


def _installation(tmp_path: Path, database_url: str) -> Installation:
    (tmp_path / "here").mkdir()
    made = Installation(tmp_path / "here", database_url)
    made.repo.commit({"deploy/a": "1"})
    return made


def test_no_operation_is_given_to_two_workers(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)
    names = [f"shop-{number}" for number in range(24)]
    for name in names:
        here.register("push", name)
        here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)), name)

    def work(worker: int) -> list[str]:
        taken = []
        while operation := here.claim(f"worker-{worker}"):
            taken.append(operation.environment)
        return taken

    with ThreadPoolExecutor(8) as pool:
        claimed = Counter(name for taken in pool.map(work, range(8)) for name in taken)
    assert claimed == Counter(names)
    here.close()


def test_one_environment_runs_one_operation_at_a_time(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)
    here.register("push")
    for _ in range(3):
        here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    assert here.claim("one") is not None
    assert here.claim("two") is None
    here.close()


def test_operations_of_one_environment_come_in_their_order(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)
    here.register("push")
    asked = [here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME))).id for _ in range(3)]
    assert [one.id for one in here.run()] == asked
    here.close()


def test_environments_that_failed_come_last_or_not_at_all(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)
    for name in ("ill", "well"):
        here.register("push", name)
        here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)), name)
    with here.store.write() as tx:
        one = tx.environments.get("ill")
        tx.environments.put_status(one.id, replace(one.status, failures=1))
        assert getattr(tx.queue.claim("one", here.clock.now(), well_only=True), "environment", None) == "well"
        assert tx.queue.claim("one", here.clock.now(), well_only=True) is None
    claimed = here.claim()
    assert claimed is not None
    assert claimed.environment == "ill"
    here.close()


def test_what_is_claimed_is_running_under_its_worker(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)
    here.register("push")
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    now = here.clock.now()
    with here.store.write() as tx:
        claimed = tx.queue.claim("one", now)
    with here.store.read() as tx:
        kept = tx.operations.get(asked.id)
    assert claimed == kept
    assert (kept.phase, kept.worker, kept.started_at, kept.heartbeat_at) == (Phase.RUNNING, "one", now, now)
    here.close()


def test_a_lease_is_its_workers_own_and_ends_when_the_operation_is_told_to_stop(
    tmp_path: Path, database_url: str
) -> None:
    here = _installation(tmp_path, database_url)
    here.register("push")
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    with here.store.write() as tx:
        assert not tx.queue.renew(asked.id, "one", here.clock.now()), "nobody has claimed it"
    here.claim("one")
    with here.store.write() as tx:
        assert tx.queue.renew(asked.id, "one", here.clock.now())
        assert not tx.queue.renew(asked.id, "two", here.clock.now())
    here.use_cases.queue.terminate(asked.id, ME)
    with here.store.write() as tx:
        assert not tx.queue.renew(asked.id, "one", here.clock.now())
    here.close()


def test_what_no_heartbeat_is_heard_of_is_abandoned(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)
    here.register("push")
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    began = here.clock.now()
    with here.store.write() as tx:
        claimed = tx.queue.claim("one", began)
        assert claimed is not None
        assert tx.queue.abandoned(began, None) == ()
        assert [one.id for one in tx.queue.abandoned(began + timedelta(seconds=1), None)] == [claimed.id]
        assert tx.queue.abandoned(began + timedelta(seconds=1), "one") == ()
    here.close()


def test_the_audit_chain_has_no_gap_under_eight_writers(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)

    def write(writer: int) -> None:
        for number in range(15):
            with here.store.write() as tx:
                tx.audit.append(here.clock.now(), NewAuditEntry(user(str(writer)), "test", f"thing:{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = here.use_cases.audit.verify_stored()
    assert (found.valid, found.entries) == (True, 120)
    here.close()


class Watched(EmbeddedQueue):
    """An engine with tables of its own would hear exactly this."""

    def __init__(self, connection: Connection, here: RunsOn, heard: list[tuple[str, str]]) -> None:
        super().__init__(connection, here)
        self.heard = heard

    def put(self, operation: Operation) -> None:
        self.heard.append(("put", operation.id))

    def remove(self, id: str) -> None:
        self.heard.append(("remove", id))


def test_an_engine_hears_of_every_operation_and_of_its_end(tmp_path: Path, database_url: str) -> None:
    here, heard = _installation(tmp_path, database_url), list[tuple[str, str]]()
    here.register("push")
    cipher = Cipher(here.data / "secret.key")
    store = SqlStore(here.store.engine, cipher, queue_of=lambda connection, on: Watched(connection, on, heard))
    use_cases = wire_use_cases(replace(here.ports, store=store), Passwords(), Signer(here.data / "signing.key"))
    asked = [use_cases.queue.ask("shop", Request(OperationKind.SYNC, Trigger.MANUAL, ME.name), ME) for _ in range(2)]
    use_cases.queue.terminate(asked[1].id, ME)
    with store.write() as tx:
        claimed = tx.queue.claim("one", here.clock.now())
    assert claimed is not None
    use_cases.reconciler.run(claimed)
    for operation in asked:
        assert [word for word, id in heard if id == operation.id] == ["put", "remove"]
    here.close()
