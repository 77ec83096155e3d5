"""Environments that others deliver, through REST: registered, told of, and refused in their system's name."""

from __future__ import annotations

import pytest

from tests.support.server import LiveServer
from tests.support.tellings import BY_NAME, SECRET, SHA, Sending

JSON = BY_NAME["json"]


@pytest.fixture(scope="module")
def shop(server: LiveServer) -> str:
    """An environment that others deliver."""
    spec = {"name": "shop", "runs_on": "external", "external": {"system": "json", "name": "prod"}}
    made = server.call("POST", "/environments", spec)
    assert (made["mode"], made["external"], made["target"]) == ("push", spec["external"], {"kind": "external"})
    server.call("PUT", "/environments/shop/webhook", {"secret": SECRET})
    return "shop"


def post(server: LiveServer, sending: Sending, **headers: str) -> int:
    proven = {"Content-Type": "application/json", **sending.proven("json"), **headers}
    return int(server.anonymous.post("/webhooks/json/shop", content=sending.body, headers=proven).status_code)


def test_what_it_tells_is_its_history(server: LiveServer, shop: str) -> None:
    sending = JSON.sending("succeeded")
    assert post(server, sending) == 202
    assert post(server, sending) == 200
    server.until(lambda: server.call("GET", f"/environments/{shop}")["status"]["revision"] == SHA)
    (one,) = server.call("GET", f"/operations?environment={shop}")["items"]
    assert (one["trigger"], one["outcome"], one["initiated_by"]) == ("external", "deployed", "external:json")
    assert [stage["name"] for stage in one["stages"]] == ["applied"]
    (live,) = server.call("GET", f"/environments/{shop}/revisions")["items"]
    assert (live["revision"], live["committed_at"]) == (SHA, None)


def test_a_forged_or_malformed_telling_is_refused(server: LiveServer, shop: str) -> None:
    wrong = {"x-pushpull-signature": "sha256=" + "0" * 64}
    assert post(server, JSON.sending("failed"), **wrong) == 401
    headers = {**Sending({}).proven("json"), "Content-Type": "application/json"}
    answer = server.anonymous.post(f"/webhooks/json/{shop}", content=b"{}", headers=headers)
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"phase", "revision", "at"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "syncs", {}),
        ("POST", "refreshes", None),
        ("POST", "rollbacks", {"last_good": True, "strategy": "pin", "reason": "why"}),
        ("GET", "rollbacks/preview", None),
        ("GET", "plan", None),
        ("PUT", "hold", {"reason": "why"}),
        ("DELETE", "hold", None),
        ("POST", "switches", {"mode": "pull"}),
        ("POST", "drift/write-backs", {}),
    ],
)
def test_what_only_it_can_do_is_refused(server: LiveServer, shop: str, method: str, path: str, body: object) -> None:
    answer = server.call(method, f"/environments/{shop}/{path}", body, status=409)
    assert answer["code"] == "delivered_by_others"
    assert "delivered by JSON" in answer["detail"]


def test_how_to_connect_it_is_told_to_scripts_too(server: LiveServer, shop: str) -> None:
    made = server.call("PUT", f"/environments/{shop}/webhook", {"secret": SECRET})
    assert list(made["urls"]) == ["json"]
    steps = server.call("GET", f"/environments/{shop}/snippets")
    assert list(steps) == ["json"]
    assert made["urls"]["json"] in steps["json"]
