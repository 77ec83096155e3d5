"""Preemption: a refresh only reads, so a change by a person stops it instead of waiting for its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from app.domain.actor import Actor
from app.domain.errors import OperationFinished, OperationInProgress, OperationNotFound
from app.domain.operation import Operation, OperationKind, Phase
from app.ports import Ports
from app.services.operations.queue import Queue

LOOKS, LOOK_S = 50, 0.1  # how long a stopped comparison is waited for
PATIENT = 20  # looks during which it may still end by itself
PREEMPTIONS = 2  # after the first; a refresh that was queued may begin after each
Done = TypeVar("Done")


def past_refreshes(
    ports: Ports, queue: Queue, name: str, actor: Actor, deed: Callable[[], Done], patient: int = 0
) -> Done:
    """Do something that no operation may run beside, past the environment's refreshes; `patient` as below. Raises
    OperationInProgress, and what the deed raises."""
    for _ in range(PREEMPTIONS):
        preempt_refresh(ports, queue, name, actor, patient)
        try:
            return deed()
        except OperationInProgress:
            continue  # perhaps a queued refresh has begun since
    preempt_refresh(ports, queue, name, actor, patient)
    return deed()


def preempt_refresh(ports: Ports, queue: Queue, name: str, actor: Actor, patient: int = 0) -> None:
    """Wait up to `patient` looks for an environment's running refresh to end, then stop it.

    A delivery is left alone, and so is an operation without a live worker; the caller checks again afterwards.
    """
    stopped = ""
    for looked in range(patient + LOOKS):
        running = _comparing(ports, name)
        if running is None:
            return
        if looked >= patient and running.id != stopped:
            stopped = running.id
            _stop(queue, stopped, actor)
        ports.clock.sleep(LOOK_S)


def _comparing(ports: Ports, name: str) -> Operation | None:
    with ports.store.read() as tx:
        environment = tx.environments.get(name)
        running = tx.operations.active(environment.id)
    if environment.silent(ports.clock.now()) or not running or running.phase is not Phase.RUNNING:
        return None
    return running if running.kind is OperationKind.REFRESH else None


def _stop(queue: Queue, operation: str, actor: Actor) -> None:
    try:
        queue.terminate(operation, actor)
    except (OperationFinished, OperationNotFound):
        pass  # it has just ended; a scheduled one that found nothing new leaves no trace
