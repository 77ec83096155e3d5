"""Enrolling, commanding and losing agents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.agents.protocol import COMMAND_LIFE, GRACE
from app.domain.errors import AgentAway, AgentRevoked, InvalidInput, NotAuthenticated, NotFound, Problem, VersionSkew
from app.domain.events import EventType
from app.domain.operation import OperationKind, Phase, Request, Trigger
from app.domain.revision import Person, Revision
from app.domain.status import Health, SyncStatus
from app.ports import Delivery, EnvironmentFilter
from app.services.agents.commands import PATIENCE_S
from app.services.environments.rollback import RollbackWish
from app.services.environments.write_back import WriteBackWish
from tests.services.fleet import VERSION, Fleet
from tests.support.agent import SHA, ended, operation
from tests.support.installation import ME, Installation

OLDER = "2" * 40


def deployed(fleet: Fleet, *shas: str) -> None:
    """Revisions that were live and well, in order; the last one is live."""
    here, clock = fleet.here, fleet.here.clock
    for number, sha in enumerate(shas):
        made = operation(f"01KATV2Q8Z3V8M6D3T0F8Y1N{number:02}", fleet.id(), "shop", clock.now())
        one = ended(made, clock.now())
        with here.store.write() as tx:
            tx.operations.add(one)
            at = clock.now() + timedelta(minutes=number)
            tx.history.went_live(one, Revision(sha, Person("ann"), at, f"change {number}"), "t" * 40, clock.now())
            tx.history.mark_good(fleet.id(), sha, clock.now())
            status = tx.environments.by_id(fleet.id()).status
            tx.environments.put_status(fleet.id(), replace(status, revision=sha))


def sync(here: Installation, trigger: Trigger = Trigger.MANUAL) -> Any:
    return here.ask(Request(OperationKind.SYNC, trigger, str(ME)))


# --- enrolling ---
def test_a_token_makes_one_agent_that_takes_its_environments_over(here: Installation) -> None:
    fleet = Fleet(here, "shop", "blog")
    assert here.environment("shop").agent == here.environment("blog").agent == fleet.agent.id
    assert [one["specification"]["name"] for one in fleet.news()["environments"]] == ["shop", "blog"]
    with here.store.read() as tx:
        assert fleet.credential not in str(tx.agents.all())


def test_a_token_is_good_once_and_for_an_hour(here: Installation) -> None:
    fleet = Fleet(here)
    _, token = fleet.use_cases.enrolling.token(["shop"], ME)
    fleet.use_cases.enrolling.enroll(token, "web-2", VERSION, None)
    with pytest.raises(NotAuthenticated):
        fleet.use_cases.enrolling.enroll(token, "web-3", VERSION, None)
    _, late = fleet.use_cases.enrolling.token(["shop"], ME)
    here.clock.pass_(3601)
    with pytest.raises(NotAuthenticated):
        fleet.use_cases.enrolling.enroll(late, "web-3", VERSION, None)
    assert len(fleet.audited("agent.enroll.refused")) == 2


def test_refusals_do_not_flood_the_audit_log(here: Installation) -> None:
    fleet = Fleet(here)
    for number in range(30):
        with pytest.raises(NotAuthenticated):
            fleet.use_cases.admission.admit(f"ppa_{number}", VERSION, "10.9.9.9")
    assert len(fleet.audited("agent.refused")) == 10


def test_only_environments_of_agents_are_enrolled_and_their_targets_lie_apart(here: Installation) -> None:
    here.register("pull", "ours")
    fleet = Fleet(here)
    with pytest.raises(InvalidInput, match="runs on this server"):
        fleet.use_cases.enrolling.token(["ours"], ME)
    with pytest.raises(InvalidInput, match="name at least one"):
        fleet.use_cases.enrolling.token([], ME)
    fleet.register("inner")
    here.use_cases.registration.edit("inner", {"target": {"path": "/srv/shop/inner"}}, ME)
    with pytest.raises(InvalidInput, match="overlap"):
        fleet.use_cases.enrolling.token(["shop", "inner"], ME)


def test_two_agents_of_one_name_are_told_apart(here: Installation) -> None:
    fleet = Fleet(here)
    _, token = fleet.use_cases.enrolling.token(["shop"], ME)
    assert fleet.use_cases.enrolling.enroll(token, "web-1", VERSION, None).agent.name == "web-1-2"


def test_versions_too_far_apart_are_told_so(here: Installation) -> None:
    fleet = Fleet(here)
    assert fleet.knock("0.2.9").version == "0.2.9"
    for version in ("0.4.0", "1.0.0", "", "x"):
        with pytest.raises(VersionSkew, match="one minor version apart"):
            fleet.knock(version)


def test_the_old_credential_ends_when_the_next_is_used(here: Installation) -> None:
    fleet = Fleet(here)
    old, next = fleet.credential, fleet.use_cases.enrolling.rotate(fleet.knock(), None)
    fleet.knock()  # the answer may have been lost: the old one still works
    fleet.credential = next
    fleet.knock()
    fleet.credential = old
    with pytest.raises(NotAuthenticated):
        fleet.knock()
    assert fleet.audited("agent.credential.rotated") == [{}]


def test_a_revoked_agent_is_let_in_nowhere_and_its_environments_read_unknown(here: Installation) -> None:
    fleet = Fleet(here)
    synced(fleet)
    fleet.use_cases.enrolling.revoke(fleet.agent.id, ME)
    with pytest.raises(AgentRevoked):
        fleet.knock()
    with pytest.raises(AgentRevoked):
        fleet.use_cases.assigning.news(fleet.agent.id, "", 0)
    assert here.environment().sync_at(here.clock.now()) is SyncStatus.UNKNOWN
    assert [event.environment for event in here.events(EventType.AGENT_REVOKED)] == ["shop"]
    assert fleet.audited("agent.revoke")[0]["environments"] == ["shop"]


# --- staleness ---
def synced(fleet: Fleet) -> None:
    """A verdict that would be believed for a long time."""
    far = fleet.here.clock.now() + timedelta(days=1)
    with fleet.here.store.write() as tx:
        status = tx.environments.by_id(fleet.id()).status
        good = replace(
            status, sync=SyncStatus.SYNCED, health=Health.HEALTHY, expires_at=far, checked_at=status.checked_at
        )
        tx.environments.put_status(fleet.id(), good)


@pytest.mark.parametrize("late", [-1, 1])
def test_the_silent_agent_s_environment_reads_unknown_in_page_filter_and_tally(here: Installation, late: int) -> None:
    fleet = Fleet(here)
    synced(fleet)
    here.clock.pass_((GRACE + timedelta(seconds=30 + late)).total_seconds())
    now, silent = here.clock.now(), late > 0
    shown = here.environment()
    assert shown.silent(now) is silent
    assert (shown.sync_at(now), shown.health_at(now)) == (
        (SyncStatus.UNKNOWN, Health.UNKNOWN) if silent else (SyncStatus.SYNCED, Health.HEALTHY)
    )
    with here.store.read() as tx:
        for where in (
            EnvironmentFilter(sync="Unknown"),
            EnvironmentFilter(health="Unknown"),
            EnvironmentFilter(need=True),
        ):
            assert bool(tx.environments.page(where, now, 10, None).items) is silent
        tally = tx.environments.tally(now)
    word = "Unknown" if silent else "Synced"
    assert (dict(tally.by_sync), tally.need) == ({word: 1}, int(silent))
    fleet.knock()
    assert here.environment().sync_at(here.clock.now()) is SyncStatus.SYNCED


def test_an_environment_without_an_agent_needs_one(here: Installation) -> None:
    fleet = Fleet(here)
    fleet.register("lonely")
    with here.store.read() as tx:
        assert tx.environments.tally(here.clock.now()).need == 1
    assert here.environment("lonely").silent(here.clock.now())


def test_silence_is_told_once_and_so_is_the_return(here: Installation) -> None:
    fleet = Fleet(here)
    here.clock.pass_(GRACE.total_seconds() + 1)
    assert [fleet.use_cases.watch.look() for _ in range(3)] == [1, 0, 0]
    fleet.knock()
    fleet.knock()
    told = here.events(EventType.AGENT_SILENT, EventType.AGENT_HEARD)
    assert [(event.type.value, event.environment) for event in told] == [
        ("agent.silent", "shop"),
        ("agent.heard", "shop"),
    ]


# --- the assignment ---
def test_the_assignment_is_told_again_when_a_specification_changes(here: Installation) -> None:
    fleet = Fleet(here)
    known = fleet.news()["version"]
    assert fleet.news(known)["environments"] is None
    here.use_cases.registration.edit("shop", {"policy": {"interval_s": 5}}, ME)
    (one,) = fleet.news(known)["environments"]
    assert one["specification"]["policy"]["interval_s"] == 5


def test_the_seed_carries_history_marks_and_hold(here: Installation) -> None:
    fleet = Fleet(here)
    deployed(fleet, OLDER, SHA)
    here.use_cases.holds.hold("shop", "release freeze", None, ME)
    with here.store.write() as tx:
        tx.history.mark_bad(fleet.id(), OLDER, "broken", str(ME), here.clock.now())
    (one,) = fleet.news()["environments"]
    seed = one["seed"]
    assert (seed["revision"], seed["last_good"]) == (SHA, SHA)
    assert [item["revision"] for item in seed["history"]] == [OLDER, SHA]
    assert [(mark["revision"], mark["reason"]) for mark in seed["bad"]] == [(OLDER, "broken")]
    assert one["hold"]["reason"] == "release freeze"


# --- commands ---
def test_an_operation_waits_for_its_agent_and_says_so(here: Installation) -> None:
    fleet = Fleet(here)
    asked = sync(here)
    assert (asked.phase, asked.reason) == (Phase.QUEUED, "waits for agent web-1")
    assert here.run() == []  # no worker of ours takes it
    ((kind, data),) = fleet.commands()
    assert (kind, data["id"], data["request"]["initiated_by"]) == ("operate", asked.id, str(ME))
    here.clock.pass_(120)
    assert "last heard" in sync(here).reason


def test_a_command_is_repeated_until_it_is_stored(here: Installation) -> None:
    fleet = Fleet(here)
    sync(here)
    first = fleet.news()["commands"]
    assert fleet.news()["commands"] == first
    assert fleet.news(after=first[-1]["seq"])["commands"] == []
    assert fleet.news()["commands"] == []


def test_an_operation_that_nobody_took_ends_as_expired(here: Installation) -> None:
    fleet = Fleet(here)
    asked = sync(here)
    here.clock.pass_(COMMAND_LIFE.total_seconds() - 1)
    assert fleet.use_cases.commands.expire() == 0
    here.clock.pass_(1)
    assert fleet.use_cases.commands.expire() == 1
    over = here.operation(asked.id)
    assert (over.phase, over.reason) == (Phase.ERROR, "expired: its agent did not take it within 1 h")
    assert len(here.events(EventType.COMMAND_EXPIRED)) == 1
    assert fleet.audited("command.expire")[0]["kind"] == "operate"
    assert fleet.commands() == []


def test_a_waiting_operation_is_taken_back_and_a_taken_one_is_told_to_stop(here: Installation) -> None:
    fleet = Fleet(here)
    first = sync(here)
    assert here.use_cases.queue.terminate(first.id, ME).phase is Phase.TERMINATED
    assert fleet.commands() == []
    second = sync(here)
    fleet.news(after=fleet.news()["commands"][-1]["seq"])
    stopped = here.use_cases.queue.terminate(second.id, ME)
    assert (stopped.phase, stopped.termination_by) == (Phase.QUEUED, str(ME))
    assert fleet.commands() == [("terminate", {"operation": second.id, "by": str(ME)})]


def test_holds_are_told_and_outlive_an_agent_s_absence(here: Installation) -> None:
    fleet = Fleet(here)
    here.use_cases.holds.hold("shop", "freeze", None, ME)
    here.use_cases.holds.resume("shop", ME)
    here.clock.pass_(COMMAND_LIFE.total_seconds() * 5)
    assert fleet.use_cases.commands.expire() == 0
    assert [kind for kind, _ in fleet.commands()] == ["hold", "resume"]


def test_a_rollback_is_chosen_written_and_sent_without_a_mirror(here: Installation) -> None:
    fleet = Fleet(here)
    deployed(fleet, OLDER, SHA)
    asked = here.use_cases.rollback.back("shop", RollbackWish(reason="prices are wrong"), ME)
    shown = here.environment()
    assert shown.hold is not None
    assert shown.hold.left_revision == SHA
    with here.store.read() as tx:
        assert tx.history.is_bad(shown.id, SHA)
    ((kind, data),) = fleet.commands()
    assert (kind, data["operation"], data["revision"], data["by"]) == ("rollback", asked.id, OLDER, str(ME))
    here.clock.pass_(COMMAND_LIFE.total_seconds())
    fleet.use_cases.commands.expire()
    assert here.operation(asked.id).phase is Phase.ERROR
    assert [kind for kind, _ in fleet.commands()] == ["hold"]  # nobody went back, but nothing goes on by itself either


def test_a_webhook_nudges_the_agent_once(here: Installation) -> None:
    fleet = Fleet(here)
    for id in ("1", "2", "3"):
        announced = {"refs/heads/main": SHA}
        here.use_cases.webhooks.handle(Delivery(0, "github", "shop", id, here.clock.now(), "push", announced))
    assert fleet.commands() == [("nudge", {})]


@pytest.mark.thorough
def test_questions_are_answered_by_the_agent_that_was_asked(here: Installation) -> None:
    fleet = Fleet(here)
    deployed(fleet, OLDER, SHA)
    other = Fleet(here, "blog")

    def answering(seconds: float) -> None:
        here.clock.pass_(seconds)
        command = fleet.news()["commands"][0]
        with pytest.raises(NotFound):
            other.use_cases.commands.answer(other.agent, command["seq"], {"result": {"revision": SHA}})
        item = {"path": "index.html", "action": "update", "diff": "-password=hunter2hunter2"}
        told = {"revision": OLDER, "subject": "first", "items": [item], "count": 1}
        fleet.use_cases.commands.answer(fleet.agent, command["seq"], {"result": told})

    here.clock.sleep = answering  # type: ignore[method-assign]
    shown = here.use_cases.previews.show("shop", None)
    assert (shown.revision, shown.count, shown.items[0]["path"]) == (OLDER, 1, "index.html")
    assert "hunter2" not in str(shown.items)


@pytest.mark.thorough
def test_a_problem_that_the_agent_met_is_the_answer(here: Installation) -> None:
    fleet = Fleet(here)

    def answering(seconds: float) -> None:
        problem = {"code": "push_rejected", "detail": "protected branch"}
        fleet.use_cases.commands.answer(fleet.agent, fleet.news()["commands"][0]["seq"], {"problem": problem})

    here.clock.sleep = answering  # type: ignore[method-assign]
    with pytest.raises(Problem, match="protected branch") as met:
        here.use_cases.drift.write_back("shop", WriteBackWish(), ME)
    assert met.value.code() == "push_rejected"


@pytest.mark.thorough
def test_an_agent_that_is_away_or_does_not_answer_is_told_of(here: Installation) -> None:
    fleet = Fleet(here)
    with pytest.raises(AgentAway, match=f"did not answer within {PATIENCE_S:.0f} s"):
        here.use_cases.drift.write_back("shop", WriteBackWish(), ME)
    assert fleet.commands() == []
    here.clock.pass_(60)
    with pytest.raises(AgentAway, match=r"web-1 is not connected \(last heard"):
        here.use_cases.drift.write_back("shop", WriteBackWish(), ME)


# --- registration ---
def test_what_an_agent_works_for_is_checked_in_form_only(here: Installation) -> None:
    fleet = Fleet(here)
    made = fleet.register("far")
    assert made.target.option("path") == "/srv/far"
    here.use_cases.registration.first_look(made)
    assert not (here.data / "mirrors").exists()
    for change, field in (
        ({"target": {"path": "relative/dir"}}, "target.path"),
        ({"target": {"kind": "carrier-pigeon"}}, "target.kind"),
        ({"source": {"repo_url": "ext::sh -c id"}}, "source.repo_url"),
        ({"source": {"credential": "../etc"}}, "source.credential"),
    ):
        with pytest.raises(InvalidInput) as wrong:
            here.use_cases.registration.edit("far", change, ME)
        assert list(wrong.value.fields) == [field]


def test_overlap_counts_among_environments_of_one_agent(here: Installation) -> None:
    Fleet(here, "shop", "blog")
    with pytest.raises(InvalidInput, match="overlaps"):
        here.use_cases.registration.edit("blog", {"target": {"path": "/srv/shop/blog"}}, ME)
    other = Fleet(here, "wiki")
    here.use_cases.registration.edit("wiki", {"target": {"path": "/srv/shop"}}, ME)
    assert other.news()["environments"][0]["specification"]["target"]["path"] == "/srv/shop"


def test_an_environment_of_a_silent_agent_can_be_deleted(here: Installation) -> None:
    fleet = Fleet(here)
    with here.store.write() as tx:
        tx.operations.add(operation("01KATV2Q8Z3V8M6D3T0F8Y1N4R", fleet.id(), "shop", here.clock.now()))
    here.clock.pass_(3600)
    here.use_cases.registration.remove("shop", ME)
    assert fleet.news()["environments"] == []
