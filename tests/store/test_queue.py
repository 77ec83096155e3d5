"""The queue and the audit chain under several writers at once, on both databases."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.domain.audit import NewAuditEntry
from app.domain.operation import OperationKind, Request, Trigger
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
        here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, ME.name), name)

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
        here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, ME.name))
    assert here.claim("one") is not None
    assert here.claim("two") is None
    here.close()


def test_the_audit_chain_has_no_gap_under_eight_writers(tmp_path: Path, database_url: str) -> None:
    here = _installation(tmp_path, database_url)

    def write(writer: int) -> None:
        for number in range(15):
            with here.store.write() as tx:
                tx.audit.append(here.clock.now(), NewAuditEntry(f"user:{writer}", "test", f"thing:{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = here.use_cases.audit.verify_stored()
    assert (found.valid, found.entries) == (True, 120)
    here.close()
