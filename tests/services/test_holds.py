"""Holds: nobody goes over one without saying so, and whose it was stays on record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.domain.actor import user
from app.domain.errors import EnvironmentHeld
from app.domain.events import EventType
from app.domain.operation import OperationKind, Outcome, Request, Trigger
from app.ports import AuditFilter
from app.services.environments.rollback import RollbackWish
from tests.support.installation import ME, PIPELINE, Installation

ANN = user("ann")
Deed = Callable[[Installation, bool], object]


def by_hand(here: Installation, override: bool) -> object:
    request = Request(OperationKind.SYNC, Trigger.MANUAL, str(ME), override_hold=override)
    return here.use_cases.queue.ask("shop", request, ME)


def again(here: Installation, override: bool) -> object:
    live = here.environment().status.revision
    request = Request(OperationKind.SYNC, Trigger.MANUAL, str(ME), wanted=live, override_hold=override)
    return here.use_cases.queue.ask("shop", request, ME)


DEEDS: dict[str, Deed] = {
    "deliver": by_hand,
    "deliver again": again,
    "heal": lambda here, override: here.use_cases.drift.heal("shop", ME, override_hold=override),
    "roll back": lambda here, override: here.use_cases.rollback.back("shop", RollbackWish(override_hold=override), ME),
    "hold": lambda here, override: here.use_cases.holds.hold("shop", "mine", None, ME, override_hold=override),
}


def held(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    here.clock.pass_(1)
    here.deliver(mode, here.repo.commit({"deploy/index.html": "two\n"}))
    here.use_cases.holds.hold("shop", "stocktaking", None, ANN)
    here.repo.commit({"deploy/index.html": "three\n"})


@pytest.mark.parametrize("deed", DEEDS)
def test_a_hold_is_gone_over_only_on_purpose_and_its_owner_is_on_record(
    here: Installation, mode: str, deed: str
) -> None:
    held(here, mode)
    before = here.environment().hold
    with pytest.raises(EnvironmentHeld, match=r"on hold by user:ann: stocktaking") as refused:
        DEEDS[deed](here, False)
    assert list(refused.value.fields) == ["override_hold"]
    assert (here.run(), here.environment().hold) == ([], before)
    DEEDS[deed](here, True)
    ended = here.run()
    with here.store.read() as tx:
        told = [one.data for one in tx.audit.page(AuditFilter(), 50, None).items]
    owner = {"owner": str(ANN), "reason": "stocktaking"}
    assert owner in [one.get("overrode_hold") or one.get("replaced") for one in told]
    if ended:
        lines = [one.reason for one in here.events(EventType.OPERATION_LOG) if one.operation == ended[0].id]
        assert f"goes over the hold of {ANN}: stocktaking" in lines
        assert ended[0].outcome is not Outcome.HELD


def test_a_hold_set_after_the_request_stops_it_too(here: Installation, mode: str) -> None:
    here.register(mode)
    here.deliver(mode)
    here.repo.commit({"deploy/index.html": "two\n"})
    by_hand(here, False)
    here.use_cases.holds.hold("shop", "stocktaking", None, ANN)
    (ended,) = here.run()
    assert (ended.outcome, ended.reason) == (Outcome.HELD, f"on hold by {ANN}: stocktaking")


def test_a_pipelines_push_is_taken_and_ends_as_held(here: Installation) -> None:
    held(here, "push")
    assert here.push().outcome is Outcome.HELD
    assert here.push(override_hold=True).outcome is Outcome.DEPLOYED


def test_ones_own_way_back_goes_on_and_somebody_elses_does_not(here: Installation) -> None:
    here.register("push")
    shas = [here.push().revision]
    for text in ("two\n", "three\n"):
        here.clock.pass_(1)
        shas.append(here.push(here.repo.commit({"deploy/index.html": text})).revision)
    here.use_cases.rollback.back("shop", RollbackWish(shas[1]), ME)
    here.run()
    with pytest.raises(EnvironmentHeld):
        here.use_cases.rollback.back("shop", RollbackWish(shas[0]), ANN)
    here.use_cases.rollback.back("shop", RollbackWish(shas[0]), ME)
    here.run()
    assert here.environment().status.revision == shas[0]


def test_a_newer_commit_by_hand_ends_a_rollbacks_hold_and_an_older_one_is_held(here: Installation) -> None:
    here.register("push")
    good = here.push().revision
    here.clock.pass_(1)
    here.push(here.repo.commit({"deploy/index.html": "two\n"}))
    here.use_cases.rollback.back("shop", RollbackWish(good), ANN)
    here.run()
    by_hand(here, False)
    assert here.run()[0].outcome is Outcome.HELD
    here.repo.commit({"deploy/index.html": "three\n"})
    by_hand(here, False)
    assert here.run()[0].outcome is Outcome.DEPLOYED
    assert here.environment().hold is None


def test_who_held_may_say_more_and_resuming_names_the_owner(here: Installation) -> None:
    held(here, "push")
    here.use_cases.holds.hold("shop", "stocktaking, until noon", None, ANN)
    here.use_cases.holds.resume("shop", PIPELINE)
    with here.store.read() as tx:
        entry = tx.audit.page(AuditFilter(), 1, None).items[0]
    assert (entry.action, entry.data["owner"]) == ("hold.end", str(ANN))
