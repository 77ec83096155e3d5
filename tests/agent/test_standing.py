"""Credentials change without a gap; a revoked agent stops and touches nothing; another version stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.agent import report_sender
from app.agent.agent_identity import AgentIdentity, IdentityFile
from app.agent.agent_runtime import parts
from app.agent.control_plane_connection import ConnectionFailed, ControlPlaneConnection
from app.agent.session import ControlPlaneSession, Refused, SessionState, noted
from tests.support.agents import Ground
from tests.support.controlplane import AFTER, BEFORE, ControlPlane

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path, plane: ControlPlane) -> IdentityFile:
    plane.credentials = ["old"]
    made = IdentityFile(tmp_path)
    made.write(AgentIdentity(plane.url, "AGENT", "edge", "old", NOW.isoformat()))
    return made


@pytest.fixture
def ask(file: IdentityFile, plane: ControlPlane, ground: Ground, tmp_path: Path) -> Any:
    """Ask for news by what is on the disk, as after a restart."""
    made = parts(ground.settings)
    heard: list[SessionState] = []

    def once() -> SessionState:
        contact = ControlPlaneSession(IdentityFile(tmp_path), made.store, made.use_cases.ports.clock, heard.append)
        line = ControlPlaneConnection(plane.url)
        try:
            contact.request(line, "GET", "/agents/self/assignment?known=0&after=0&wait_s=0")
        except (Refused, ConnectionFailed):
            pass
        finally:
            line.close()
        return contact.standing

    return once


def test_a_crash_before_the_new_credential_was_kept(ask: Any, plane: ControlPlane) -> None:
    plane.credentials = ["old", "new"]  # handed out, and the answer lost
    assert ask() is SessionState.CONNECTED
    assert plane.credentials == ["old", "new"]


def test_a_crash_before_the_new_credential_was_used(ask: Any, file: IdentityFile, plane: ControlPlane) -> None:
    plane.credentials = ["old", "new"]
    file.offer("new")
    assert ask() is SessionState.CONNECTED
    assert plane.credentials == ["new"]


def test_a_crash_after_the_new_credential_was_used(
    ask: Any, file: IdentityFile, plane: ControlPlane, tmp_path: Path
) -> None:
    plane.credentials = ["new"]
    file.offer("new")
    assert ask() is SessionState.CONNECTED
    now = IdentityFile(tmp_path).read()
    assert (now.credential, now.next) == ("new", "")


def test_a_new_credential_that_the_control_plane_forgot(ask: Any, file: IdentityFile, plane: ControlPlane) -> None:
    file.offer("new")
    assert ask() is SessionState.CONNECTED
    assert file.read().credential == "old"


def _always(kind: Any, method: str, path: str) -> Any:
    return kind


def test_a_broken_line_proves_nothing(ask: Any, file: IdentityFile, plane: ControlPlane, tmp_path: Path) -> None:
    plane.credentials = ["old", "new"]
    file.offer("new")
    kinds: list[str | tuple[int, dict[str, Any]]] = [BEFORE, AFTER, (502, {}), (401, {})]
    for kind in kinds:
        plane.trouble = partial(_always, kind)
        assert ask() is SessionState.AWAY
        assert IdentityFile(tmp_path).read().next == "new"


def test_the_credential_is_rotated_while_it_works(
    ground: Ground, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_sender, "ROTATION", report_sender.ROTATION * 0)
    ground.assign()
    ground.enroll()
    first = plane.credentials[0]
    ground.start()
    ground.live_here(ground.first)
    plane.until(lambda: plane.credentials and plane.credentials[0] != first, "a new credential")
    ground.all_told()
    ground.until(lambda: IdentityFile(ground.data).read().credential == plane.credentials[0], "the new one kept")


def test_a_revoked_agent_stops_delivering_and_leaves_the_files(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    plane.revoked = True
    plane.stop()
    plane.start()
    agent = ground.agent
    assert agent is not None
    ground.until(lambda: agent.contact.standing is SessionState.REVOKED and agent._working is None, "rest")
    sha = ground.repo.commit({"site/index.html": "two\n"}, "second")
    ground.stop()
    ground.start()
    assert ground.agent is not None
    assert ground.agent._working is None  # also after a restart, and before anybody was asked
    assert ground.holds("one\n")
    plane.revoked = False
    ground.live_here(sha)


def test_another_version_does_not_stop_the_work(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    skew = (426, {"code": "version_skew", "detail": "too far apart"})
    plane.trouble = lambda method, path: skew
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))
    assert ground.made is not None
    ground.until(lambda: ground.made and noted(ground.made.store)[0] is SessionState.SKEW, "said")
    plane.trouble = lambda method, path: None
    ground.all_told()
