"""A second server over the same SQLite database is refused with the first one's name; other commands are not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import ServerProcess

CHECKOUT = Path(__file__).resolve().parents[2]


def run(*command: str, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command of `pushpull` over a data directory, to its end."""
    given = {"PUSHPULL_DATA_DIR": str(data), "PUSHPULL_PORT": "0", **variables}
    return subprocess.run(
        [sys.executable, "-m", "app", *command],
        env={**os.environ, **given}, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "one") as running:
        yield running


def test_a_second_server_is_refused_with_the_first_one_s_name(server: ServerProcess, tmp_path: Path) -> None:
    data = tmp_path / "one" / "data"
    named = f"process id {server.process.pid} on {os.uname().nodename}, since 20"
    second = run("serve", data=data)
    assert second.returncode == 1
    assert named in second.stderr
    assert "Traceback" not in second.stderr
    other = run("serve", data=tmp_path / "two", PUSHPULL_DATABASE_URL=f"sqlite:///{data / 'pushpull.db'}")
    assert other.returncode == 1
    assert "in use by the server" in other.stderr
    assert server.call("GET", "/environments")["items"] == []


def test_what_runs_is_not_settled_by_a_second_server(server: ServerProcess, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    command = ["sh", "-c", f"touch {begun}; while [ -e {begun} ]; do sleep 0.02; done"]
    server.environment("shop", server.repo("shop"), policy={"hooks": [{"when": "pre", "command": command}]})
    asked = server.call("POST", "/environments/shop/syncs", {}, status=202)
    server.until(begun.exists)
    assert run("serve", data=tmp_path / "one" / "data").returncode == 1
    assert server.call("GET", f"/operations/{asked['id']}")["phase"] == "running"
    begun.unlink()
    assert server.end(asked)["phase"] == "succeeded"


def test_commands_that_may_look_at_what_is_served_still_work(server: ServerProcess, tmp_path: Path) -> None:
    data, archive = tmp_path / "one" / "data", tmp_path / "kept.tar.gz"
    assert run("backup", str(archive), data=data).returncode == 0
    assert run("migrate", data=data).returncode == 0
    refused = run("restore", str(archive), data=data)
    assert refused.returncode == 1
    assert "nothing was restored" in refused.stderr
    assert str(server.process.pid) in refused.stderr


def test_a_killed_server_holds_nothing(server: ServerProcess, tmp_path: Path) -> None:
    server.stop(signal.SIGKILL)
    with ServerProcess(tmp_path / "one") as following:
        assert following.call("GET", "/environments")["items"] == []
    assert (tmp_path / "one" / "data" / "server.lock").stat().st_mode & 0o777 == 0o600
