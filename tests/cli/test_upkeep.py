"""Backup while the server runs, and restore into an empty installation on either database."""

from __future__ import annotations

import json
import os
import pwd
import signal
from pathlib import Path

import httpx
import pytest

from tests.cli.test_commands import pushpull
from tests.support.server import Json, LiveServer, ServerProcess


def _kept(server: LiveServer | ServerProcess) -> dict[str, list[Json]]:
    """What has to be the same afterwards."""
    lists = ("environments", "operations", "audit", "events", "credentials")
    found = {name: server.call("GET", f"/{name}", limit=200)["items"] for name in lists}
    for one in found["environments"]:
        one["status"].pop("operation", None)
    return found


def test_a_backup_restores_everything_on_either_database(tmp_path: Path, database_url: str) -> None:
    archive, token = tmp_path / "backup.tar.gz", ""
    with LiveServer(tmp_path / "old", scheduler=False) as server:
        repo = server.repo("shop")
        server.environment("shop", repo)
        server.call("POST", "/credentials", {"name": "forge", "kind": "token", "token": "glpat-very-secret"})
        server.sync("shop")
        token = server.token
        done = pushpull("backup", archive, PUSHPULL_DATA_DIR=str(tmp_path / "old" / "data"))
        assert done.code == 0, done.err
        before = _kept(server)
    assert b"glpat-very-secret" not in archive.read_bytes()
    data = tmp_path / "old" / "restored"
    variables = {"PUSHPULL_DATA_DIR": str(data), "PUSHPULL_DATABASE_URL": database_url}
    restored = pushpull("restore", archive, **variables)
    assert restored.code == 0, restored.err
    assert pushpull("restore", archive, **variables).code != 0
    roots = {
        "PUSHPULL_SOURCE_ROOTS": str(tmp_path / "old" / "git"),
        "PUSHPULL_TARGET_ROOTS": str(tmp_path / "old" / "live"),
    }
    with ServerProcess(
        tmp_path / "new", PUSHPULL_BOOTSTRAP_TOKEN=token, PUSHPULL_SCHEDULER="false", **variables, **roots
    ) as again:
        after = _kept(again)
        assert json.dumps(after["operations"]) == json.dumps(before["operations"])
        assert json.dumps(after["audit"][-len(before["audit"]) :]) == json.dumps(before["audit"])
        assert after["credentials"] == before["credentials"]
        assert [one["name"] for one in after["environments"]] == ["shop"]
        assert again.call("POST", "/audit/verifications")["valid"]
        assert again.refresh("shop")["outcome"] == "compared"
        assert again.sync("shop")["outcome"] == "no_op"


def test_an_export_is_verified_against_the_key_that_sealed_it(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    with LiveServer(tmp_path, scheduler=False) as server:
        told = {"PUSHPULL_URL": server.url, "PUSHPULL_TOKEN": server.token}
        here = {"PUSHPULL_DATA_DIR": str(tmp_path / "data")}
        assert pushpull("audit", "export", "-o", file, **told).code == 0
        key = json.loads(pushpull("audit", "head", "--json", **here).out)["key"]
        answer = server.http.get("/api/v1/audit/export")
        assert answer.headers["PushPull-Audit-Key"] == key
        assert key in server.http.get("/audit", headers={"Accept": "text/html"}).text
        accepted = pushpull("audit", "accept-head", "--reason", "an exercise", **here)
        assert accepted.code == 0, accepted.err
        by = server.call("GET", "/audit", action="audit.accept_head")["items"][0]["actor"]
        assert by == f"local:{pwd.getpwuid(os.getuid()).pw_name}"
    assert pushpull("audit", "verify", file, "--key", key).code == 0
    other = pushpull("audit", "verify", file, "--key", "0" * 64)
    assert (other.code, "another key" in other.err) == (1, True)
    seal = tmp_path / "audit.jsonl.seal.json"
    seal.write_text(json.dumps({**json.loads(seal.read_text()), "hash": "0" * 64}))
    forged = pushpull("audit", "verify", file, "--key", key)
    assert (forged.code, "forged" in forged.err) == (1, True)
    seal.unlink()
    assert pushpull("audit", "verify", file, "--key", key).code == 1


def test_a_restore_into_a_directory_that_knew_a_later_log_says_what_to_do(tmp_path: Path) -> None:
    archive, here = tmp_path / "backup.tar.gz", {"PUSHPULL_DATA_DIR": str(tmp_path / "data")}
    with LiveServer(tmp_path, scheduler=False) as server:
        assert pushpull("backup", archive, **here).code == 0
        server.call("POST", "/credentials", {"name": "forge", "kind": "token", "token": "glpat-very-secret"})
    for file in (tmp_path / "data").glob("pushpull.db*"):
        file.unlink()
    restored = pushpull("restore", archive, "--force", **here)
    assert restored.code == 0, restored.err
    assert "was removed: this server wrote it" in restored.err
    assert "pushpull audit accept-head" in restored.err


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"nothing of the kind")
    done = pushpull("restore", tmp_path / "x.tar.gz", PUSHPULL_DATA_DIR=str(tmp_path / "data"))
    assert done.code != 0
    assert done.err


def test_a_running_server_stops_with_streams_open(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, PUSHPULL_SCHEDULER="false") as server:
        with server.http.stream("GET", "/api/v1/events/stream") as stream:
            assert stream.status_code == 200
            assert server.stop() in (0, -signal.SIGTERM)
        with pytest.raises(httpx.TransportError):
            server.http.get("/healthz")
