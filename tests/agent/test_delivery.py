"""Every event once and in order, however often the connection breaks in between."""

from __future__ import annotations

import random
import threading

import pytest

from app.domain.events import EventType
from tests.support.agents import Ground
from tests.support.controlplane import AFTER, BEFORE, ControlPlane
from tests.support.repo import GitRepo, submodule


def test_it_deploys_what_git_has_and_tells_it(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    plane.until(lambda: plane.events("operation.finished"), "a delivery")
    ground.live_here(ground.first)
    assert ground.holds("one\n")
    ground.all_told()
    ended = next(one for one in reversed(plane.of("operation")) if one["phase"] == "succeeded")
    assert (ended["outcome"], ended["request"]["trigger"], ended["environment_id"]) == ("deployed", "schedule", 7)
    assert [one["call"] for one in plane.of("history")] == ["went_live", "mark_good"]
    assert plane.of("status")[-1]["revision"] == ground.first


def test_an_agent_delivers_submodules_and_attributes_as_the_server_does(ground: Ground, plane: ControlPlane) -> None:
    inner = GitRepo(ground.folder / "git" / "lib.git").commit({"a": "in the library\n"})
    sha = ground.repo.commit({
        ".gitmodules": '[submodule "lib"]\n\tpath = site/lib\n\turl = ../lib.git\n', "site/lib": submodule(inner),
        ".gitattributes": "*.css export-ignore\n",
    })  # fmt: skip
    spec = ground.spec()
    plane.assign(7, {**spec, "source": {**spec["source"], "submodules": True, "attributes": True}}, seed={})
    ground.start()
    ground.live_here(sha)
    assert ground.holds("in the library\n", "lib/a")
    assert not (ground.shop / "style.css").exists()


@pytest.mark.parametrize("seed", range(4))
def test_events_arrive_once_and_in_order_over_a_bad_line(ground: Ground, plane: ControlPlane, seed: int) -> None:
    chance, turn = random.Random(seed), threading.Lock()

    def trouble(method: str, path: str) -> str | tuple[int, dict[str, str]] | None:
        with turn:
            kind = chance.choice((BEFORE, AFTER, None, None, (502, {}), (500, {"code": "internal"})))
        return kind if path != "/agents" else None

    ground.assign(self_heal=True)
    ground.enroll()
    plane.trouble = trouble
    ground.start()
    ground.live_here(ground.first)
    for number in range(4):
        sha = ground.repo.commit({"site/index.html": f"{number}\n"}, f"change {number}")
        plane.send(7, "nudge", {})
        ground.live_here(sha)
    plane.trouble = lambda method, path: None
    ground.all_told()
    assert len(ground.written()) > 20


def test_a_lost_answer_does_not_double_anything(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.enroll()
    lost = iter([True, True])
    plane.trouble = lambda method, path: AFTER if path.endswith("/reports") and next(lost, False) else None
    ground.start()
    plane.until(lambda: plane.events("operation.finished"), "a delivery")
    ground.all_told()


def test_a_control_plane_out_of_a_backup_is_gone_on_from(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    ground.all_told()
    plane.stop()
    del plane.told[3:]
    plane.chain = plane.told[-1].report.hash
    sha = ground.repo.commit({"site/index.html": "two\n"}, "second")
    ground.live_here(sha)
    plane.start()
    plane.until(lambda: plane.events("operation.finished"), "the second delivery")
    assert "agent.chain_renewed" in [one["action"] for one in plane.of("audit")]
    assert [one for one in plane.wrong if "does not follow 3 " not in one] == []  # what it sends before it hears of it
    assert len({one["id"] for one in plane.events()}) == len(plane.events())


def test_the_agent_goes_on_while_the_control_plane_is_away_and_tells_it_later(
    ground: Ground, plane: ControlPlane
) -> None:
    ground.assign(self_heal=True, refresh_interval_s=1)
    ground.start()
    ground.live_here(ground.first)
    plane.stop()
    sha = ground.repo.commit({"site/index.html": "two\n"}, "second")
    ground.live_here(sha)
    (ground.shop / "index.html").write_text("edited\n")
    ground.until(lambda: ground.holds("two\n"), "healed")
    ended = EventType.DRIFT_ENDED
    ground.until(lambda: [one for one in ground.written() if one.type is ended], "the episode's end")
    before = ground.waiting()
    assert before > 0
    ground.until(lambda: ground.environment().status.checked_at, "another look")
    plane.start()
    plane.until(lambda: plane.events("drift.ended"), "the episode's end")
    ground.until(lambda: ground.waiting() == 0 and ground.agent, "an empty outbox")
    theirs = [(one["id"], one["type"]) for one in plane.events()]
    assert theirs == sorted(set(theirs))
    assert plane.wrong == []


def test_a_restart_in_between_loses_nothing(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    plane.stop()
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))
    ground.stop()
    ground.start()
    ground.live_here(ground.repo.commit({"site/index.html": "three\n"}, "third"))
    plane.start()
    plane.until(lambda: len(plane.events("revision.noticed")) == 3, "three commits")
    ground.all_told()
