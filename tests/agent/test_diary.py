"""The agent's log: what it did, in lines, and nothing while nothing happens."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.agents import SHOP, AgentProcess, Ground
from tests.support.controlplane import ControlPlane

Json = dict[str, Any]


@pytest.fixture
def agent(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentProcess]:
    """A running one, which has delivered the first commit."""
    monkeypatch.setenv("PUSHPULL_LOG_FORMAT", "json")
    ground.assign(self_heal=True, refresh_interval_s=1)
    made = AgentProcess(ground)
    ground.live_here(ground.first)
    yield made
    made.stop()


def lines(agent: AgentProcess) -> list[Json]:
    """Its log so far."""
    return [json.loads(line) for line in agent.log.read_text().splitlines() if line.endswith("}")]


def wait_for(ground: Ground, agent: AgentProcess, event: str, **facts: object) -> Json:
    """A line with these facts."""

    def look() -> Json | None:
        fitting = (one for one in lines(agent) if one["event"] == event and facts.items() <= one.items())
        return next(fitting, None)

    found: Json = ground.until(look, f"{event} {facts}")
    return found


def test_a_delivery_is_told_at_its_beginning_and_at_its_end(ground: Ground, agent: AgentProcess) -> None:
    wait_for(ground, agent, "delivery begun", environment="shop", revision=ground.first[:8])
    wait_for(ground, agent, "delivery ended", environment="shop", revision=ground.first[:8], outcome="deployed")


def test_drift_and_its_heal_are_told(ground: Ground, agent: AgentProcess) -> None:
    (ground.shop / "index.html").write_text("edited\n")
    wait_for(ground, agent, "drift found", environment="shop", level="warning", reason="index.html", paths=1)
    wait_for(ground, agent, "heal begun", environment="shop", revision=ground.first[:8])
    wait_for(ground, agent, "heal ended", environment="shop", outcome="healed")


def test_commands_and_the_rollback_are_told(ground: Ground, plane: ControlPlane, agent: AgentProcess) -> None:
    hold = {"owner": "user:kim", "reason": "a look", "expires_at": None, "left_revision": None}
    plane.send(SHOP, "hold", hold)
    wait_for(ground, agent, "took a command", environment="shop", command="hold", by="user:kim", reason="a look")
    plane.send(SHOP, "resume", {"by": "user:kim"})
    wait_for(ground, agent, "took a command", environment="shop", command="resume", by="user:kim")
    ground.live_here(sha := ground.repo.commit({"site/index.html": "two\n"}, "second"))
    assert sha
    data = {"operation": "01ROLLBACK0000000000000000", "environment": "shop", "mode": "pull", "revision": ground.first,
            "strategy": "pin", "reason": "two is wrong", "by": "user:kim", "expires_at": None}  # fmt: skip
    plane.send(SHOP, "rollback", data)
    wait_for(ground, agent, "took a command", environment="shop", command="rollback", reason="two is wrong")
    wait_for(ground, agent, "rollback begun", environment="shop", revision=ground.first[:8])
    wait_for(ground, agent, "rollback ended", environment="shop", outcome="rolled_back", by="user:kim")


def test_git_that_is_away_and_back_is_told_once(ground: Ground, agent: AgentProcess) -> None:
    gone = ground.folder / "gone.git"
    ground.repo.path.rename(gone)
    line = wait_for(ground, agent, "Git cannot be read", level="warning", repository=ground.repo.url)
    assert "no Git repository" in line["reason"]
    time.sleep(2.5)
    gone.rename(ground.repo.path)
    wait_for(ground, agent, "Git answers again", repository=ground.repo.url)
    assert [one["event"] for one in lines(agent)].count("Git cannot be read") == 1


def test_quiet_polls_leave_no_lines(ground: Ground, agent: AgentProcess) -> None:
    wait_for(ground, agent, "delivery ended")
    ground.until(lambda: ground.waiting() == 0, "all told")
    before = lines(agent)
    polls = ground.read(lambda tx: tx.repositories.polls(ground.repo.url))[0].times
    ground.until(
        lambda: ground.read(lambda tx: tx.repositories.polls(ground.repo.url))[0].times > polls + 1, "quiet polls"
    )
    assert lines(agent) == before
