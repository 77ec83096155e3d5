"""An agent's reports against what people ask of its environment meanwhile, on two servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.domain.agents.protocol import ReportKind
from app.domain.agents.wire import encode
from app.domain.errors import EnvironmentNotFound
from app.domain.ids import new_id
from app.domain.operation import OperationKind, Phase, Request, Trigger
from tests.races.conftest import Pair
from tests.services.fleet import Fleet
from tests.support.agent import ended, operation
from tests.support.installation import ME, Installation
from tests.support.interleaving import Cut, tried
from tests.support.invariants import versions_broken

UseCase = Callable[[Installation], object]


def edit(here: Installation) -> None:
    change = {"policy": {"interval_s": 77}}
    here.use_cases.registration.edit("shop", change, ME, version=here.environment().version)


def delete(here: Installation) -> None:
    here.use_cases.registration.remove("shop", ME)


def hold(here: Installation) -> None:
    here.use_cases.holds.hold("shop", "wait", None, ME)


def switch(here: Installation) -> None:
    here.use_cases.switching.switch("shop", {"mode": "push"}, ME, "try")


def ask(here: Installation) -> None:
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))


def terminate(here: Installation) -> None:
    with here.store.read() as tx:
        waiting = tx.operations.queued(tx.environments.get("shop").id)
    for one in waiting:
        here.use_cases.queue.terminate(one.id, ME)


def revoke(here: Installation) -> None:
    with here.store.read() as tx:
        (agent,) = tx.agents.all()
    here.use_cases.agents.enrolling.revoke(agent.id, ME)


USE_CASES: tuple[UseCase, ...] = (edit, delete, hold, switch, ask, terminate, revoke)


class Telling:
    """An agent that tells of a run: that it began, and how it ended. The batch is sent again until it is answered."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        now = fleet.here.clock.now()
        begun = operation(new_id(now), fleet.id(), "shop", now)
        self.id, over = begun.id, ended(begun, fleet.here.clock.now())
        self._reports = [fleet.report(ReportKind.OPERATION, encode(one)) for one in (begun, over)]

    def __call__(self) -> None:
        self._fleet.send(*self._reports)

    def broken(self, here: Installation) -> list[str]:
        """What is not as it must be once the batch was sent again."""
        problem = tried(self)
        try:
            here.environment()
        except EnvironmentNotFound:
            return []
        chain = here.use_cases.audit.verify_stored()
        found = [] if chain.valid else [chain.problem]
        if problem is None:  # who was refused, such as a revoked agent, may have left nothing
            told = here.operation(self.id).phase
            found += [] if told is Phase.SUCCEEDED else [f"the run reads {told}"]
        with here.store.read() as tx:
            return [*found, *versions_broken(tx, tx.environments.get("shop"))]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("other", USE_CASES)
def test_a_report_and_what_is_asked_meanwhile(pair: Pair, other: UseCase, inside: bool) -> None:
    fleet = Fleet(pair.one)
    ask(pair.one)
    telling = Telling(fleet)
    with Cut(pair.one, lambda: other(pair.two), 2, inside=inside)():
        tried(telling)
    assert telling.broken(pair.two) == []


@pytest.mark.thorough
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("other", USE_CASES)
def test_what_is_asked_and_a_report_meanwhile(pair: Pair, other: UseCase, inside: bool) -> None:
    fleet = Fleet(pair.one)
    ask(pair.one)
    telling = Telling(fleet)
    fleet.use_cases = pair.two.use_cases.agents
    with Cut(pair.one, telling, 1, inside=inside)():
        tried(lambda: other(pair.one))
    assert telling.broken(pair.two) == []
