"""Environments of an older version are Synced without being delivered anew: what was applied there is still known."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil

from tests.support.older import Older
from tests.support.places import picture
from tests.support.server import Json, LiveServer

CALM = ("place", "releases", "ignoring", "held")


def compared(server: LiveServer, name: str) -> Json:
    """The operation of a refresh, with the environment's status."""
    ended = server.refresh(name)
    return {**ended, "status": server.call("GET", f"/environments/{name}")["status"]}


def test_what_was_delivered_is_synced_and_nothing_is_written(older: Older) -> None:
    before = picture(older.live)
    with older.start() as server:
        for name in CALM:
            found = compared(server, name)
            assert (found["outcome"], found["status"]["sync"]) == ("compared", "Synced"), found
            assert found["status"]["revision"] == older.environment(name)["status"]["revision"]
        for name in ("place", "releases", "ignoring"):
            assert server.sync(name)["outcome"] == "no_op"
        assert compared(server, "shade")["phase"] == "succeeded"
        # As before, nobody answers there; a machine without ssh cannot even ask.
        assert compared(server, "far")["phase"] == ("error" if shutil.which("ssh") else "failed")
    assert picture(older.live) == before


def test_what_was_edited_by_hand_is_found(older: Older) -> None:
    with older.start() as server:
        assert compared(server, "site")["outcome"] == "out_of_sync"
        drift = server.call("GET", "/environments/site/drift")
        assert [(one["path"], one["change"]) for one in drift["items"]] == [("index.md", "changed")]
        assert "+docs, edited while nobody looked" in drift["items"][0]["diff"]
        assert server.end(server.call("POST", "/environments/site/drift/heals", status=202))["outcome"] == "healed"
    assert (older.live / "site" / "index.md").read_text() == "docs\n"


def test_an_open_episode_goes_on_and_is_ended_once(older: Older) -> None:
    episode = older.environment("drifted")["status"]["episode"]
    with older.start() as server:
        found = compared(server, "drifted")
        assert (found["outcome"], found["status"]["episode"]) == ("out_of_sync", episode)
        server.end(server.call("POST", "/environments/drifted/drift/heals", status=202))
        ended = server.call("GET", "/events", type="drift.ended", environment="drifted", limit=100)["items"][-1]
        assert ended["id"] > older.said["events"][-1]["id"]
        assert compared(server, "drifted")["status"]["episode"] is None
    assert (older.live / "drifted" / "index.html").read_text() == "two\n"


def test_what_git_drops_is_pruned_and_what_is_not_ours_stays(older: Older) -> None:
    older.commit("shop", {"site/new.txt": None, "site/index.html": "three\n"}, "Third")
    with older.start() as server:
        deployed = server.sync("place")
        changes = deployed["changes"]
        assert (deployed["outcome"], changes["deleted"], changes["updated"]) == ("deployed", 1, 1)
    here = sorted(str(one.relative_to(older.live / "place")) for one in (older.live / "place").rglob("*"))
    assert here == ["bin", "bin/run", "config.env", "index.html", "style.css", "upload.bin"]


def test_the_next_release_keeps_as_many_as_were_wanted(older: Older) -> None:
    folder = older.live / "releases"
    before = sorted(one.name for one in (folder / "releases").iterdir())
    older.commit("shop", {"site/index.html": "three\n"}, "Third")
    with older.start() as server:
        assert server.sync("releases")["outcome"] == "deployed"
        kept = sorted(one.name for one in (folder / "releases").iterdir())
        assert (len(before), len(kept), len(set(before) & set(kept))) == (2, 2, 1)
        assert (folder / "current" / "index.html").read_text() == "three\n"
        back = server.call("POST", "/environments/releases/rollbacks", {"last_good": True, "reason": "no"}, status=202)
        assert server.end(back)["outcome"] == "rolled_back"
    assert (folder / "current" / "index.html").read_text() == "two\n"


def test_a_hold_still_holds_until_somebody_resumes(older: Older) -> None:
    said = older.environment("held")["status"]["hold"]
    with older.start() as server:
        assert server.call("GET", "/environments/held")["status"]["hold"] == said
        server.call("DELETE", "/environments/held/hold", status=200)
        assert server.sync("held")["outcome"] == "deployed"
    assert (older.live / "held" / "index.html").read_text() == "two\n"
    assert not (older.live / "held" / "old.txt").exists()


def test_accepted_drift_stays_accepted_until_its_rule_goes(older: Older) -> None:
    with older.start() as server:
        gone = server.call("DELETE", "/environments/ignoring/ignore-rules?path=config.env", status=202)
        assert server.end(gone)["outcome"] == "out_of_sync"
        drift = server.call("GET", "/environments/ignoring/drift")
        assert [one["path"] for one in drift["items"]] == ["config.env"]


def test_a_webhook_is_known_by_its_old_secret(older: Older) -> None:
    body = json.dumps({"ref": "refs/heads/another", "revision": "2" * 40}).encode()
    with older.start() as server:
        for secret, status in ((older.said["hook_secret"], 202), ("another secret", 401)):
            sign = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers = {"X-PushPull-Signature": sign, "Content-Type": "application/json"}
            answer = server.anonymous.post("/webhooks/generic/site", content=body, headers=headers)
            assert answer.status_code == status, answer.text


def test_a_switch_of_an_old_environment_delivers_nothing_anew(older: Older) -> None:
    before = picture(older.live / "place")
    with older.start() as server:
        switched = server.call("POST", "/environments/place/switches", {"mode": "pull"}, status=201)
        assert switched["mode"] == "pull"
        assert compared(server, "place")["outcome"] == "compared"
        assert server.sync("place")["outcome"] == "no_op"
    assert picture(older.live / "place") == before
