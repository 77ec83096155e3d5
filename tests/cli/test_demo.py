"""The demo, as `make demo` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
        [sys.executable, "-m", "app", "demo", "--data-dir", tmp_path / "demo", "--pause", "0.1"],
        cwd=ROOT, env={**os.environ, **ours, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        script = _line(demo, lambda line: "For scripts:" in line)
        url, token = (part.split("=", 1)[1] for part in script.split()[-2:])
        _line(demo, lambda line: line.startswith("[4/5]"))
        listed = httpx.get(f"{url}/api/v1/environments", headers={"Authorization": f"Bearer {token}"}).json()["items"]
        assert [(one["mode"], bool(one["status"]["revision"])) for one in listed] == [("pull", True), ("push", True)]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
    finally:
        demo.kill()
        demo.communicate()


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
