"""The registry as scripts use it: create, show, edit, hold, delete, and what bad input is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.server import LiveServer


def refused(server: LiveServer, method: str, path: str, body: Any, status: int) -> dict[str, Any]:
    answer = server.http.request(method, f"/api/v1{path}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    return told


def test_a_new_environment_is_shown_as_it_was_asked_for(server: LiveServer) -> None:
    repo = server.repo("new")
    spec = server.spec(
        "new", repo, mode="pull", labels={"team": "web"}, policy={"self_heal": True, "ignore": ["*.log"]}
    )
    answer = server.http.post("/api/v1/environments", json=spec)
    assert answer.status_code == 201
    made = server.http.get(answer.headers["location"])
    shown = made.json()
    assert (shown["name"], shown["mode"], shown["runs_on"], shown["labels"]) == (
        "new",
        "pull",
        "server",
        {"team": "web"},
    )
    assert {key: shown["source"][key] for key in spec["source"]} == spec["source"]
    assert shown["target"] == {**spec["target"], "layout": "in_place"}
    assert (shown["policy"]["auto_sync"], shown["policy"]["self_heal"], shown["policy"]["prune"]) == (True, True, True)
    assert shown["policy"]["ignore"][0]["path"] == "*.log"
    assert set(shown["status"]) >= {"sync", "health", "revision", "divergence", "hold"}
    assert made.headers["etag"] == f'"{shown["version"]}"'


def test_a_name_is_taken_once(server: LiveServer) -> None:
    repo = server.repo("once")
    server.environment("once", repo)
    told = refused(server, "POST", "/environments", server.spec("once", repo), 409)
    assert told["code"] == "environment_exists"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "../etc"}, "name"),
        ({"mode": "shove"}, "mode"),
        ({"source": {"repo_url": "ext::sh -c id"}}, "source.repo_url"),
        ({"source": {"repo_url": "--upload-pack=id"}}, "source.repo_url"),
        ({"source": {"repo_url": "/etc"}}, "source.repo_url"),
        ({"source": {"ref": "--output=x"}}, "source.ref"),
        ({"source": {"path": "../.."}}, "source.path"),
        ({"target": {"kind": "directory", "path": "/etc/cron.d"}}, "target.path"),
        ({"target": {"kind": "carrier-pigeon"}}, "target.kind"),
        ({"policy": {"interval_s": 0}}, "policy.interval_s"),
        ({"policy": {"health_check": {"kind": "http", "url": "file:///etc/passwd"}}}, "policy.health_check.url"),
        ({"policy": {"hooks": [{"when": "later", "command": ["true"]}]}}, "policy.hooks.0.when"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(server: LiveServer, change: dict[str, Any], field: str) -> None:
    spec = server.spec("wrong", server.repo(f"wrong-{abs(hash(str(change)))}"))
    for key, value in change.items():
        merged = key in ("source", "policy") and isinstance(value, dict)
        spec[key] = {**spec[key], **value} if merged else value
    told = refused(server, "POST", "/environments", spec, 422)
    assert [one["field"] for one in told["errors"]] == [field]
    server.call("GET", "/environments/wrong", status=404)


def test_all_wrong_fields_are_named_at_once(server: LiveServer) -> None:
    spec = server.spec("many", server.repo("many"), policy={"interval_s": 0, "prune": "maybe"})
    told = refused(server, "POST", "/environments", spec, 422)
    assert {one["field"] for one in told["errors"]} == {"policy.interval_s", "policy.prune"}


@pytest.mark.parametrize(
    ("path", "body", "field", "mend"),
    [
        ("/environments", {"name": "a b"}, "name", "letters, digits"),
        ("/credentials", {"name": "c"}, "kind", "ssh-key, token"),
        ("/credentials", {"name": "c", "kind": "token"}, "token", "required"),
        ("/tokens", {"name": "a\x00b"}, "name", "control characters"),
    ],
)
def test_a_wrong_field_says_how_to_mend_it(
    server: LiveServer, path: str, body: dict[str, Any], field: str, mend: str
) -> None:
    told = refused(server, "POST", path, body, 422)
    named = {one["field"]: one["message"] for one in told["errors"]}
    assert mend in named[field]
    assert "pattern" not in told["detail"]
    assert not told["detail"].endswith("..")


def test_what_is_no_json_is_refused(server: LiveServer) -> None:
    answer = server.http.post("/api/v1/environments", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == [{"field": "body", "message": "is not valid JSON"}]


def test_a_patch_changes_what_it_names_and_keeps_the_rest(server: LiveServer) -> None:
    before = server.environment("patched", server.repo("patched"), labels={"team": "web", "tier": "1"})
    after = server.call("PATCH", "/environments/patched", {"policy": {"prune": False}, "labels": {"tier": None}})
    assert after["policy"] == {**before["policy"], "prune": False}
    assert (after["labels"], after["source"], after["version"]) == ({"team": "web"}, before["source"], 2)
    again = server.call("PATCH", "/environments/patched", {"policy": {"prune": False}})
    assert again["version"] == 2


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_who_saw_an_older_version_loses_nothing_of_others(server: LiveServer, method: str) -> None:
    name = f"guarded-{method.lower()}"
    server.environment(name, server.repo(name))
    place, body = f"/api/v1/environments/{name}", {"mode": "pull"} if method == "PATCH" else None
    stale = server.http.request(method, place, json=body, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "environment_changed")
    assert server.call("GET", f"/environments/{name}")["mode"] == "push"
    assert server.http.request(method, place, json=body, headers={"If-Match": '"1"'}).is_success


def test_two_environments_never_share_a_place(server: LiveServer) -> None:
    repo = server.repo("place")
    server.environment("place", repo)
    inner = server.spec("inner", repo, target={"kind": "directory", "path": str(server.live / "place" / "sub")})
    told = refused(server, "POST", "/environments", inner, 422)
    assert "place" in told["errors"][0]["message"]


def test_a_deleted_environment_leaves_its_files_and_its_past(server: LiveServer) -> None:
    server.environment("gone", server.repo("gone"))
    server.sync("gone")
    server.call("DELETE", "/environments/gone", status=204)
    refused(server, "GET", "/environments/gone", None, 404)
    assert (server.live / "gone" / "index.html").read_text() == "one\n"
    assert [one["outcome"] for one in server.call("GET", "/operations", environment="gone", kind="sync")["items"]] == [
        "deployed"
    ]
    actions = [one["action"] for one in server.call("GET", "/audit", environment="gone")["items"]]
    assert (actions[0], actions[-1]) == ("environment.delete", "environment.create")


def test_a_probe_tells_what_a_repository_holds_and_saves_nothing(server: LiveServer) -> None:
    repo = server.repo("probed")
    repo.git("branch", "other", "main")
    before = len(server.call("GET", "/environments", limit=200)["items"])
    found = server.call(
        "POST", "/environments/probe", {"repo_url": repo.url, "ref": "main", "path": "site"}, status=200
    )
    assert (found["branches"], found["files"]) == (["main", "other"], 2)
    assert len(server.call("GET", "/environments", limit=200)["items"]) == before


def test_a_hold_stops_pipelines_until_resumed(server: LiveServer) -> None:
    repo = server.repo("held")
    server.environment("held", repo)
    server.sync("held")
    held = server.call("PUT", "/environments/held/hold", {"reason": "stocktaking"})
    assert held["status"]["hold"]["reason"] == "stocktaking"
    newer = repo.commit({"site/index.html": "two\n"})
    ended = server.sync("held", revision=newer, pipeline={"id": "8"})
    assert (ended["phase"], ended["outcome"]) == ("failed", "held")
    assert "stocktaking" in ended["reason"]
    assert server.call("DELETE", "/environments/held/hold", status=200)["status"]["hold"] is None
    assert server.sync("held", revision=newer, pipeline={"id": "9"})["outcome"] == "deployed"


def test_an_edit_says_what_stays_at_the_old_place(server: LiveServer) -> None:
    server.environment("moves", server.repo("moves"))
    server.sync("moves")
    labelled = server.call("PATCH", "/environments/moves", {"labels": {"a": "b"}})
    assert labelled["left_behind"] == []
    moved = server.call("PATCH", "/environments/moves", {"target": {"path": str(server.live / "moves-on")}})
    (told,) = moved["left_behind"]
    assert told.startswith(f"2 delivered files stay at {server.live / 'moves'} as they are")


def test_a_hold_without_a_reason_names_the_field(server: LiveServer) -> None:
    server.environment("unreasoned", server.repo("unreasoned"))
    for body in ({}, {"reason": ""}, {"reason": "  "}):
        answer = server.http.put("/api/v1/environments/unreasoned/hold", json=body)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.json()["errors"]] == ["reason"]
    assert server.http.put("/api/v1/environments/unreasoned/hold").status_code == 422
    assert server.call("GET", "/environments/unreasoned")["status"]["hold"] is None


def test_pages_of_a_list_hold_every_item_once(server: LiveServer) -> None:
    repo = server.repo("listed")
    for number in range(5):
        server.environment(f"listed-{number}", repo)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = server.call("GET", f"/environments?limit=2&after={after}")
        assert 0 < len(page["items"]) <= 2
        seen += [one["name"] for one in page["items"]]
        after = page["next"]
    assert seen == sorted(set(seen))
    assert {f"listed-{number}" for number in range(5)} <= set(seen)


def test_it_is_told_when_a_delivery_that_was_refused_is_tried_again(server: LiveServer) -> None:
    repo = server.repo("retried")
    blocked = server.live / "retried" / "index.html"
    blocked.mkdir(parents=True)
    (blocked / "foreign").touch()
    server.environment("retried", repo, mode="pull")
    assert server.sync("retried")["outcome"] == "refused"
    shown = server.call("GET", "/environments/retried")
    assert shown["retry_at"] > shown["status"]["last_finished_at"]
    server.call("PUT", "/environments/retried/hold", {"reason": "mend it first"})
    assert server.call("GET", "/environments/retried")["retry_at"] is None
