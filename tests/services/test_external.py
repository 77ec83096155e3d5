"""What others deliver: each system's tellings become the same operations, statuses and history, once and in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.domain.environment import Environment, Mode
from app.domain.errors import DeliveredByOthers, InvalidInput, SignatureMismatch
from app.domain.events import EventType
from app.domain.external import SYSTEMS
from app.domain.operation import Operation, OperationKind, Outcome, Phase, Request, StageName, Trigger
from app.domain.status import SyncStatus
from app.domain.webhook.hook_names import repository_hook
from app.ports import Delivery, OperationFilter
from app.services.environments.rollback import RollbackWish
from tests.support.installation import ME, Installation
from tests.support.tellings import BY_NAME, NOON, SECRET, SHA, TELLINGS, Sending, Telling

OTHER, JSON = "b" * 40, BY_NAME["json"]


@pytest.fixture(params=TELLINGS, ids=lambda one: one.system)
def telling(request: pytest.FixtureRequest) -> Telling:
    one: Telling = request.param
    return one


def register(here: Installation, telling: Telling, **more: Any) -> Environment:
    here.clock.at = NOON + timedelta(hours=1)
    external = {"system": telling.system, "name": telling.name}
    values = {"name": "shop", "runs_on": "external", "external": external, **more}
    made = here.use_cases.registration.create(values, ME)
    here.use_cases.webhooks.set_secret("shop", SECRET, ME)
    return made


def send(here: Installation, telling: Telling, sending: Sending, **headers: str) -> Delivery:
    """Deliver a request; what came of it."""
    proven = {**sending.proven(telling.system), **headers}
    stored, new = here.use_cases.webhooks.receive(telling.system, "shop", sending.received(), proven, None)
    return here.use_cases.webhooks.handle(stored) if new else stored


def tell(here: Installation, telling: Telling, step: str, **more: Any) -> Delivery:
    return send(here, telling, telling.sending(step, **more))


def operations(here: Installation) -> list[Operation]:
    with here.store.read() as tx:
        return list(tx.operations.page(OperationFilter(environment="shop"), 100, None).items)


def live(here: Installation) -> list[str]:
    with here.store.read() as tx:
        return [one.revision for one in tx.history.page(here.environment().id, 100, None).items]


# --- the contract of every system; what needs no store is in tests/domain/test_external_systems.py ---
def test_a_success_is_one_finished_operation_and_puts_its_revision_live(here: Installation, telling: Telling) -> None:
    register(here, telling)
    if "started" in telling.steps:
        tell(here, telling, "started")
        assert operations(here) == []
        assert [SHA[:8] in why for outcome, why in here.decisions() if outcome == "waiting"] == [True]
    assert tell(here, telling, "succeeded").state == "handled"
    (one,) = operations(here)
    assert (one.phase, one.outcome, one.trigger) == (Phase.SUCCEEDED, Outcome.DEPLOYED, Trigger.EXTERNAL)
    assert (one.request.initiated_by, one.mode) == (f"external:{telling.system}", SYSTEMS[telling.system].mode)
    assert (one.revision, one.finished_at) == (SHA, NOON + timedelta(seconds=30))
    applied = one.stage(StageName.APPLIED)
    began = NOON if telling.begins else None
    assert (applied.started_at if applied else None, one.started_at) == (began, began)
    assert {stage.name for stage in one.stages} <= {StageName.APPLIED, StageName.HEALTHY}
    status = here.environment().status
    assert (status.revision, status.live_since, status.sync.value) == (SHA, one.finished_at, telling.status)
    assert (live(here), status.heard_at is not None) == ([SHA], True)


def test_what_fails_is_sent_again_or_comes_late_leaves_what_is_live(here: Installation, telling: Telling) -> None:
    register(here, telling)
    tell(here, telling, "succeeded", revision=OTHER, began_s=60, ended_s=90, id="42")
    tell(here, telling, "succeeded", revision=OTHER, began_s=60, ended_s=90, id="42")
    other_id = dict.fromkeys(SYSTEMS[telling.system].delivery, "another")
    again = telling.sending("succeeded", revision=OTHER, began_s=60, ended_s=90, id="42")
    assert send(here, telling, again, **other_id).state == "handled"
    assert len(operations(here)) == 1
    tell(here, telling, "succeeded")
    assert "told late" in operations(here)[0].reason
    last = "deployed"
    if "failed" in telling.steps:
        tell(here, telling, "failed", revision="c" * 40, began_s=120, ended_s=150, id="43")
        newest, last = operations(here)[0], "failed"
        assert (newest.phase, newest.outcome, newest.stage(StageName.APPLIED)) == (Phase.FAILED, Outcome.FAILED, None)
        assert len(operations(here)) == 3
    status = here.environment().status
    assert (status.revision, status.last_outcome, live(here)) == (OTHER, last, [OTHER])


@pytest.mark.parametrize("system", [one.system for one in TELLINGS if "rolled_back" in one.steps])
def test_a_rollback_is_told_as_one(here: Installation, system: str) -> None:
    telling = BY_NAME[system]
    register(here, telling)
    tell(here, telling, "succeeded")
    tell(here, telling, "succeeded", revision=OTHER, began_s=60, ended_s=90, id="42")
    tell(here, telling, "rolled_back", began_s=120, ended_s=150, id="43")
    newest = operations(here)[0]
    assert (newest.outcome, newest.trigger, newest.revision) == (Outcome.ROLLED_BACK, Trigger.ROLLBACK, SHA)
    assert live(here) == [SHA, OTHER, SHA]


def test_what_is_forged_or_about_another_is_not_recorded(here: Installation, telling: Telling) -> None:
    register(here, telling, external={"system": telling.system, "name": "another"})
    sending = telling.sending("succeeded")
    for headers in ({}, sending.proven(telling.system, "another secret of some length")):
        with pytest.raises(SignatureMismatch):
            here.use_cases.webhooks.receive(telling.system, "shop", sending.received(), headers, None)
    with here.store.read() as tx:
        assert tx.inbox.page("shop", 10, None).items == ()
    assert here.events(EventType.WEBHOOK_RECEIVED) == []
    tell(here, telling, "succeeded")
    assert (operations(here), here.decisions()[-1][0]) == ([], "filtered")


def test_a_commit_of_a_known_repository_is_timed_and_described(here: Installation) -> None:
    sha = here.repo.sha("main")
    register(here, JSON, source={"repo_url": here.url})
    ends = (here.clock.now() - NOON).total_seconds() - 10
    tell(here, JSON, "succeeded", revision=sha, began_s=ends - 5, ended_s=ends)
    (one,) = operations(here)
    assert (one.subject, one.stage(StageName.COMMITTED) is not None) == ("first", True)


# --- what is not ours to do ---
DEEDS: dict[str, Callable[[Installation], Any]] = {
    "sync": lambda here: here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME))),
    "refresh": lambda here: here.ask(Request(OperationKind.REFRESH, Trigger.MANUAL, str(ME))),
    "rollback": lambda here: here.use_cases.rollback.back("shop", RollbackWish(), ME),
    "preview": lambda here: here.use_cases.previews.show("shop", None),
    "plan": lambda here: here.use_cases.previews.forward("shop", None),
    "heal": lambda here: here.use_cases.drift.heal("shop", ME),
    "ignore": lambda here: here.use_cases.drift.ignore("shop", "a", "why", None, ME),
    "hold": lambda here: here.use_cases.holds.hold("shop", "why", None, ME),
    "resume": lambda here: here.use_cases.holds.resume("shop", ME),
    "switch": lambda here: here.use_cases.switching.switch("shop", {"mode": "pull"}, ME),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_what_others_do_is_refused_in_their_name(here: Installation, deed: str) -> None:
    register(here, JSON)
    tell(here, JSON, "succeeded")
    before = here.environment()
    with pytest.raises(DeliveredByOthers, match="delivered by JSON"):
        DEEDS[deed](here)
    assert here.environment() == before


def test_nothing_of_ours_touches_it(here: Installation) -> None:
    register(here, JSON, source={"repo_url": here.url})
    here.use_cases.poller.poll(here.url)
    with here.store.read() as tx:
        assert tx.environments.repositories() == {}
        assert tx.environments.due_for_refresh(here.clock.now() + timedelta(days=9), 10) == ()
    assert here.run() == []


def test_a_specification_needs_neither_source_nor_target(here: Installation) -> None:
    made = register(here, JSON)
    assert (made.mode, made.source.repo_url) == (Mode.PUSH, "")
    create = here.use_cases.registration.create
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"external": {"system": "elsewhere"}}, "external.system"),
        ({"external": {}}, "external.system"),
        ({"target": {"kind": "directory", "path": "/srv"}}, "target"),
        ({"runs_on": "server"}, "external"),
    ]
    for more, field in wrong:
        given = {"name": "other", "runs_on": "external", "external": {"system": "json"}, **more}
        with pytest.raises(InvalidInput) as refused:
            create(given, ME)
        assert field in refused.value.fields


def test_it_never_becomes_ours_by_an_edit(here: Installation) -> None:
    register(here, JSON)
    change = {"runs_on": "server", "external": None, "source": {"repo_url": here.url},
              "target": {"kind": "directory", "path": str(here.servers / "shop")}}  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.registration.edit("shop", change, ME)
    assert "runs_on" in refused.value.fields


def test_an_edit_of_its_labels_keeps_the_rest(here: Installation) -> None:
    register(here, JSON)
    tell(here, JSON, "succeeded")
    here.use_cases.registration.edit("shop", {"labels": {"team": "web"}}, ME)
    after = here.environment()
    assert (after.labels, after.external, after.status.revision) == ({"team": "web"}, after.external, SHA)


def test_a_verdict_is_believed_as_long_as_a_comparison(here: Installation) -> None:
    register(here, JSON)
    at = here.clock.now()
    standing = {"at": at.isoformat(), "sync": "Synced", "health": "Healthy"}
    send(here, JSON, Sending(standing))
    now = here.environment()
    assert (now.sync_at(at), now.health_at(at).value) == (SyncStatus.SYNCED, "Healthy")
    later = at + timedelta(seconds=601)
    assert (now.sync_at(later), now.health_at(later).value) == (SyncStatus.UNKNOWN, "Unknown")
    here.clock.pass_(601)
    with here.store.read() as tx:
        tally = tx.environments.tally(here.clock.now())
    assert (dict(tally.by_sync), dict(tally.by_health), tally.need) == ({"Unknown": 1}, {"Unknown": 1}, 0)


def test_what_lies_ahead_of_our_clock_counts_as_now(here: Installation) -> None:
    register(here, JSON)
    tell(here, JSON, "succeeded", ended_s=10 * 86_400)
    since = here.environment().status.live_since
    assert since is not None
    assert since <= here.clock.now()


def test_a_beginning_ahead_of_our_clock_is_not_known(here: Installation) -> None:
    register(here, JSON)
    now = here.clock.now()
    begun, ended = (now + timedelta(minutes=more) for more in (4, 5))
    told = {"revision": SHA, "phase": "succeeded", "started_at": begun.isoformat(), "at": ended.isoformat()}
    assert send(here, JSON, Sending(told)).state == "handled"
    (one,) = operations(here)
    assert (one.started_at, one.stage(StageName.APPLIED)) == (None, None)
    assert one.created_at <= here.clock.now()


def test_a_delivery_to_the_wrong_address_is_told_the_right_one(here: Installation) -> None:
    register(here, JSON)
    sending = JSON.sending("succeeded")
    headers = {"x-pushpull-signature": sending.proven("json")["x-pushpull-signature"]}
    with pytest.raises(InvalidInput, match="/webhooks/json/shop"):
        here.use_cases.webhooks.receive("generic", "shop", sending.received(), headers, None)


def test_a_push_to_a_repositorys_hook_is_not_about_it(here: Installation) -> None:
    register(here, JSON, source={"repo_url": here.url})
    here.register("push", "own")
    hook = repository_hook(here.url)
    here.use_cases.webhooks.set_secret(hook, SECRET, ME)
    push = Sending({"ref": "refs/heads/main", "revision": SHA})
    headers = push.proven("json")
    stored, _ = here.use_cases.webhooks.receive("generic", hook, push.received(), headers, None)
    here.use_cases.webhooks.handle(stored)
    assert {event.environment for event in here.events(EventType.DECISION)} == {"own"}


# --- what is told more than once, or in another order ---
def test_who_tries_at_intervals_and_fails_has_failed_once(here: Installation) -> None:
    flux = BY_NAME["flux"]
    register(here, flux)
    for minute in range(3):
        tell(here, flux, "failed", ended_s=60 * minute)
    assert len(operations(here)) == 1
    assert here.decisions()[-1][0] == "no_op"
    tell(here, flux, "succeeded", ended_s=300)
    tell(here, flux, "succeeded", ended_s=600)
    assert [one.outcome for one in operations(here)] == [Outcome.DEPLOYED, Outcome.FAILED]
    assert here.decisions()[-1] == ("compared", "Synced, Unknown")
    tell(here, flux, "failed", ended_s=900)
    assert [one.outcome for one in operations(here)] == [Outcome.FAILED, Outcome.DEPLOYED, Outcome.FAILED]


@pytest.mark.parametrize("system", [one.system for one in TELLINGS if "started" in one.steps and one.system != "kamal"])
def test_a_beginning_that_comes_after_its_end_waits_for_nothing(here: Installation, system: str) -> None:
    telling = BY_NAME[system]
    register(here, telling)
    tell(here, telling, "succeeded")
    tell(here, telling, "started")
    assert len(operations(here)) == 1
    assert [outcome for outcome, _ in here.decisions() if outcome == "waiting"] == []


def test_the_latest_beginning_counts_whatever_came_first(here: Installation) -> None:
    github = BY_NAME["github"]
    register(here, github)
    tell(here, github, "started", began_s=10)
    document = github.sending("started").document
    send(here, github, Sending(document, {"x-github-event": "deployment", "x-github-delivery": "asked"}))
    tell(here, github, "succeeded")
    assert operations(here)[0].started_at == NOON + timedelta(seconds=10)


def test_no_agent_is_enrolled_for_what_others_deliver(here: Installation) -> None:
    register(here, JSON)
    with pytest.raises(DeliveredByOthers):
        here.use_cases.agents.enrolling.token(["shop"], ME)
