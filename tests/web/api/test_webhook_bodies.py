"""Bodies of webhooks: large ones are taken, none is held in memory before it is authentic, and none for ever."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from app.domain.webhook import FORM, MAX_BODY, PROVIDERS, ReceivedBody
from app.web import webhook_routes
from tests.support.repo import GitRepo
from tests.support.server import LiveServer

SECRET = "geheim-größe-" + "s" * 20
MEGABYTE = 1024 * 1024


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path, scheduler=False) as live:
        yield live


@pytest.fixture
def repo(server: LiveServer) -> GitRepo:
    made = server.repo("shop")
    server.environment("shop", made)
    server.sync("shop")
    server.call("PUT", "/environments/shop/webhook", {"secret": SECRET})
    return made


def mac(body: bytes) -> str:
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def post(server: LiveServer, provider: str, body: bytes, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return server.anonymous.post(f"/webhooks/{provider}/shop", content=body, headers=named)


def live(server: LiveServer, sha: str) -> bool:
    return bool(server.call("GET", "/environments/shop")["status"]["revision"] == sha)


def test_a_body_as_large_as_githubs_is_taken_without_being_held(server: LiveServer, repo: GitRepo) -> None:
    sha = repo.commit({"site/index.html": "two\n"}, "second")
    push = {"ref": "refs/heads/main", "after": sha, "commits": ["x" * 1000] * 1000}
    body = json.dumps(push).encode()
    body += b" " * (25 * MEGABYTE - len(body))
    assert post(server, "github", body, x_hub_signature_256="sha256=" + "0" * 64).status_code == 401
    assert post(server, "github", body + b" " * MEGABYTE, x_hub_signature_256="sha256=0").status_code == 413
    assert post(server, "github", body, x_hub_signature_256="sha256=" + mac(body)).status_code == 202
    server.until(lambda: live(server, sha))


def test_what_is_not_authentic_yet_is_not_held_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "body"
    form = urlencode({"payload": "y" * 1000}).encode()
    with file.open("wb") as out:
        out.write(form[:-1000])
        for _ in range(20):
            out.write(b"%79" * (MEGABYTE // 3))
    with file.open("rb") as opened:
        body = ReceivedBody(opened, "application/x-www-form-urlencoded")
        tracemalloc.start()
        body.macs(b"key")
        body.digest()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < 4 * MEGABYTE


def test_bodies_that_come_at_once_have_a_bound() -> None:
    room = webhook_routes._Room(2 * MAX_BODY)
    with room.body(), room.body(), pytest.raises(Exception, match="in a moment"), room.body():
        pass
    with room.body():
        pass


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name not in ("bitbucket", "azure", "generic")])
def test_every_way_of_a_push_reaches_the_server(server: LiveServer, repo: GitRepo, provider: str) -> None:
    sha = repo.commit({"site/index.html": "two\n"}, "second")
    text = json.dumps({"ref": "refs/heads/main", "after": sha, "event_name": "push"}).encode()
    form = urlencode({"payload": text}).encode()
    proof = PROVIDERS[provider].proofs[-1].name.replace("-", "_")
    headers = {proof: PROVIDERS[provider].proofs[-1].prefix + mac(text), "content_type": FORM}
    body = form
    if provider == "gitlab":
        headers, body = {proof: SECRET, "x_gitlab_event": "System Hook", "content_type": "application/json"}, text
    answer = post(server, provider, body, **headers)
    assert answer.status_code == 202, answer.text
    server.until(lambda: live(server, sha))


def test_azure_logs_in_or_sends_a_header(server: LiveServer, repo: GitRepo) -> None:
    sha = repo.commit({"site/index.html": "two\n"}, "second")
    update = {"name": "refs/heads/main", "oldObjectId": "0" * 40, "newObjectId": sha}
    push = {"id": "1", "eventType": "git.push", "resource": {"refUpdates": [update]}}
    body = json.dumps(push).encode()
    basic = "Basic " + base64.b64encode(f"x:{SECRET}".encode()).decode()
    wrong = "Basic " + base64.b64encode(b"x:wrong").decode()
    assert post(server, "azure", body, authorization=wrong).status_code == 401
    assert post(server, "azure", body, authorization=basic).status_code == 202
    server.until(lambda: live(server, sha))
    assert post(server, "azure", body, x_pushpull_token=SECRET).status_code == 200
