"""The agent as a process: enrolled, run, asked, told to stop, and killed in the middle of its work."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.agent.agent_identity import IdentityFile
from app.cli.command_line import app
from app.client import Failure
from tests.support.agents import AgentProcess, Ground
from tests.support.controlplane import ControlPlane

ROOT = Path(__file__).resolve().parents[2]


def cli(*args: object, input: str = "", env: dict[str, str] | None = None) -> str:
    """A command that has to succeed; what it says."""
    done = CliRunner().invoke(app, [str(one) for one in args], input=input, env=env)
    if isinstance(done.exception, Failure):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_enrolling_keeps_the_credential_to_itself(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    token = {"PUSHPULL_ENROLLMENT_TOKEN": "once"}
    said = cli("agent", "enroll", "--server", plane.url, "--data-dir", ground.data, "--name", "edge", env=token)
    assert "shop" in said
    assert plane.credentials[0] not in said
    assert stat.S_IMODE(ground.data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in ground.data.iterdir() if one.is_file()} <= {0o600, 0o644}
    assert stat.S_IMODE((ground.data / "agent.json").stat().st_mode) == 0o600
    assert IdentityFile(ground.data).read().name == "edge"


def test_enrolling_asks_for_the_token_and_does_not_show_it(ground: Ground, plane: ControlPlane) -> None:
    plane.tokens = {"ppe_typed_by_hand"}
    argv = [sys.executable, "-m", "app", "agent", "enroll", "--server", plane.url, "--data-dir", str(ground.data)]
    with pty_of(argv) as (process, terminal):
        said = b""
        while b"token: " not in said:
            said += os.read(terminal, 1000)
        os.write(terminal, b"ppe_typed_by_hand\n")
        try:
            while chunk := os.read(terminal, 1000):
                said += chunk
        except OSError:
            pass  # that is how a terminal ends
        assert process.wait(30) == 0, said
    assert b"enrolled as" in said
    assert b"ppe_typed" not in said
    assert IdentityFile(ground.data).exists


@contextmanager
def pty_of(argv: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command at a terminal of its own."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *argv], stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        os.close(ours)
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("server", "token", "told"),
    [
        ("http://plane.example.org", "once", "must begin with https"),
        ("ftp://plane.example.org", "once", "must be an address"),
        ("https://kim:secret@plane.example.org", "once", "must not hold a password"),
        ("", "used", "unknown, used or expired"),
        ("", "", "is empty"),
        ("http://127.0.0.1:1", "once", "cannot be reached"),
    ],
)
def test_enrolling_fails_in_words(ground: Ground, plane: ControlPlane, server: str, token: str, told: str) -> None:
    with pytest.raises(Failure, match=told):
        cli("agent", "enroll", "--server", server or plane.url, "--token", token, "--data-dir", ground.data)
    assert not IdentityFile(ground.data).exists


def test_an_agent_is_not_enrolled_over(ground: Ground, plane: ControlPlane) -> None:
    ground.enroll()
    plane.tokens.add("another")
    with pytest.raises(Failure, match="holds an agent already"):
        cli("agent", "enroll", "--server", plane.url, "--token", "another", "--data-dir", ground.data)


def test_credentials_stay_on_the_machine(ground: Ground, plane: ControlPlane, tmp_path: Path) -> None:
    ground.enroll()
    cli("agent", "credential", "add", "git", "--kind", "token", "--data-dir", ground.data, input="s3cret\n")
    key = tmp_path / "key"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nxx\n-----END OPENSSH PRIVATE KEY-----\n")
    cli("agent", "credential", "add", "key", "--kind", "ssh-key", "-f", key, "--data-dir", ground.data)
    listed = json.loads(cli("agent", "credential", "list", "--json", "--data-dir", ground.data))
    assert [(one["name"], one["kind"]) for one in listed["items"]] == [("git", "token"), ("key", "ssh-key")]
    assert ground.read(lambda tx: tx.credentials.secret("git"))["token"] == "s3cret"
    assert b"s3cret" not in b"".join(one.read_bytes() for one in ground.data.glob("*") if one.is_file())
    cli("agent", "credential", "rm", "git", "--data-dir", ground.data)
    assert ground.waiting() == 0


def test_a_rollback_without_control_plane_and_without_git(
    ground: Ground, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ground.variables.items():
        monkeypatch.setenv(name, value)
    ground.assign()
    ground.start()
    ground.live_here(ground.first)
    ground.live_here(ground.repo.commit({"site/index.html": "two\n"}, "second"))
    ground.all_told()
    plane.stop()
    ground.repo.path.rename(ground.folder / "gone.git")
    ground.stop()
    said = cli("agent", "rollback", "shop", "--last-good", "--reason", "broken", "--data-dir", ground.data)
    assert said.startswith("succeeded  rolled_back")
    assert ground.holds("one\n")
    found = json.loads(cli("agent", "status", "--json", "--data-dir", ground.data))
    assert (found["running"], found["environments"][0]["revision"]) == (False, ground.first)
    assert found["spool"]["reports"] > 0
    plane.start()
    ground.start()
    plane.until(lambda: plane.events("hold.set"), "the rollback's hold")
    ground.all_told()


def test_it_heals_from_its_mirror_while_git_is_gone(ground: Ground, plane: ControlPlane) -> None:
    ground.assign(self_heal=True, refresh_interval_s=1)
    ground.start()
    ground.live_here(ground.first)
    ground.repo.path.rename(ground.folder / "gone.git")
    (ground.shop / "index.html").write_text("edited\n")
    ground.until(lambda: ground.holds("one\n"), "healed")


def test_bad_health_leads_back_by_itself(ground: Ground, plane: ControlPlane) -> None:
    check = {"kind": "command", "command": ["grep", "-q", "body", "style.css"], "interval_s": 0.1, "deadline_s": 0.1}
    ground.assign(auto_rollback=True, health_check=check)
    ground.start()
    ground.live_here(ground.first)
    ground.until(lambda: ground.environment().status.last_good, "well")
    plane.stop()
    ground.repo.commit({"site/index.html": "two\n", "site/style.css": "broken"}, "second")
    ground.until(lambda: ground.environment().hold, "a hold")
    ground.until(lambda: ground.holds("one\n"), "the way back")
    plane.start()
    plane.until(lambda: plane.events("revision.marked_bad"), "the mark")


def test_killed_in_the_middle_it_converges_and_doubles_nothing(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    agent = AgentProcess(ground)
    for number in range(4):
        files: dict[str | bytes, object] = {f"site/{one}": f"{number} {one}\n" * 200 for one in range(60)}
        sha = ground.repo.commit(files, f"change {number}")  # type: ignore[arg-type]
        seen = len(plane.told)
        plane.until(lambda seen=seen: len(plane.told) > seen + 2, "work")  # type: ignore[misc]
        agent.kill()
        agent = AgentProcess(ground)
    ground.live_here(sha)
    ground.until(lambda: ground.waiting() == 0, "an empty outbox")
    assert agent.stop() == 0
    ground.all_told()
    assert all(ground.holds(f"3 {one}\n" * 200, str(one)) for one in range(60))


def test_two_do_not_work_over_one_folder(ground: Ground, plane: ControlPlane) -> None:
    ground.assign()
    one = AgentProcess(ground)
    plane.until(lambda: plane.told, "work")
    other = AgentProcess(ground)
    assert other.wait() == 2
    assert b"running" in other.log.read_bytes()
    assert one.stop() == 0
    assert os.path.exists(ground.data / "agent.lock")
