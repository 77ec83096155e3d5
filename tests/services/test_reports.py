"""Reports count once and in order; what is forged, replayed, reordered or foreign is refused, and never in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.agents.protocol import ReportKind
from app.domain.agents.wire import encode
from app.domain.environment import Hold
from app.domain.errors import AgentRevoked, InvalidInput, ReportRefused
from app.domain.events import EventType, about
from app.domain.events.environment_events import RevisionMarkedBad
from app.domain.operation import OperationKind, Outcome, Phase, Request, Stage, StageName, Trigger
from app.domain.revision import Person, Revision
from app.domain.status import Health, SyncStatus
from app.ports import AuditFilter
from tests.services.fleet import Fleet
from tests.support.agent import SHA, ended, event, operation, status
from tests.support.installation import ME, Installation

OP = "01KATV2Q8Z3V8M6D3T0F8Y1N4R"


def noticed(number: int = 1) -> dict[str, Any]:
    return event(EventType.REVISION_NOTICED, number, data={"revision": SHA})


def wrong(answer: dict[str, Any]) -> list[str]:
    """Why reports of a batch were refused."""
    return [one["detail"] for one in answer["refused"]]


# --- the chain ---
def test_events_keep_their_order_their_own_id_and_their_own_time(here: Installation) -> None:
    fleet = Fleet(here)
    reports = [fleet.report(ReportKind.EVENT, noticed(number)) for number in (7, 8, 9)]
    assert fleet.send(*reports)["through"] == 3
    told = here.events(EventType.REVISION_NOTICED)
    assert [one.origin["id"] for one in told if one.origin] == [7, 8, 9]
    assert all(one.origin and one.origin["agent"] == fleet.agent.id for one in told)
    assert all(one.origin and one.origin["at"] == report["at"] for one, report in zip(told, reports, strict=True))


def test_a_repetition_after_a_lost_answer_counts_once(here: Installation) -> None:
    fleet = Fleet(here)
    first = [fleet.report(ReportKind.EVENT, noticed(number)) for number in (1, 2)]
    fleet.send(*first)
    again = fleet.send(*first)
    assert (again["through"], again["refused"]) == (2, [])
    third = fleet.report(ReportKind.EVENT, noticed(3))
    assert fleet.send(*first, third)["through"] == 3
    assert len(here.events(EventType.REVISION_NOTICED)) == 3
    assert fleet.audited("agent.report.refused") == []


def altered(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**reports[0], "data": noticed(99)}, *reports[1:]]


def moved(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [reports[1], reports[0]]


def left_out(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return reports[1:]


def renumbered(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [reports[0], {**reports[0], "seq": 2}]


def backdated(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**reports[0], "at": "2020-01-01T00:00:00.000000Z"}, reports[1]]


def elsewhere(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**reports[0], "environment": 4711}, reports[1]]


@pytest.mark.parametrize("forge", [altered, moved, left_out, renumbered, backdated, elsewhere])
def test_what_does_not_follow_on_is_refused_as_a_whole_and_audited(here: Installation, forge: Any) -> None:
    fleet = Fleet(here)
    reports = [fleet.report(ReportKind.EVENT, noticed(number)) for number in (1, 2)]
    with pytest.raises(ReportRefused):
        fleet.send(*forge(reports))
    assert here.events(EventType.REVISION_NOTICED) == []
    assert fleet.audited("agent.report.refused")[0]["refused"][0]["code"] == "report_refused"
    assert fleet.send(*reports)["through"] == 2


def test_an_old_report_is_not_taken_for_a_repetition_with_another_hash(here: Installation) -> None:
    fleet = Fleet(here)
    first, second = (fleet.report(ReportKind.EVENT, noticed(number)) for number in (1, 2))
    fleet.send(first, second)
    for replayed in ([first], [{**second, "hash": "f" * 64}]):
        with pytest.raises(ReportRefused):
            fleet.send(*replayed)
    assert len(here.events(EventType.REVISION_NOTICED)) == 2


def test_one_agent_s_reports_are_not_another_s(here: Installation) -> None:
    fleet, other = Fleet(here), Fleet(here, "blog")
    fleet.send(fleet.report(ReportKind.EVENT, noticed()))
    stolen = fleet.report(ReportKind.EVENT, noticed(2))
    with pytest.raises(ReportRefused):
        other.send(stolen)


def test_refused_batches_do_not_flood_the_audit_log(here: Installation) -> None:
    fleet = Fleet(here)
    report = fleet.report(ReportKind.EVENT, noticed())
    for _ in range(25):
        with pytest.raises(ReportRefused):
            fleet.send({**report, "hash": "0" * 64})
    assert len(fleet.audited("agent.report.refused")) == 10


def test_a_revoked_agent_reports_nothing_more(here: Installation) -> None:
    fleet = Fleet(here)
    batch = fleet.teller.batch([fleet.report(ReportKind.EVENT, noticed())], here.clock.now())
    fleet.use_cases.enrolling.revoke(fleet.agent.id, ME)
    with pytest.raises(AgentRevoked):
        fleet.use_cases.reporting.take(fleet.agent, batch, None)
    assert here.events(EventType.REVISION_NOTICED) == []


@pytest.mark.parametrize("field", ["seq", "at", "mono_s", "boot", "environment", "kind", "data", "hash"])
def test_what_cannot_be_read_is_named(here: Installation, field: str) -> None:
    fleet = Fleet(here)
    report = fleet.report(ReportKind.EVENT, noticed())
    with pytest.raises(InvalidInput) as problem:
        fleet.send({**report, field: None})
    assert list(problem.value.fields) == [f"reports.0.{field}"]


# --- one bad report never blocks the rest ---
def poison(fleet: Fleet) -> list[tuple[ReportKind | str, Any, int | None]]:
    """Reports that are well chained and must not be taken in."""
    id, now = fleet.id(), fleet.here.clock.now()
    foreign = operation(OP, fleet.id("blog"), "blog", now)
    return [
        (ReportKind.EVENT, noticed(), 4711),
        (ReportKind.EVENT, noticed(), fleet.id("blog")),
        (ReportKind.EVENT, event(EventType.AGENT_REVOKED), id),
        (ReportKind.EVENT, event(EventType.ENVIRONMENT_DELETED), id),
        (ReportKind.EVENT, {"type": "made.up"}, id),
        (ReportKind.EVENT, {**noticed(), "operation": OP}, id),
        (ReportKind.EVENT, {**noticed(), "operation": "x; drop table"}, id),
        (ReportKind.EVENT, {**noticed(), "data": {"mode": "push"}}, id),
        (ReportKind.OPERATION, encode(replace(foreign, id="01KATV2Q8Z3V8M6D3T0F8Y1N5R")), id),
        (ReportKind.OPERATION, encode(replace(foreign, environment_id=id, environment="shop")), id),
        (ReportKind.OPERATION, encode(operation("x" * 26, id, "shop", now)), id),
        (ReportKind.OPERATION, encode(operation("01KATV2Q8Z3V8M6D3T0F8Y1N6R", id, "blog", now)), id),
        (ReportKind.OPERATION, encode(operation("01KATV2Q8Z3V8M6D3T0F8Y1N6R", id, "shop", now, mode="push")), id),
        (ReportKind.OPERATION, {"id": OP}, id),
        (ReportKind.STATUS, {"sync": "Splendid"}, id),
        (ReportKind.STATUS, status(revision="f" * 4000), id),
        (ReportKind.STATUS, status(files=2**61), id),
        (ReportKind.HISTORY, {"call": "went_live", "operation": OP, "revision": {}, "tree": ""}, id),
        (ReportKind.HISTORY, {"call": "rewrite"}, id),
        (ReportKind.EPISODE, {"call": "end", "ending": "made up"}, id),
        (ReportKind.DRIFT, {"report": "none"}, id),
        (ReportKind.AUDIT, {"action": "token.create", "object": "environment:shop"}, id),
        (ReportKind.AUDIT, {"action": "sync.finish", "object": "environment:blog"}, id),
        (ReportKind.AUDIT, {"action": "agent.revoke", "object": "environment:shop"}, id),
        (ReportKind.AUDIT, {"action": "command.fail", "object": "command:999999"}, id),
        (ReportKind.AUDIT, {"action": "sync.finish", "object": f"operation:{OP}"}, id),
    ]  # fmt: skip


def test_each_bad_report_is_refused_and_audited_and_the_rest_is_taken_in(here: Installation) -> None:
    fleet, other = Fleet(here), Fleet(here, "blog")
    other.tell(
        ReportKind.OPERATION, encode(operation(OP, fleet.id("blog"), "blog", here.clock.now())), fleet.id("blog")
    )
    now = encode(here.clock.now())
    fleet.tell(ReportKind.EPISODE, {"call": "open", "at": now, "paths": ["a"], "count": 1})
    bad = [fleet.report(kind, data, id) for kind, data, id in poison(fleet)]  # type: ignore[arg-type]
    answer = fleet.send(*bad, fleet.report(ReportKind.EVENT, noticed(8)))
    refused = {one["seq"] for one in answer["refused"]}
    taken = [one["data"] for one in bad if one["seq"] not in refused]
    assert taken == []
    assert answer["through"] == len(bad) + 2
    assert [one.origin["id"] for one in here.events(EventType.REVISION_NOTICED) if one.origin] == [8]
    assert fleet.audited("agent.report.refused")[0]["count"] == len(answer["refused"])
    assert here.operation(OP).environment == "blog"
    assert here.environment().status.files == 0


def test_a_kind_of_a_newer_version_is_passed_over(here: Installation) -> None:
    fleet = Fleet(here)

    newer = SimpleNamespace(value="horoscope")
    report = fleet.report(newer, {"stars": "well"})  # type: ignore[arg-type]
    after = fleet.report(ReportKind.EVENT, noticed())
    answer = fleet.send(report, after)
    assert (answer["through"], wrong(answer)) == (2, ["Reports of the kind 'horoscope' are not known here."])
    assert len(here.events(EventType.REVISION_NOTICED)) == 1


def test_what_an_agent_served_once_it_may_tell_of_but_not_change(here: Installation) -> None:
    fleet = Fleet(here)
    id = fleet.id()
    Fleet.__init__(successor := object.__new__(Fleet), here, "blog")
    with here.store.write() as tx:
        tx.agents.hand_over(id, successor.agent.id, here.clock.now())
    assert wrong(fleet.tell(ReportKind.EVENT, noticed(), id)) == []
    assert "any more" in wrong(fleet.tell(ReportKind.STATUS, status(files=7), id))[0]
    assert here.environment().status.files == 0


# --- operations ---
def test_an_operation_is_told_from_its_beginning_to_its_end(here: Installation) -> None:
    fleet = Fleet(here)
    one = operation(OP, fleet.id(), "shop", here.clock.now())
    fleet.tell(ReportKind.OPERATION, encode(one))
    assert here.operation(OP).phase is Phase.RUNNING
    fleet.tell(ReportKind.OPERATION, encode(ended(one, here.clock.now())))
    shown = here.operation(OP)
    assert (shown.phase, shown.outcome, shown.request.initiated_by) == (
        Phase.SUCCEEDED,
        Outcome.DEPLOYED,
        "system:schedule",
    )


def test_a_final_operation_does_not_change(here: Installation) -> None:
    fleet = Fleet(here)
    one = ended(operation(OP, fleet.id(), "shop", here.clock.now()), here.clock.now())
    fleet.tell(ReportKind.OPERATION, encode(one))
    assert wrong(fleet.tell(ReportKind.OPERATION, encode(one))) == []
    later = replace(one, phase=Phase.FAILED, outcome=Outcome.FAILED, reason="rewritten")
    assert "does not change any more" in wrong(fleet.tell(ReportKind.OPERATION, encode(later)))[0]
    assert here.operation(OP).phase is Phase.SUCCEEDED


def test_who_asked_for_an_operation_is_not_the_agent_s_to_say(here: Installation) -> None:
    fleet = Fleet(here)
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME), reason="by hand"))
    forged = replace(asked, request=replace(asked.request, initiated_by="user:eve", reason="x"), phase=Phase.RUNNING)
    fleet.tell(ReportKind.OPERATION, encode(forged))
    assert here.operation(asked.id).request == asked.request
    made_up = operation(OP, fleet.id(), "shop", here.clock.now())
    made_up = replace(made_up, request=replace(made_up.request, initiated_by="user:eve"), phase=Phase.QUEUED)
    fleet.tell(ReportKind.OPERATION, encode(made_up))
    assert here.operation(OP).request.initiated_by == "agent:web-1"


def test_the_queueing_that_we_wrote_ourselves_is_not_told_twice(here: Installation) -> None:
    fleet = Fleet(here)
    asked = here.ask(Request(OperationKind.SYNC, Trigger.MANUAL, str(ME)))
    here.use_cases.holds.hold("shop", "freeze", None, ME)
    held = {"owner": str(ME), "expires_at": None, "left_revision": None}
    fleet.send(
        fleet.report(ReportKind.EVENT, event(EventType.OPERATION_QUEUED, operation=asked.id)),
        fleet.report(ReportKind.EVENT, event(EventType.HOLD_SET, 2, reason="freeze", data=held)),
    )
    assert len(here.events(EventType.OPERATION_QUEUED)) == len(here.events(EventType.HOLD_SET)) == 1


def test_an_echo_is_known_by_whose_hold_or_mark_it_is_and_not_by_its_words(here: Installation) -> None:
    fleet = Fleet(here)
    environment = here.environment()
    held = {"owner": str(ME), "expires_at": None, "left_revision": None}
    marked = {"revision": SHA, "by": str(ME)}
    here.use_cases.holds.hold("shop", "freeze", None, ME)
    with here.store.write() as tx:
        mark = RevisionMarkedBad(SHA, by=ME, why="broken")
        tx.ledger.append(here.clock.now(), [about(environment, mark)])
    fleet.send(
        fleet.report(ReportKind.EVENT, event(EventType.HOLD_SET, 1, reason="in other words", data=held)),
        fleet.report(ReportKind.EVENT, event(EventType.REVISION_MARKED_BAD, 2, reason="other words", data=marked)),
    )
    assert len(here.events(EventType.HOLD_SET)) == len(here.events(EventType.REVISION_MARKED_BAD)) == 1
    fleet.send(
        fleet.report(
            ReportKind.EVENT, event(EventType.HOLD_SET, 3, reason="freeze", data={**held, "owner": "local:x"})
        ),
        fleet.report(
            ReportKind.EVENT, event(EventType.REVISION_MARKED_BAD, 4, reason="broken", data={"revision": SHA})
        ),
    )
    assert len(here.events(EventType.HOLD_SET)) == len(here.events(EventType.REVISION_MARKED_BAD)) == 2


def test_what_automation_marked_here_is_news_when_an_agent_marks_it(here: Installation) -> None:
    fleet = Fleet(here)
    with here.store.write() as tx:
        tx.ledger.append(here.clock.now(), [about(here.environment(), RevisionMarkedBad(SHA, why="not healthy"))])
    marked = event(EventType.REVISION_MARKED_BAD, 1, reason="not healthy", data={"revision": SHA})
    fleet.send(fleet.report(ReportKind.EVENT, marked))
    assert len(here.events(EventType.REVISION_MARKED_BAD)) == 2


# --- what pages show ---
def test_status_hold_history_drift_and_episodes_are_written(here: Installation) -> None:
    fleet = Fleet(here)
    now = here.clock.now()
    one = ended(operation(OP, fleet.id(), "shop", now), now)
    revision = Revision(SHA, Person("ann"), now - timedelta(days=1), "first")
    told = status(sync=SyncStatus.SYNCED, health=Health.HEALTHY, revision=SHA, files=3, checked_at=now,
                  expires_at=now + timedelta(seconds=100), last_good=SHA)  # fmt: skip
    answer = fleet.send(
        fleet.report(ReportKind.OPERATION, encode(one)),
        fleet.report(ReportKind.HISTORY, {"call": "went_live", "operation": OP, "revision": encode(revision),
                                          "tree": "t" * 40, "at": encode(now)}),
        fleet.report(ReportKind.HISTORY, {"call": "mark_good", "revision": SHA, "at": encode(now)}),
        fleet.report(ReportKind.EPISODE, {"call": "open", "at": encode(now), "paths": ["a"], "count": 1}),
        fleet.report(ReportKind.DRIFT, {"checked_at": encode(now), "report": {"items": [], "count": 0}}),
        fleet.report(ReportKind.HOLD, {"hold": encode(Hold("user:ben", "hands off", now))}),
        fleet.report(ReportKind.STATUS, told),
    )  # fmt: skip
    assert answer["refused"] == []
    shown = here.environment()
    assert (shown.sync_at(here.clock.now()), shown.status.revision, shown.status.files) == (SyncStatus.SYNCED, SHA, 3)
    assert shown.hold is not None
    assert (shown.hold.owner, shown.status.drift_episode is not None) == ("user:ben", True)
    with here.store.read() as tx:
        (item,) = tx.history.page(shown.id, 10, None).items
        assert tx.episodes.current(shown.id) is not None
    assert (item.revision, item.good, item.committed_at) == (SHA, True, revision.committed_at)
    fleet.tell(ReportKind.HOLD, {"hold": None})
    assert here.environment().hold is None


def test_a_person_s_newer_hold_is_not_undone_by_an_older_report(here: Installation) -> None:
    fleet = Fleet(here)
    report = fleet.report(ReportKind.HOLD, {"hold": None})
    here.use_cases.holds.hold("shop", "freeze", None, ME)
    fleet.send(report)
    assert here.environment().hold is not None


def test_no_verdict_is_believed_longer_than_two_refreshes(here: Installation) -> None:
    fleet = Fleet(here, refresh_interval_s=100)
    now = here.clock.now()
    told = status(sync=SyncStatus.SYNCED, checked_at=now, expires_at=now + timedelta(days=999))
    fleet.tell(ReportKind.STATUS, told)
    expires = here.environment().status.expires_at
    assert expires is not None
    assert expires <= here.clock.now() + timedelta(seconds=200)


def test_the_audit_log_names_the_agent_whatever_it_says(here: Installation) -> None:
    fleet = Fleet(here)
    told = {"action": "sync.finish", "object": "environment:shop", "data": {"environment": "blog"}, "by": "user:root"}
    fleet.tell(ReportKind.AUDIT, told)
    with here.store.read() as tx:
        (entry,) = tx.audit.page(AuditFilter(action="sync.finish"), 10, None).items
    assert (entry.actor, entry.data["environment"], entry.data["by"]) == ("agent:web-1", "shop", "user:root")


def test_texts_are_masked_bounded_and_clean(here: Installation) -> None:
    fleet = Fleet(here)
    reason = "password=hunter2hunter2 \0\x1b[31m " + "x" * 5000
    fleet.tell(ReportKind.EVENT, {**noticed(), "reason": reason, "data": {"deep": {"token": "token=abcdefgh12345678"}}})
    (told,) = here.events(EventType.REVISION_NOTICED)
    assert len(told.reason) <= 2000
    assert "hunter2" not in told.reason
    assert "\x1b" not in told.reason
    assert "abcdefgh12345678" not in str(told.data)


# --- times ---
def test_times_are_ours_whatever_the_agent_s_clock_says(here: Installation) -> None:
    fleet = Fleet(here)
    fleet.teller.skew = timedelta(hours=3)
    at = here.clock.now()
    committed = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    skewed = at + fleet.teller.skew
    one = ended(operation(OP, fleet.id(), "shop", skewed), skewed)
    stages = [(StageName.COMMITTED, committed, committed), (StageName.VISIBLE, committed, skewed)]
    stages.append((StageName.APPLIED, skewed, skewed))
    one = replace(one, stages=tuple(Stage(*stage) for stage in stages))
    reports = [fleet.report(ReportKind.EVENT, noticed()), fleet.report(ReportKind.OPERATION, encode(one))]
    here.clock.pass_(7200)
    fleet.send(*reports)
    (told,) = here.events(EventType.REVISION_NOTICED)
    assert told.at is not None
    assert abs(told.at - at) < timedelta(seconds=1)
    shown = here.operation(OP)
    committed_stage, visible, applied = shown.stages
    assert (committed_stage.started_at, visible.started_at) == (committed, committed)
    assert abs(applied.started_at - at) < timedelta(seconds=1)
    with here.store.read() as tx:
        assert tx.agents.get(fleet.agent.id).offset_s == pytest.approx(-3 * 3600, abs=1)


def test_nothing_happened_in_the_future_or_before_the_agent_was(here: Installation) -> None:
    fleet = Fleet(here)
    fleet.teller.boot = "earlier boot"
    early, late = (fleet.teller.report(fleet.id(), ReportKind.EVENT, noticed(n), here.clock.now() + far)
                   for n, far in ((1, timedelta(days=-900)), (2, timedelta(days=900))))  # fmt: skip
    fleet.teller.boot = "boot-2"
    fleet.send(early, late)
    first, second = here.events(EventType.REVISION_NOTICED)
    assert first.at is not None
    assert second.at is not None
    assert fleet.agent.enrolled_at <= first.at <= second.at <= here.clock.now()


def test_the_measured_offset_counts_while_it_can_be_true(here: Installation) -> None:
    fleet = Fleet(here)
    fleet.teller.skew = timedelta(seconds=-5)
    fleet.send(offset_s=4.9, offset_error_s=0.2)
    with here.store.read() as tx:
        agent = tx.agents.get(fleet.agent.id)
    assert (agent.offset_s, agent.offset_error_s) == (4.9, 0.2)
    fleet.send(offset_s=-9000.0, offset_error_s=0.2)
    with here.store.read() as tx:
        assert tx.agents.get(fleet.agent.id).offset_s == pytest.approx(5, abs=0.1)


def test_a_revision_goes_live_by_an_operation_whose_own_report_follows(here: Installation) -> None:
    fleet = Fleet(here)
    now = here.clock.now()
    one = replace(ended(operation(OP, fleet.id(), "shop", now), now))
    told = {"call": "went_live", "operation": encode(one), "revision": encode(Revision(SHA, Person("ann"), now, "x")),
            "tree": "t" * 40, "at": encode(now)}  # fmt: skip
    answer = fleet.send(fleet.report(ReportKind.HISTORY, told), fleet.report(ReportKind.OPERATION, encode(one)))
    assert answer["refused"] == []
    with here.store.read() as tx:
        (item,) = tx.history.page(fleet.id(), 10, None).items
    assert (item.operation, item.initiated_by) == (OP, "system:schedule")


def test_a_command_that_failed_is_told_of_by_its_own_agent(here: Installation) -> None:
    fleet = Fleet(here)
    here.use_cases.holds.hold("shop", "freeze", None, ME)
    seq = fleet.news()["commands"][0]["seq"]
    told = {"action": "command.fail", "object": f"command:{seq}", "data": {"reason": "x"}, "by": "system:agent"}
    assert fleet.tell(ReportKind.AUDIT, told)["refused"] == []
    assert fleet.audited("command.fail")[0]["by"] == "system:agent"


def test_an_agents_episode_is_kept_under_our_number(here: Installation) -> None:
    here.register("push", "other")
    with here.store.write() as tx:  # so that the agent's numbers are not ours
        first = tx.episodes.open_one(here.environment("other"), None, here.clock.now(), ("x",), 1)
    fleet = Fleet(here)
    at, item = here.clock.now().isoformat(), {"path": "index.html", "change": "changed", "diff": "+by hand\n"}
    told = {"episode": 1, "count": 1, "paths": ["index.html"]}
    fleet.tell(ReportKind.EPISODE, {"call": "open", "at": at, **told})
    fleet.tell(ReportKind.DRIFT, {"checked_at": at, "report": {"items": [item], "count": 1, "episode": 1}})
    fleet.tell(ReportKind.EVENT, event(EventType.DRIFT_DETECTED, data=told))
    run = "01KATV2Q8Z3V8M6D3T0F8Y1N4R"
    fleet.tell(ReportKind.EPISODE, {"call": "end", "at": at, "ending": "healed", "by": "self_heal", "operation": run})
    ended = {"episode": 1, "ending": "healed", "by": "self_heal"}
    fleet.tell(ReportKind.EVENT, event(EventType.DRIFT_ENDED, 2, data=ended))
    (told_events,) = [[one.data["episode"] for one in here.events(EventType.DRIFT_DETECTED, EventType.DRIFT_ENDED)]]
    (number,) = set(told_events)
    assert number != first.id
    with here.store.read() as tx:
        episode, kept = tx.episodes.get(number), tx.episodes.kept(number)
    assert (episode.environment, episode.operation, episode.ended_by) == ("shop", run, "self_heal")
    assert kept is not None
    assert [one.item.diff for one in kept.items] == ["+by hand\n"]
