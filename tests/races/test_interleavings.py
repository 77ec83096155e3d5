"""Every use case against every other on two servers, cut at each transaction: refused or done, never half."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from itertools import count

import pytest

from app.domain.actor import SCHEDULE
from app.domain.operation import OperationKind, Request, Trigger
from app.domain.webhook import ReceivedBody
from app.services.environments.rollback import RollbackWish
from tests.races.conftest import Pair
from tests.support.installation import ME, PIPELINE, Installation
from tests.support.interleaving import Cut, tried
from tests.support.invariants import broken, records_broken

pytestmark = pytest.mark.thorough
UseCase = Callable[[Installation, str], object]


def deliver(here: Installation, name: str) -> None:
    here.ask(
        Request(OperationKind.SYNC, Trigger.PIPELINE, str(PIPELINE), wanted=here.repo.git("rev-parse", "main")), name
    )
    here.run()


def refresh(here: Installation, name: str) -> None:
    here.ask(Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(SCHEDULE)), name, SCHEDULE)  # no entry of the audit
    here.run()


def poll(here: Installation, name: str) -> None:
    here.use_cases.poller.poll(here.url)


def edit(here: Installation, name: str) -> None:
    version = here.environment(name).version
    change = {"labels": {"by": f"{id(here)}"}, "policy": {"auto_sync": True, "interval_s": version + 10}}
    here.use_cases.registration.edit(name, change, ME, version=version)


def turn_to_another_path(here: Installation, name: str) -> None:
    here.use_cases.registration.edit(name, {"source": {"path": ""}, "policy": {"allow_empty": True}}, ME)


def begin_to_use_the_key(here: Installation, name: str) -> None:
    here.use_cases.registration.edit(name, {"source": {"credential": "key"}}, ME)


def remove_the_key(here: Installation, name: str) -> None:
    here.use_cases.keyring.remove("key", ME)


def move(here: Installation, name: str) -> None:
    change = {"target": {"kind": "directory", "path": str(here.servers / f"{name}-moved")}}
    here.use_cases.registration.edit(name, change, ME)


def register_inside(here: Installation, name: str) -> None:
    other = f"{name}-in-{id(here)}"
    values = {
        "name": other,
        "mode": "push",
        "source": {"repo_url": here.url, "ref": "main", "path": "deploy"},
        "target": {"kind": "directory", "path": str(here.servers / f"{name}-moved" / "deeper")},
    }
    here.use_cases.registration.create(values, ME)


def delete(here: Installation, name: str) -> None:
    here.use_cases.registration.remove(name, ME)


def roll_back(here: Installation, name: str) -> None:
    here.use_cases.rollback.back(name, RollbackWish(None, "pin", "bad"), ME)


def hold(here: Installation, name: str) -> None:
    here.use_cases.holds.hold(name, "wait", None, ME)


def resume(here: Installation, name: str) -> None:
    here.use_cases.holds.resume(name, ME)


def terminate(here: Installation, name: str) -> None:
    with here.store.read() as tx:
        active = tx.operations.active(tx.environments.get(name).id)
    if active:
        here.use_cases.queue.terminate(active.id, ME)


def switch(here: Installation, name: str) -> None:
    here.use_cases.switching.switch(name, {"mode": "pull"}, ME, "try")


def ignore(here: Installation, name: str) -> None:
    here.use_cases.drift.ignore(name, ["logs/*"], "grows", None, ME)


def webhook(here: Installation, name: str) -> None:
    secret, body = "s" * 32, json.dumps({"ref": "refs/heads/main", "after": here.repo.sha("main")}).encode()
    here.use_cases.webhooks.set_secret(name, secret, ME)
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-delivery": name, "x-github-event": "push"}
    stored, new = here.use_cases.webhooks.receive("github", name, ReceivedBody.of(body), headers, None)
    if new:
        here.use_cases.webhooks.handle(stored)
    here.run()


def work(here: Installation, name: str) -> None:
    here.run()


USE_CASES: tuple[UseCase, ...] = (
    work, terminate, remove_the_key, hold, ignore, resume, register_inside, poll, edit, begin_to_use_the_key,
    turn_to_another_path, move, delete, roll_back, switch, refresh, webhook, deliver,
)  # fmt: skip
names = map("e{}".format, count(1))


@pytest.fixture
def pair(lasting: Pair) -> Pair:
    """One pair for all: each race has an environment of its own, and leaves none."""
    return lasting


def raced(pair: Pair, first: UseCase, second: UseCase, at: int, *, inside: bool) -> list[str]:
    """Cut a use case by another one, on an environment of their own; returns what is not as it must be then."""
    name = next(names)
    pair.delivered(name, roll_back in (first, second))
    with Cut(pair.one, lambda: second(pair.two, name), at, inside=inside)():
        tried(lambda: first(pair.one, name))
    pair.settle()
    found = [f"{first.__name__}, cut at {at} by {second.__name__}: {text}" for text in broken(pair.two)]
    pair.clear()
    return found


def cuts(pair: Pair, first: UseCase) -> int:
    """How many write transactions a use case has when nobody disturbs it."""
    name = next(names)
    pair.delivered(name, again=True)
    cut = Cut(pair.one, lambda: None)
    with cut():
        tried(lambda: first(pair.one, name))
    pair.settle()
    pair.clear()
    return cut.count


@pytest.mark.parametrize("first", USE_CASES)
def test_every_use_case_against_every_other(pair: Pair, first: UseCase) -> None:
    """Each two meet once: by turns before a transaction or inside of one, and at which of them goes round."""
    many, own, found = cuts(pair, first), USE_CASES.index(first), []
    for number, second in enumerate(USE_CASES[: own + 1]):
        found += raced(pair, first, second, 1 + number % max(1, many), inside=(own + number) % 2 == 0)
    assert found + records_broken(pair.one) == []


@pytest.mark.parametrize("first", USE_CASES)
def test_every_use_case_against_every_other_the_other_way_round(pair: Pair, first: UseCase) -> None:
    """Who was cut cuts, before what was cut inside, and inside what was cut before."""
    many, own, found = cuts(pair, first), USE_CASES.index(first), []
    for number, second in enumerate(USE_CASES[own:], own):
        found += raced(pair, first, second, 1 + number % max(1, many), inside=(own + number) % 2 == 1)
    assert found + records_broken(pair.one) == []


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("first", [deliver, refresh])
def test_an_operation_is_cut_everywhere(pair: Pair, first: UseCase, inside: bool) -> None:
    """At each transaction by a third of the others, going round; by all of them where PUSHPULL_TEST_CUTS is set."""
    found, others = [], (deliver, poll, edit, move, delete, roll_back, hold, terminate, switch)
    step = 1 if "PUSHPULL_TEST_CUTS" in os.environ else 3
    for at in range(1, cuts(pair, first) + 1):
        for second in others[(at + inside) % step :: step]:
            found += raced(pair, first, second, at, inside=inside)
    assert found + records_broken(pair.one) == []
