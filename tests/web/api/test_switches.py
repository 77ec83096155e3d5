"""Switches and shadows as scripts and the command line see them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.support.places import picture
from tests.support.server import LiveServer


def refused(server: LiveServer, path: str, body: Any, status: int) -> dict[str, Any]:
    answer = server.http.post(f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_switch_answers_with_the_environment_and_what_was_switched(server: LiveServer) -> None:
    repo = server.repo("switched")
    server.environment("switched", repo, policy={"auto_sync": False})
    server.sync("switched")
    shown = picture(server.live / "switched")
    answer = server.http.post("/api/v1/environments/switched/switches", json={"mode": "pull", "reason": "try"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["mode"], made["policy"]["auto_sync"]) == ("pull", True)
    assert (made["switch"]["from"]["mode"], made["switch"]["to"]["mode"]) == ("push", "pull")
    assert made["switch"]["effects"]
    assert made["switch"]["carried"]
    server.refresh("switched")
    assert picture(server.live / "switched") == shown
    (entry,) = server.call("GET", "/audit?action=environment.switch&environment=switched")["items"]
    assert (entry["data"]["from"]["mode"], entry["data"]["to"]["mode"]) == ("push", "pull")
    found = server.call("GET", "/comparison?environment=switched&window=all")
    assert found["subject"]["switches"][0]["after"] == "pull"
    csv = server.http.get("/api/v1/comparison/export?environment=switched&format=csv")
    assert csv.status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "mode"),
        ({"mode": "push"}, "mode"),
        ({"runs_on": "agent", "target": {"path": "../x"}}, "target.path"),
        ({"runs_on": "agent", "target": {"kind": "ssh", "host": "web1", "path": "/srv"}}, "target.kind"),
        ({"target": {"path": "/etc/x"}}, "target.path"),
        ({"mode": "shove"}, "mode"),
    ],
)
def test_what_is_no_switch_is_named(server: LiveServer, body: dict[str, Any], field: str) -> None:
    if not server.http.get("/api/v1/environments/stays").is_success:
        server.environment("stays", server.repo("stays"))
    told = refused(server, "/environments/stays/switches", body, 422)
    assert any(field in error["field"] for error in told["errors"]), told


def test_the_command_line_switches_and_compares(server: LiveServer) -> None:
    server.environment("typed", server.repo("typed"))
    variables = {**os.environ, "PUSHPULL_URL": server.url, "PUSHPULL_TOKEN": server.token}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)

    done = run("env", "switch", "typed", "--to", "pull", "-m", "try")
    assert done.returncode == 0, done.stderr
    assert "switched typed: pull" in done.stdout
    moved = run("env", "switch", "typed", "--runs-on", "agent", "--target", "/srv/typed", "--json")
    assert json.loads(moved.stdout)["target"]["path"] == "/srv/typed"
    assert run("env", "switch", "typed", "--to", "pull").returncode == 1
    assert run("env", "switch", "typed", "--target", "ftp://x/y").returncode == 2
    compared = run("compare", "--environment", "typed")
    assert "typed against itself" in compared.stdout or "typed was not switched" in compared.stdout


def test_a_shadow_is_refused_what_would_write_and_stands_beside_what_it_shadows(server: LiveServer) -> None:
    repo = server.repo("watched")
    server.environment("watched", repo, policy={"auto_sync": False})
    target = {"kind": "directory", "path": str(server.live / "watched")}
    spec = {**server.spec("watcher", repo, mode="pull", policy={"observe": True}), "target": target}
    server.call("POST", "/environments", spec, status=201)
    done = server.sync("watcher")
    assert done["outcome"] == "observed"
    assert not (server.live / "watched" / "index.html").exists()
    told = refused(server, "/environments/watcher/rollbacks", {"last_good": True}, 409)
    assert told["code"] == "only_observes"
    server.sync("watched")
    pairs = server.call("GET", "/environments/watched/shadow")["items"]
    assert (pairs[0]["environment"], pairs[0]["shadow"]) == ("watched", "watcher")
