"""Switching: the same place from another side. Nothing is written there, and nothing that is known is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.environment import Environment, Mode, RunsOn, Status
from app.domain.errors import InvalidInput, OperationInProgress
from app.domain.events import EventType
from app.domain.operation import OperationKind, Outcome, Phase, Request, Trigger
from app.domain.status import Divergence, SyncStatus
from app.ports import AuditFilter
from app.services.environments.rollback import RollbackWish
from app.services.operations.inventory_seeding import seed_inventory
from app.wording.switch_effects import left_behind
from tests.support.installation import ME, Installation
from tests.support.places import picture

OTHER = {"push": "pull", "pull": "push"}


def drifted(here: Installation, mode: str) -> None:
    """An environment with two revisions behind it and open drift."""
    target = here.register(mode)
    here.deliver(mode)
    here.repo.commit({"deploy/index.html": "two\n"})
    here.deliver(mode)
    (target / "index.html").write_text("edited by hand\n")
    assert here.refresh().outcome is Outcome.OUT_OF_SYNC


@pytest.mark.thorough
def test_there_and_back_with_drift_open_nothing_is_written_and_the_drift_stays(here: Installation, mode: str) -> None:
    drifted(here, mode)
    before, target = here.environment(), here.servers / "shop"
    shown = picture(target)
    for to in (OTHER[mode], mode):
        made = here.use_cases.switching.switch("shop", {"mode": to}, ME, "to try it")
        assert made.after.mode.value == to
        assert here.environment().policy.auto_sync is (to == "pull")
        assert here.poll() == []
        assert here.refresh().outcome is Outcome.OUT_OF_SYNC
        status = here.environment().status
        assert (status.divergence, status.drift_count) == (Divergence.DRIFT, 1)
        assert (status.revision, status.live_since) == (before.status.revision, before.status.live_since)
        with here.store.read() as tx:
            episode = tx.episodes.current(before.id)
        assert episode is not None
        assert episode.id == before.status.drift_episode
    assert picture(target) == shown
    told = here.events(EventType.ENVIRONMENT_SWITCHED)
    assert [(event.data["from"]["mode"], event.data["to"]["mode"]) for event in told] == [
        (mode, OTHER[mode]), (OTHER[mode], mode),
    ]  # fmt: skip
    with here.store.read() as tx:
        entries = tx.audit.page(AuditFilter(action="environment.switch"), 9, None).items
        history = tx.history.page(before.id, 9, None).items
    assert len(entries) == 2
    assert entries[0].data["reason"] == "to try it"
    assert len(history) == 2


@pytest.mark.thorough
def test_a_hold_and_a_bad_revision_carry_over(here: Installation, mode: str) -> None:
    drifted(here, mode)
    left = here.environment().status.revision
    here.use_cases.rollback.back("shop", RollbackWish(reason="broken"), ME)
    here.run()
    shown = picture(here.servers / "shop")
    here.use_cases.switching.switch("shop", {"mode": OTHER[mode], "policy": {"auto_sync": True}}, ME)
    for _ in range(2):
        assert here.poll() == []
    environment = here.environment()
    assert environment.hold is not None
    assert environment.hold.left_revision == left
    with here.store.read() as tx:
        assert tx.history.is_bad(environment.id, left or "")
    assert here.refresh().outcome is Outcome.COMPARED
    assert picture(here.servers / "shop") == shown


def test_an_address_of_the_same_place_takes_the_inventory_along(here: Installation, mode: str) -> None:
    """The target's directory is moved under another name, as it would be seen from another host."""
    drifted(here, mode)
    (here.servers / "shop").rename(here.servers / "moved")
    shown = picture(here.servers / "moved")
    environment = here.environment()
    new = {"kind": "directory", "path": str(here.servers / "moved")}
    here.use_cases.switching.switch("shop", {"target": new}, ME)
    owned = list(here.ports.targets.open(here.environment()).inventory_items())
    assert [path for path, _ in owned] == [b"app.env", b"index.html"]
    assert here.refresh().outcome is Outcome.OUT_OF_SYNC
    assert here.environment().status.divergence is Divergence.DRIFT
    assert picture(here.servers / "moved") == shown
    healed = here.use_cases.drift.heal("shop", ME)
    here.run()
    assert here.operation(healed.id).outcome is Outcome.HEALED
    assert here.environment().status.files == environment.status.files


def test_to_an_agent_and_back_the_drift_is_still_drift(here: Installation, mode: str) -> None:
    drifted(here, mode)
    target, before = here.servers / "shop", here.environment()
    shown = picture(target)
    made = here.use_cases.switching.switch("shop", {"runs_on": "agent", "mode": "pull"}, ME)
    assert made.after.runs_on is RunsOn.AGENT
    assert here.ports.targets.open(made.after).inventory().state is None  # the agent keeps it now
    assert here.poll() == []
    back = here.use_cases.switching.switch("shop", {"runs_on": "server", "mode": mode}, ME)
    assert back.after.target == before.target
    assert here.ports.targets.open(back.after).inventory().revision == before.status.revision
    assert here.refresh().outcome is Outcome.OUT_OF_SYNC
    assert here.environment().status.drift_count == 1
    assert picture(target) == shown


def test_the_first_walk_on_a_new_side_seeds_by_itself(here: Installation, mode: str) -> None:
    """What an agent does: it has a status and a mirror, and no inventory yet."""
    drifted(here, mode)
    environment = here.environment()
    target = here.ports.targets.open(environment)
    target.forget()
    assert here.refresh().outcome is Outcome.OUT_OF_SYNC
    assert here.environment().status.divergence is Divergence.DRIFT
    assert not seed_inventory(here.ports, environment, target)[1]  # it knows already


def test_a_live_revision_that_the_mirror_lost_is_taken_over_by_a_full_look(here: Installation, mode: str) -> None:
    target = here.register(mode)
    here.deliver(mode)
    environment = here.environment()
    here.ports.targets.open(environment).forget()
    with here.store.write() as tx:
        tx.environments.put_status(environment.id, _lost(environment))
    shown = picture(target)
    here.use_cases.switching.switch("shop", {"mode": OTHER[mode]}, ME)
    assert here.refresh().outcome is Outcome.COMPARED
    ended = here.push(here.repo.sha("main"))
    assert ended.phase is Phase.SUCCEEDED
    assert (ended.changes.created, ended.changes.updated) == (0, 0)
    assert here.environment().status.files == environment.status.files
    assert picture(target) == shown


def _lost(environment: Environment) -> Status:
    return replace(environment.status, revision="e" * 40)


def test_a_running_operation_blocks_it_and_nothing_was_changed(here: Installation, mode: str) -> None:
    here.register(mode)
    here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    running = here.claim()
    assert running is not None
    with pytest.raises(OperationInProgress) as refused:
        here.use_cases.switching.switch("shop", {"mode": OTHER[mode]}, ME)
    assert running.id in refused.value.detail
    assert here.environment().mode.value == mode
    assert here.events(EventType.ENVIRONMENT_SWITCHED) == []


def test_what_stays_behind_at_the_old_place_is_said(here: Installation) -> None:
    target = here.register("push")
    here.use_cases.registration.edit("shop", {"target": {"layout": "releases"}}, ME)
    here.push()
    new = {"kind": "directory", "path": str(here.servers / "moved")}
    made = here.use_cases.switching.prospect("shop", {"target": new})
    assert any(f"below {target}/releases stay too" in line for line in made.left)
    assert here.use_cases.switching.prospect("shop", {"mode": "pull"}).left == ()
    before = here.environment()
    after = here.use_cases.registration.edit("shop", {"target": new}, ME)
    told = " ".join(left_behind(here.ports.targets.kinds(), before, after, same_place=False))
    assert f"2 delivered files stay at {target} as they are" in told
    assert (target / "current" / "index.html").exists()


def looking(here: Installation, ends_by_itself: bool) -> list[bool]:
    """A comparison is running, as right after an edit. Collects whether it was told to stop, at each look at it."""
    here.ask(Request(OperationKind.REFRESH, Trigger.SCHEDULE, "system:schedule"))
    running, slept, told = here.claim(), here.clock.sleep, list[bool]()
    assert running is not None

    def meanwhile(seconds: float) -> None:
        slept(seconds)
        told.append(here.operation(running.id).termination_by is not None)
        if ends_by_itself or told[-1]:
            here.use_cases.reconciler.run(running, lambda: told[-1])
            here.clock.sleep = slept  # type: ignore[method-assign]

    here.clock.sleep = meanwhile  # type: ignore[method-assign]
    return told


@pytest.mark.parametrize("ends_by_itself", [True, False])
def test_a_comparison_that_is_running_makes_way(here: Installation, mode: str, ends_by_itself: bool) -> None:
    here.register(mode)
    here.deliver(mode)
    told = looking(here, ends_by_itself)
    here.use_cases.switching.switch("shop", {"mode": OTHER[mode]}, ME)
    assert here.environment().mode.value == OTHER[mode]
    assert told[-1] is not ends_by_itself
    told = looking(here, ends_by_itself)
    here.use_cases.registration.edit("shop", {"target": {"path": str(here.servers / "other")}}, ME)
    assert here.environment().target.option("path") == str(here.servers / "other")
    assert told[-1] is not ends_by_itself


def test_what_was_queued_ends_with_a_reason_and_the_new_side_delivers_it(here: Installation) -> None:
    here.register("push")
    here.push()
    commit = here.repo.commit({"deploy/index.html": "two\n"})
    sync = here.ask(Request(OperationKind.SYNC, Trigger.PIPELINE, str(ME), wanted=commit))
    look = here.ask(Request(OperationKind.REFRESH, Trigger.MANUAL, str(ME)))
    here.use_cases.switching.switch("shop", {"mode": "pull"}, ME)
    ended = [here.operation(one.id) for one in (sync, look)]
    assert [one.phase for one in ended] == [Phase.SUPERSEDED, Phase.TERMINATED]
    assert all("switched (push to pull)" in one.reason for one in ended)
    (delivered,) = here.poll()
    assert (delivered.revision, delivered.mode, delivered.outcome) == (commit, "pull", Outcome.DEPLOYED)


def test_what_is_no_switch_is_refused(here: Installation, mode: str) -> None:
    here.register(mode)
    for change in ({}, {"mode": mode}, {"policy": {"prune": False}}):
        with pytest.raises(InvalidInput) as refused:
            here.use_cases.switching.switch("shop", change, ME)
        assert "mode" in refused.value.fields
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.switching.switch("shop", {"runs_on": "agent", "target": {"path": "srv/shop"}}, ME)
    assert "target.path" in refused.value.fields


def test_who_does_the_work_is_no_edit_once_something_is_live(here: Installation, mode: str) -> None:
    here.register(mode)
    to_agent = {"runs_on": "agent"}
    assert here.use_cases.registration.edit("shop", to_agent, ME).runs_on is RunsOn.AGENT
    here.use_cases.registration.edit("shop", {"runs_on": "server"}, ME)
    here.deliver(mode)
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.registration.edit("shop", to_agent, ME)
    assert "pushpull env switch" in refused.value.fields["runs_on"]
    assert here.environment().runs_on is RunsOn.SERVER


def test_another_environments_place_is_refused(here: Installation) -> None:
    here.register("push")
    other = here.register("push", "other")
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.switching.switch("shop", {"target": {"path": str(other)}}, ME)
    assert "other" in refused.value.fields["target.path"]


def test_what_will_happen_is_told_before(here: Installation) -> None:
    here.register("push")
    here.push()
    here.repo.commit({"deploy/index.html": "two\n"})
    here.poll()
    told = here.use_cases.switching.prospect("shop", {"mode": "pull"})
    assert any("Automatic sync is on" in line for line in told.effects)
    assert any("waits in Git" in line for line in told.effects)
    assert any("stays live" in line for line in told.carried)
    assert here.environment().mode is Mode.PUSH
    chosen = here.use_cases.switching.prospect("shop", {"mode": "pull", "policy": {"auto_sync": False}})
    assert not chosen.after.policy.auto_sync


def test_a_secret_in_the_reason_is_masked(here: Installation) -> None:
    here.register("push")
    here.use_cases.switching.switch("shop", {"mode": "pull"}, ME, "password=hunter2hunter2")
    assert "hunter2" not in str(here.events(EventType.ENVIRONMENT_SWITCHED))
    assert here.environment().status.sync is SyncStatus.UNKNOWN
