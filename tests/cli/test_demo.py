"""The demo, as `make demo` starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_lives_beside_an_installation_and_shows_both_modes(tmp_path: Path) -> None:
    ours = {
        "PUSHPULL_PORT": "0",
        "PUSHPULL_DATABASE_URL": "sqlite:////nowhere/at/all.db",
        "PUSHPULL_WORKERS": "0",
        "PUSHPULL_SCHEDULER": "no",
    }
    demo = subprocess.Popen(
        [sys.executable, "-m", "app", "demo", "--data-dir", tmp_path / "demo", "--pause", "0.1",
         "--no-experiment"],
        cwd=ROOT, env={**os.environ, **ours, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        script = _line(demo, lambda line: "For scripts:" in line)
        url, token = (part.split("=", 1)[1] for part in script.split()[-2:])
        _line(demo, lambda line: line.startswith("[5/5]"))
        with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as client:
            listed = client.get("/environments").json()["items"]
            assert [(one["name"], one["mode"], bool(one["status"]["revision"])) for one in listed] == [
                ("bakery-drifted", "push", True),
                ("bakery-pull", "pull", True),
                ("bakery-push", "push", True),
            ]
            drift = client.get("/environments/bakery-drifted/drift").json()
            diffs = {item["path"]: item["diff"] or "" for item in drift["items"]}
            assert set(diffs) == {"nginx.conf", "orders/app.env", "site/hours.html"}
            assert "*****" in diffs["orders/app.env"]
            assert "changed-by-hand" not in str(drift)
            lead = _row(client, "lead_time")
            assert min(lead["push"]["n"], lead["pull"]["n"]) >= 20
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    finally:
        demo.kill()
        demo.communicate()


def _row(client: httpx.Client, key: str) -> Any:
    return next(row for row in client.get("/comparison").json()["rows"] if row["key"] == key)


def _line(process: subprocess.Popen[str], wanted: Callable[[str], bool]) -> str:
    assert process.stdout is not None
    found = next((line for line in process.stdout if wanted(line)), None)
    return found or pytest.fail("the demo ended early")


def test_a_folder_that_holds_something_else_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo", "--data-dir", tmp_path, "--port", "0"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "kept")
    assert "--data-dir" in done.stderr


def test_a_taken_port_is_said_with_the_way_to_another(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "app", "demo", "--data-dir", tmp_path / "demo"],
            cwd=ROOT, env={**os.environ, "PUSHPULL_PORT": str(port)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"port {port} is taken" in done.stderr
    assert re.search(r"PUSHPULL_PORT=\d+ make demo", done.stderr)
