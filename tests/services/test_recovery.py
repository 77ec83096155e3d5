"""What is left by a process that died is settled truthfully and repeated where that is safe."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from app.domain.errors import OperationInProgress
from app.domain.operation import OperationKind, Phase, Request, Trigger
from app.scheduler import Scheduler
from app.services.operations.queue import LEASE, MAX_RETRIES
from tests.support.installation import ME, Installation


def test_an_interrupted_sync_is_settled_and_repeated(here: Installation, mode: str) -> None:
    target = here.register(mode)
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    here.claim("a worker that dies")
    here.clock.pass_(1)
    (settled,) = here.use_cases.queue.recover(None)
    assert settled.id == asked.id
    assert (here.operation(asked.id).phase, here.operation(asked.id).finished_at is not None) == (Phase.ERROR, True)
    (again,) = here.run()
    assert (again.phase, again.request.retry_of) == (Phase.SUCCEEDED, asked.id)
    assert (target / "index.html").exists()


def test_what_a_killed_process_left_running_here_ends_when_a_tick_settles_its_operation(here: Installation) -> None:
    here.register("push")
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    here.claim("a worker that dies")
    with subprocess.Popen(["sleep", "1000"], env={**os.environ, "PUSHPULL_OPERATION": asked.id}) as hook:
        scheduler = Scheduler(here.use_cases)
        scheduler.recover()
        assert hook.poll() is None, "its heart may beat yet"
        here.clock.pass_(LEASE.total_seconds() + 1)
        scheduler.recover()
        assert hook.wait(20) == -signal.SIGKILL
    assert here.operation(asked.id).phase is Phase.ERROR


def test_it_is_not_repeated_for_ever(here: Installation) -> None:
    here.register("push")
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    times = 0
    while here.claim(f"worker {times}"):
        here.clock.pass_(1)
        here.use_cases.queue.recover(None)
        times += 1
    assert times == 1 + MAX_RETRIES


def test_another_workers_operation_is_left_alone_while_its_heart_beats(here: Installation) -> None:
    here.register("push")
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    claimed = here.claim("other")
    assert claimed is not None
    here.clock.pass_(LEASE.total_seconds() - 1)
    with here.store.write() as tx:
        assert tx.queue.renew(claimed.id, "other", here.clock.now())
    assert here.use_cases.queue.recover("me") == (), "watched from now on"
    here.clock.pass_(LEASE.total_seconds() - 1)
    assert here.use_cases.queue.recover("me") == ()
    here.clock.pass_(2)
    assert [one.id for one in here.use_cases.queue.recover("me")] == [claimed.id]


def test_a_process_never_takes_its_own_operations_for_lost(here: Installation) -> None:
    here.register("push")
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    assert here.claim("me") is not None
    for _ in range(3):
        here.clock.pass_(86_400)
        assert here.use_cases.queue.recover("me") == ()


def test_a_clock_that_was_set_takes_no_operation_from_its_worker(here: Installation) -> None:
    here.register("push")
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    claimed = here.claim("other")
    assert claimed is not None
    for step in (86_400, -3_600, 3_600, -86_400):
        here.clock.set_by(step)
        assert here.use_cases.queue.recover("me") == ()
        with here.store.write() as tx:
            assert tx.queue.renew(claimed.id, "other", here.clock.now())


def test_a_worker_that_lost_its_operation_cannot_end_it(here: Installation) -> None:
    here.register("push")
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    claimed = here.claim("slow")
    assert claimed is not None
    here.clock.pass_(1)
    here.use_cases.queue.recover(None)
    with pytest.raises(OperationInProgress, match="Another worker has ended the operation"):
        here.use_cases.reconciler.run(claimed)
    assert here.operation(asked.id).phase is Phase.ERROR
    with here.store.read() as tx:
        ends = [one for one in tx.ledger.page(operation=asked.id) if one.type == "operation.finished"]
    assert len(ends) == 1


def test_what_was_told_to_stop_is_not_repeated(here: Installation) -> None:
    here.register("push")
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    here.claim("dies")
    here.use_cases.queue.terminate(asked.id, ME)
    here.clock.pass_(1)
    here.use_cases.queue.recover(None)
    assert here.operation(asked.id).phase is Phase.TERMINATED
    assert here.claim() is None


def test_one_environment_never_runs_two_operations(here: Installation) -> None:
    here.register("push")
    for _ in range(3):
        here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    assert here.claim("one") is not None
    assert here.claim("two") is None
