"""Commands are carried out once each, by the use cases that a server runs; what cannot be done says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.domain.agents.wire import encode
from app.domain.ids import new_id
from app.domain.operation import Operation, OperationKind, Phase, Request, Trigger
from tests.support.agents import SHOP, Ground
from tests.support.controlplane import AFTER, ControlPlane

QUIET: dict[str, Any] = {"interval_s": 3600, "auto_sync": False}


def operation(kind: OperationKind = OperationKind.SYNC, wanted: str | None = None) -> Operation:
    """What a person asked the control plane for."""
    now = datetime.now(UTC)
    request = Request(kind, Trigger.MANUAL, "user:kim", wanted=wanted)
    return Operation(new_id(now), SHOP, "shop", "pull", request, Phase.QUEUED, now)


def ended(plane: ControlPlane, id: str) -> dict[str, Any]:
    found: dict[str, Any] = plane.until(
        lambda: next((one for one in plane.of("operation") if one["id"] == id and one["finished_at"]), None), id
    )
    return found


def started(ground: Ground, **policy: Any) -> None:
    """An agent with the first commit live."""
    ground.assign(**policy)
    ground.start()
    ground.live_here(ground.first)
    ground.all_told()


def test_an_operation_is_queued_under_the_id_that_was_promised(ground: Ground, plane: ControlPlane) -> None:
    ground.assign(**QUIET)
    ground.start()
    asked = operation()
    plane.send(SHOP, "operate", encode(asked))
    told = ended(plane, asked.id)
    assert (told["phase"], told["outcome"], told["revision"]) == ("succeeded", "deployed", ground.first)
    assert ground.holds("one\n")
    ground.all_told()
    queued = [one for one in plane.events("operation.queued") if one["operation"] == asked.id]
    assert queued == []  # the control plane wrote that itself


def test_each_is_carried_out_once_though_its_answer_was_lost(ground: Ground, plane: ControlPlane) -> None:
    ground.assign(**QUIET)
    ground.enroll()
    lost = iter([True] * 4)
    plane.trouble = lambda method, path: AFTER if path.endswith("/assignment") and next(lost, False) else None
    asked = [operation(OperationKind.REFRESH), operation(), operation()]
    for one in asked:
        plane.send(SHOP, "operate", encode(one))
    ground.start()
    for one in asked:
        ended(plane, one.id)
    ground.all_told()
    ids = [one["operation"] for one in plane.events("operation.finished")]
    assert sorted(ids) == sorted({*ids}) == sorted(one.id for one in asked) or len(ids) == len(set(ids))
    assert plane.taken == 3


def test_hold_and_resume_come_from_the_control_plane_and_are_not_told_back(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    plane.send(SHOP, "hold", {"owner": "user:kim", "reason": "wait", "expires_at": None, "left_revision": None})
    ground.until(lambda: ground.environment().hold, "a hold")
    sha = ground.repo.commit({"site/index.html": "two\n"}, "second")
    plane.until(lambda: [one for one in plane.events("decision") if one["data"]["outcome"] == "held"], "held")
    plane.send(SHOP, "resume", {"by": "user:kim"})
    ground.live_here(sha)
    ground.all_told()
    assert [one["hold"] and one["hold"]["reason"] for one in plane.of("hold")] == ["wait", None]  # the state, no event
    assert plane.events("hold.set") == plane.events("hold.ended") == []


def test_a_rollback_sticks_and_keeps_its_id(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))
    ground.all_told()
    id = new_id(datetime.now(UTC))
    data = {"operation": id, "revision": ground.first, "strategy": "pin", "reason": "broken", "by": "user:kim"}
    plane.send(SHOP, "rollback", {**data, "expires_at": None})
    assert ended(plane, id)["outcome"] == "rolled_back"
    assert ground.holds("one\n")
    hold = ground.environment().hold
    assert hold is not None
    assert (hold.owner, hold.reason) == ("user:kim", "broken")
    assert plane.of("hold")[-1]["hold"]["owner"] == "user:kim"  # the state, not the event
    assert plane.events("hold.set") == []


def test_a_hold_that_came_after_a_rollback_is_the_one_that_stays(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))
    ground.all_told()
    id = new_id(datetime.now(UTC))
    back = {"operation": id, "revision": ground.first, "strategy": "pin", "reason": "broken", "by": "user:kim"}
    later = {"owner": "user:ann", "reason": "nobody touches it", "expires_at": None, "left_revision": None}
    plane.stop()
    plane.send(SHOP, "rollback", {**back, "expires_at": None})
    plane.send(SHOP, "hold", later)
    plane.start()
    assert ended(plane, id)["outcome"] == "rolled_back"
    ground.until(lambda: ground.waiting() == 0, "an empty outbox")
    hold = ground.environment().hold
    assert hold is not None
    assert (hold.owner, hold.reason) == ("user:ann", "nobody touches it")
    assert plane.of("hold")[-1]["hold"]["reason"] == "nobody touches it", "and the control plane knows"


def test_a_queued_operation_is_terminated(ground: Ground, plane: ControlPlane) -> None:
    started(ground, interval_s=1)
    agent = ground.agent
    assert agent is not None
    agent._rest(2.0)  # nobody works: what is queued stays queued
    asked = operation()
    plane.send(SHOP, "operate", encode(asked))
    plane.send(SHOP, "terminate", {"operation": asked.id, "by": "user:kim"})
    told = ended(plane, asked.id)
    assert (told["phase"], told["reason"]) == ("terminated", "stopped by user:kim")


def test_a_nudge_brings_the_poll_forward(ground: Ground, plane: ControlPlane) -> None:
    started(ground, interval_s=3600)
    sha = ground.repo.commit({"site/index.html": "two\n"}, "second")
    plane.send(SHOP, "nudge", {})
    ground.live_here(sha)


def test_questions_are_answered(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))
    seq = plane.send(SHOP, "preview", {"revision": ground.first})
    answer = plane.until(lambda: plane.answers.get(seq), "the preview")
    assert [one["path"] for one in answer["result"]["items"]] == ["index.html"]
    (ground.shop / "style.css").write_text("edited {}\n")
    seq = plane.send(SHOP, "adopt", {"paths": [], "branch": None, "message": "keep it", "by": "user:kim"})
    answer = plane.until(lambda: plane.answers.get(seq), "the adoption")
    assert ground.repo.sha("main") == answer["result"]["revision"]["sha"]


def test_the_plan_of_a_delivery_is_answered_and_changes_nothing(ground: Ground, plane: ControlPlane) -> None:
    started(ground, **{**QUIET, "auto_sync": True})
    sha = ground.repo.commit({"site/index.html": "two\n"}, "second")
    seq = plane.send(SHOP, "preview", {"revision": None, "forward": True})
    answer = plane.until(lambda: plane.answers.get(seq), "an answer")["result"]
    assert (answer["revision"], answer["forward"], answer["counts"]) == (sha, True, {"update": 1})
    assert [one["subject"] for one in answer["commits"]] == ["second"]
    assert answer["items"][0]["diff"].splitlines()[-2:] == ["-one", "+two"]
    assert answer["seal"]
    assert ground.holds("one\n")


def test_some_of_what_drifted_is_healed(ground: Ground, plane: ControlPlane) -> None:
    started(ground, **{**QUIET, "auto_sync": True})
    for name in ("index.html", "style.css"):
        (ground.shop / name).write_text("by hand\n")
    look = operation(OperationKind.REFRESH)
    plane.send(SHOP, "operate", encode(look))
    ended(plane, look.id)
    asked = operation(wanted=ground.first)
    asked = replace(asked, request=replace(asked.request, paths=("index.html",)))
    plane.send(SHOP, "operate", encode(asked))
    assert ended(plane, asked.id)["outcome"] == "healed"
    assert (ground.shop / "index.html").read_text() == "one\n"
    assert (ground.shop / "style.css").read_text() == "by hand\n"
    ground.all_told()
    (told,) = plane.events("drift.changed")
    assert (told["data"]["healed"], told["data"]["paths"]) == (["index.html"], ["style.css"])


def test_a_question_that_cannot_be_answered_says_why(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    seq = plane.send(SHOP, "preview", {"revision": "f" * 40})
    answer = plane.until(lambda: plane.answers.get(seq), "an answer")
    assert answer["problem"]["code"] == "revision_not_found"


def test_what_cannot_be_done_ends_in_error_with_the_reason(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    id = new_id(datetime.now(UTC))
    data = {"operation": id, "revision": "f" * 40, "strategy": "pin", "reason": "", "by": "user:kim"}
    plane.send(SHOP, "rollback", data)
    told = ended(plane, id)
    assert (told["phase"], told["outcome"]) == ("error", "failed")
    assert "never live" in told["reason"]


def test_a_command_for_an_environment_of_somebody_else_ends_in_error(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    asked = operation()
    plane.send(99, "operate", encode(asked))
    assert ended(plane, asked.id)["phase"] == "error"


def test_a_command_whose_time_is_over_is_not_carried_out(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    asked = operation()
    plane.send(SHOP, "operate", encode(asked), life_s=-1)
    told = ended(plane, asked.id)
    assert told["phase"] == "error"
    assert "time was over" in told["reason"]


def test_a_command_that_nobody_knows_yet_is_passed_over(ground: Ground, plane: ControlPlane) -> None:
    started(ground)
    plane.send(SHOP, "dance", {})
    asked = operation()
    plane.send(SHOP, "operate", encode(asked))
    assert ended(plane, asked.id)["phase"] == "succeeded"
