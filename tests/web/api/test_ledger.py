"""What scripts read afterwards: drift, history, operations, events, audit, comparison; and the way back."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.server import Json, LiveServer

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+00:00)\Z")


def test_an_operation_tells_its_stages_in_order_with_times(server: LiveServer) -> None:
    repo = server.repo("told")
    server.environment("told", repo)
    ended = server.sync("told", revision=repo.sha("main"))
    names = [stage["name"] for stage in ended["stages"]]
    assert names == ["committed", "visible", "noticed", "fetched", "rendered", "planned", "applied", "healthy"]
    times = [ended["created_at"], ended["finished_at"], *(one["started_at"] for one in ended["stages"])]
    assert [time for time in times if not STAMP.match(time)] == []
    assert ended["changes"] == {"created": 2, "updated": 0, "deleted": 0, "unchanged": 0}
    assert (ended["from_revision"], ended["mode"], ended["initiated_by"]) == (None, "push", "token:bootstrap")


def test_the_same_commit_twice_is_a_recorded_no_op(server: LiveServer) -> None:
    repo = server.repo("twice")
    server.environment("twice", repo)
    sha = repo.sha("main")
    first, second = server.sync("twice", revision=sha), server.sync("twice", revision=sha)
    assert (first["outcome"], second["phase"], second["outcome"]) == ("deployed", "succeeded", "no_op")
    assert second["changes"]["unchanged"] == 2
    listed = server.call("GET", "/operations", environment="twice", kind="sync")["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]


def test_an_older_commit_is_superseded_unless_asked_for(server: LiveServer) -> None:
    repo = server.repo("late")
    server.environment("late", repo)
    older = str(repo.sha("main"))
    newer = repo.commit({"site/index.html": "two\n"})
    server.sync("late", revision=newer)
    assert server.sync("late", revision=older)["phase"] == "superseded"
    assert (server.live / "late" / "index.html").read_text() == "two\n"
    assert server.sync("late", revision=older, allow_older=True)["outcome"] == "deployed"
    assert (server.live / "late" / "index.html").read_text() == "one\n"


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_drift_is_found_shown_without_secrets_and_healed(server: LiveServer, mode: str) -> None:
    name = f"drifting-{mode}"
    repo = server.repo(name, {"site/app.env": "PORT=80\nPASSWORD=old-secret-1\n", "site/b": "b\n", "site/run": "#!\n"})
    server.environment(name, repo, mode=mode, policy={"auto_sync": False})
    server.sync(name)
    live = server.live / name
    (live / "app.env").write_text("PORT=81\nPASSWORD=new-secret-2\n")
    (live / "b").unlink()
    (live / "run").chmod(0o755)
    (live / "stranger").write_text("theirs\n")
    server.refresh(name)
    drift = server.call("GET", f"/environments/{name}/drift")
    assert {one["path"]: one["change"] for one in drift["items"]} == {
        "app.env": "changed",
        "b": "missing",
        "run": "mode",
    }
    assert (drift["environment"], drift["revision"], drift["unmanaged"]) == (name, repo.sha("main"), ["stranger"])
    assert STAMP.match(drift["checked_at"])
    assert drift["episode"]
    (changed,) = [one["diff"] for one in drift["items"] if one["path"] == "app.env"]
    assert "-PORT=80" in changed
    assert "+PORT=81" in changed
    assert "secret" not in json.dumps(drift)
    assert server.call("GET", f"/environments/{name}")["status"]["sync"] == "OutOfSync"
    server.end(server.call("POST", f"/environments/{name}/drift/heals", {}, status=202))
    assert (live / "app.env").read_text() == "PORT=80\nPASSWORD=old-secret-1\n"
    assert (live / "stranger").read_text() == "theirs\n"
    status = server.call("GET", f"/environments/{name}")["status"]
    assert (status["sync"], server.call("GET", f"/environments/{name}/drift")["items"]) == ("Synced", [])


@pytest.mark.parametrize("address", ["write-backs", "adoptions"])
def test_drift_is_written_back_at_the_new_address_and_at_the_old_one(server: LiveServer, address: str) -> None:
    name = f"keeping-{address}"
    repo = server.repo(name)
    server.environment(name, repo, policy={"auto_sync": False})
    server.sync(name)
    (server.live / name / "index.html").write_text("kept\n")
    server.refresh(name)
    answer = server.http.post(f"/api/v1/environments/{name}/drift/{address}", json={})
    assert (answer.status_code, answer.json()["revision"]) == (202, repo.sha("main"))
    old = address == "adoptions"
    assert answer.headers.get("deprecation", "").startswith("@") is old
    successor = f'</api/v1/environments/{name}/drift/write-backs>; rel="successor-version"'
    assert answer.headers.get("link") == (successor if old else None)
    server.end(answer.json()["operation"])
    assert repo.git("show", "main:site/index.html") == "kept"
    nothing = server.http.post(f"/api/v1/environments/{name}/drift/{address}", json={})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_adopt")
    paths = server.http.get("/openapi.json").json()["paths"]
    assert paths[f"/api/v1/environments/{{name}}/drift/{address}"]["post"].get("deprecated", False) is old


@pytest.mark.parametrize("mode", ["push", "pull"])
def test_a_rollback_previews_goes_back_and_sticks(server: LiveServer, mode: str) -> None:
    name = f"back-{mode}"
    repo = server.repo(name)
    server.environment(name, repo, mode=mode, policy={"auto_sync": False})
    good = str(repo.sha("main"))
    server.sync(name, revision=good)
    bad = repo.commit({"site/index.html": "broken\n", "site/style.css": None, "site/new": "x\n"})
    server.sync(name, revision=bad)
    plan = server.call("GET", f"/environments/{name}/rollbacks/preview", revision=good)
    works = {one["path"]: one["action"] for one in plan["items"]}
    assert works == {"index.html": "update", "new": "delete", "style.css": "create"}
    body = {"revision": good, "strategy": "pin", "reason": "broken page"}
    ended = server.end(server.call("POST", f"/environments/{name}/rollbacks", body, status=202))
    assert (ended["trigger"], ended["outcome"], ended["revision"], ended["from_revision"]) == (
        "rollback", "rolled_back", good, bad,
    )  # fmt: skip
    assert sorted(one.name for one in (server.live / name).iterdir()) == ["index.html", "style.css"]
    status = server.call("GET", f"/environments/{name}")["status"]
    assert (status["revision"], status["sync"], status["hold"]["left_revision"]) == (good, "Synced", bad)
    again = server.sync(name, revision=bad, pipeline={"id": "1"})
    assert (again["phase"], again["outcome"]) == ("failed", "held")
    history = server.call("GET", f"/environments/{name}/revisions")["items"]
    assert [one["revision"] for one in history] == [good, bad, good]


def test_going_back_to_the_last_good_one(server: LiveServer) -> None:
    repo = server.repo("good")
    server.environment("good", repo)
    good = str(repo.sha("main"))
    server.sync("good", revision=good)
    check = {"kind": "command", "command": ["grep", "-q", "one", "index.html"], "deadline_s": 0.2, "interval_s": 0.1}
    server.call("PATCH", "/environments/good", {"policy": {"health_check": check}})
    ill = server.sync("good", revision=repo.commit({"site/index.html": "ill\n"}))
    assert ill["phase"] == "failed"
    ended = server.end(server.call("POST", "/environments/good/rollbacks", {"last_good": True}, status=202))
    assert (ended["phase"], ended["revision"]) == ("succeeded", good)


def test_events_grow_and_none_is_told_twice(server: LiveServer) -> None:
    server.environment("evented", server.repo("evented"))
    ended = server.sync("evented")
    ids: list[int] = []
    after: int | None = 0
    while after is not None:
        page = server.call("GET", "/events", after=after, limit=7)
        ids += [one["id"] for one in page["items"]]
        assert all(
            set(one) >= {"id", "at", "environment", "operation", "type", "reason", "data"} for one in page["items"]
        )
        after = page["next"]
    assert ids == sorted(set(ids))
    mine = server.call("GET", "/events", after=0, environment="evented", limit=200)["items"]
    assert ended["id"] in {one["operation"] for one in mine}


def test_the_audit_log_names_who_did_what_and_verifies(server: LiveServer) -> None:
    server.environment("audited", server.repo("audited"))
    server.sync("audited")
    entries = server.call("GET", "/audit", environment="audited")["items"]
    asked = next(one for one in entries if one["action"] == "environment.create")
    assert set(asked) >= {"seq", "at", "actor", "action", "object", "data", "ip", "prev_hash", "hash"}
    assert (asked["actor"], asked["ip"], asked["object"]) == ("token:bootstrap", "127.0.0.1", "environment:audited")
    verdict = server.call("POST", "/audit/verifications", status=200)
    assert (verdict["valid"], verdict["first_bad"]) == (True, None)
    lines = server.http.get("/api/v1/audit/export", params={"format": "jsonl"}).text.splitlines()
    assert verdict["entries"] <= len(lines)
    table = server.http.get("/api/v1/audit/export", params={"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")


def test_what_was_not_measured_is_not_shown_as_a_figure(server: LiveServer) -> None:
    table = server.call("GET", "/comparison", window="7d", labels="team=nobody")
    assert len(table["rows"]) >= 12
    shown: list[Json] = [side for row in table["rows"] for side in (row["push"], row["pull"])]
    assert {side["n"] for side in shown} == {0}


def test_secrets_are_written_and_never_read(server: LiveServer) -> None:
    server.call("POST", "/credentials", {"name": "forge", "kind": "token", "token": "glpat-verysecret"}, status=201)
    told = [server.call("GET", path) for path in ("/credentials", "/credentials/forge", "/audit", "/events")]
    assert "verysecret" not in json.dumps(told)
    server.call("DELETE", "/credentials/forge", status=204)


def test_a_token_works_until_it_is_revoked(server: LiveServer) -> None:
    made = server.call("POST", "/tokens", {"name": "ci"}, status=201)
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert server.anonymous.get("/api/v1/environments", headers=headers).status_code == 200
    listed = server.call("GET", "/tokens")["items"]
    assert made["token"] not in json.dumps(listed)
    server.call("DELETE", f"/tokens/{made['id']}", status=204)
    answer = server.anonymous.get("/api/v1/environments", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
