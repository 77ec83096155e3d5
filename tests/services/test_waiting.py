"""Whoever waits for something slow keeps no innocent one waiting, and is stopped when somebody says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from app.domain.errors import Terminated
from app.domain.operation import Operation, OperationKind, Phase, Request, Trigger
from app.notifications import InProcessNotifier, SystemClock
from app.worker import HELPERS, Workers
from tests.support.installation import ME, Installation

SLOW = {"when": "pre", "command": ["sleep", "1000"], "timeout_s": 900}


def until(look: Callable[[], bool], patience_s: float = 60.0) -> bool:
    end = time.monotonic() + patience_s
    while not look():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def sync(name: str) -> tuple[Request, str]:
    return Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)), name


@pytest.fixture
def one_worker(here: Installation) -> Iterator[Workers]:
    object.__setattr__(here.ports, "clock", SystemClock())
    assert isinstance(here.ports.notifier, InProcessNotifier)
    workers = Workers(here.use_cases, here.ports.notifier, 1, shared=False)
    workers.start()
    yield workers
    workers.stop(20)


@pytest.mark.thorough
def test_an_innocent_environment_does_not_wait_for_slow_ones(here: Installation, one_worker: Workers) -> None:
    slow: list[Operation] = []
    for name in ("slow", "slower"):
        here.register("push", name, hooks=[SLOW])
        slow.append(here.ask(*sync(name)))
    here.register("push", "innocent")
    innocent = here.ask(*sync("innocent"))
    assert until(lambda: here.operation(innocent.id).phase is Phase.SUCCEEDED)
    assert [here.operation(one.id).phase for one in slow] == [Phase.RUNNING] * 2
    for one in slow:
        here.use_cases.queue.terminate(one.id, ME)
    assert until(lambda: all(here.operation(one.id).phase is Phase.TERMINATED for one in slow))
    assert until(lambda: one_worker.alive() and one_worker.stuck_s() == 0)


def failed(here: Installation, name: str) -> None:
    """Note that the environment's last sync failed."""
    with here.store.write() as tx:
        one = tx.environments.get(name)
        tx.environments.put_status(one.id, replace(one.status, failures=1))


@pytest.mark.thorough
def test_environments_that_failed_never_take_every_thread(here: Installation, one_worker: Workers) -> None:
    slow = []
    for number in range(HELPERS + 3):
        here.register("push", f"slow-{number}", hooks=[SLOW])
        failed(here, f"slow-{number}")
        slow.append(here.ask(*sync(f"slow-{number}")))

    def running() -> list[Operation]:
        return [one for one in slow if here.operation(one.id).phase is Phase.RUNNING]

    assert until(lambda: len(running()) == HELPERS)
    for number in range(2):
        here.register("push", f"innocent-{number}")
        innocent = here.ask(*sync(f"innocent-{number}"))
        assert until(lambda: here.operation(innocent.id).phase is Phase.SUCCEEDED)  # noqa: B023
        assert len(running()) == HELPERS
    for one in slow:
        here.use_cases.queue.terminate(one.id, ME)
    assert until(lambda: all(here.operation(one.id).phase is Phase.TERMINATED for one in slow))


@pytest.mark.thorough
def test_workers_that_are_all_taken_for_long_are_noticed(
    here: Installation, one_worker: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.worker.TAKEN_S", 0.5)
    assert one_worker.stuck_s() == 0
    slow = []
    for number in range(5):
        here.register("push", f"slow-{number}", hooks=[SLOW])
        slow.append(here.ask(*sync(f"slow-{number}")))
    monkeypatch.setattr("app.worker.int", lambda found: found, raising=False)
    assert until(lambda: one_worker.stuck_s() > 0)
    for one in slow:
        here.use_cases.queue.terminate(one.id, ME)
    assert until(lambda: all(here.operation(one.id).phase is Phase.TERMINATED for one in slow))


def test_a_health_check_ends_with_its_operation(here: Installation) -> None:
    here.register("push", health_check={"kind": "command", "command": ["sleep", "1000"], "timeout_s": 500})
    asked = here.ask(*sync("shop"))
    claimed = here.claim()
    assert claimed is not None
    began = threading.Event()
    threading.Timer(0.5, began.set).start()
    ended = here.use_cases.reconciler.run(claimed, began.is_set)
    assert (ended.id, ended.phase) == (asked.id, Phase.TERMINATED)


def test_the_last_look_ends_with_the_deadline(here: Installation) -> None:
    asked: list[float] = []
    look = here.ports.checks.health

    def noted(check, *rest):  # type: ignore[no-untyped-def]
        asked.append(check.timeout_s)
        here.clock.pass_(check.timeout_s)
        return look(check, *rest)

    object.__setattr__(here.ports.checks, "health", noted)
    here.register("push", health_check={"kind": "tcp", "host": "127.0.0.1", "port": 1, "timeout_s": 2, "deadline_s": 5,
                                        "interval_s": 1})  # fmt: skip
    before = here.clock.at
    ended = here.push()
    assert ended.phase is Phase.FAILED
    assert sum(asked) <= 5
    assert (here.clock.at - before).total_seconds() < 6


def test_who_stops_a_refresh_stops_its_look(here: Installation) -> None:
    here.register("push")
    here.push()
    here.ask(Request(OperationKind.REFRESH, Trigger.MANUAL, str(ME)))
    claimed = here.claim()
    assert claimed is not None
    with pytest.raises(Terminated):
        here.ports.targets.open(here.environment(), _stopped).look()
    assert here.use_cases.reconciler.run(claimed, lambda: True).phase is Phase.TERMINATED


def _stopped() -> None:
    raise Terminated
