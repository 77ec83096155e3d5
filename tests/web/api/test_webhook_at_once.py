"""A webhook is acted on by whoever took it in, not by a tick later on."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

from tests.support.server import LiveServer

SECRET = "s" * 32


def test_an_announced_commit_is_delivered_without_the_scheduler(tmp_path: Path) -> None:
    with LiveServer(tmp_path, scheduler=False) as server:
        repo = server.repo("shop")
        server.environment("shop", repo)
        server.sync("shop")
        server.call("PUT", "/environments/shop/webhook", {"secret": SECRET})
        sha = repo.commit({"site/index.html": "two\n"}, "second")
        body = json.dumps({"ref": "refs/heads/main", "after": sha}).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "X-GitHub-Event": "push", "Content-Type": "application/json"}
        assert server.anonymous.post("/webhooks/github/shop", content=body, headers=headers).status_code == 202
        server.until(lambda: server.call("GET", "/environments/shop")["status"]["revision"] == sha)
        assert (server.live / "shop" / "index.html").read_text() == "two\n"
