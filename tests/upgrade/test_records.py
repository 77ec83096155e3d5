"""What an older version wrote down is answered with the same ids and the same content."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.older import Older, covers
from tests.support.server import Json, ServerProcess

LASTING = ("revision", "subject", "author", "live_since", "last_good", "noticed", "noticed_at", "hold", "episode",
           "drift_count", "files")  # fmt: skip


@pytest.fixture(scope="module")
def server(shared: Older) -> Iterator[ServerProcess]:
    with shared.serve() as running:
        yield running


def items(server: ServerProcess, path: str) -> list[Json]:
    """A whole list, page by page."""
    found: list[Json] = []
    after = None
    while True:
        page = server.call("GET", path, limit=50, **({"after": after} if after else {}))
        found += page["items"]
        if (after := page["next"]) is None:
            return found


def test_environments_are_registered_as_they_were(shared: Older, server: ServerProcess) -> None:
    for said in shared.here(shared.said["environments"]):
        found = server.call("GET", f"/environments/{said['name']}")
        status = {name: said["status"][name] for name in LASTING}
        assert covers(found, {**said, "status": status}), said["name"]


def test_operations_are_answered_with_their_stages_changes_and_logs(shared: Older, server: ServerProcess) -> None:
    assert [one["id"] for one in items(server, "/operations")] == [one["id"] for one in shared.said["operations"]]
    for said in shared.said["operations"]:
        assert covers(server.call("GET", f"/operations/{said['id']}"), said), said["id"]


def test_the_ledger_keeps_every_event(shared: Older, server: ServerProcess) -> None:
    found = items(server, "/events")[: len(shared.said["events"])]
    assert [one["id"] for one in found] == [one["id"] for one in shared.said["events"]]
    for now, said in zip(found, shared.said["events"], strict=True):
        assert covers(now, said), said["id"]


@pytest.mark.parametrize("what", ["revisions", "drift"])
def test_history_and_what_drifted_are_kept(shared: Older, server: ServerProcess, what: str) -> None:
    for name, said in shared.said[what].items():
        found = items(server, f"/environments/{name}/revisions") if what == "revisions" else server.call(
            "GET", f"/environments/{name}/drift"
        )  # fmt: skip
        assert covers(found, said), name


def test_episodes_that_kept_nothing_say_so(shared: Older, server: ServerProcess) -> None:
    episodes = items(server, "/drift/episodes")
    assert episodes
    for one in episodes:
        whole = server.call("GET", f"/drift/episodes/{one['id']}")
        assert (whole["kept"], whole["items"], whole["operation"], whole["paths"]) == (False, [], None, one["paths"])


def test_credentials_tokens_and_agents_are_kept(shared: Older, server: ServerProcess) -> None:
    kept = [one for one in shared.said["credentials"] if one["kind"] != "webhook-secret"]  # those went to their hooks
    assert covers(items(server, "/credentials"), kept)
    lasting = ("id", "name", "role", "created_at", "expires_at", "revoked_at", "prefix")
    tokens = [{name: one[name] for name in lasting if name in one} for one in shared.said["tokens"]]
    assert covers(items(server, "/tokens"), tokens)
    assert covers(items(server, "/agents"), shared.said["agents"])


def test_tokens_let_in_whom_they_let_in(shared: Older, server: ServerProcess) -> None:
    def status(name: str, method: str = "GET") -> int:
        headers = {"Authorization": f"Bearer {shared.said[name]}"}
        return httpx.request(method, f"{server.url}/api/v1/environments/place", headers=headers).status_code

    assert (status("reader_token"), status("reader_token", "DELETE"), status("revoked_token")) == (200, 403, 401)


def test_the_audit_chain_is_the_same_and_whole(shared: Older, server: ServerProcess, tmp_path: Path) -> None:
    said = shared.said["audit"]
    assert items(server, "/audit")[-len(said) :] == said
    verified = server.call("POST", "/audit/verifications")
    assert (verified["valid"], verified["entries"]) == (True, len(said)), verified
    export = tmp_path / "audit.jsonl"
    export.write_bytes(server.http.get("/api/v1/audit/export").content)
    assert [json.loads(line) for line in export.read_text("utf-8").splitlines()] == said[::-1]
    assert "intact" in shared.command("audit", "verify", export, "--head", said[0]["hash"])


def test_pages_show_what_was_kept(shared: Older, server: ServerProcess) -> None:
    with httpx.Client(base_url=server.url) as browser:
        browser.post("/login", data={"name": "admin", "password": "correct horse battery"})
        addresses = ["/", "/operations", "/drift", "/audit", "/compare?window=all", "/agents", "/settings"]
        addresses += [f"/environments/{name}{view}" for name in shared.names for view in ("", "/drift", "/history")]
        addresses += [f"/drift/{one['id']}" for one in items(server, "/drift/episodes")]
        addresses += [f"/operations/{one['id']}" for one in shared.said["operations"][::6]]
        for address in addresses:
            answer = browser.get(address)
            assert (answer.status_code, answer.url.path) == (200, address.partition("?")[0]), address
            assert re.search(r"<h1[ >]", answer.text), address
