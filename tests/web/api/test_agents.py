"""Agents over HTTP: enrolling, the long poll, reports, and who is let in where."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.domain.agents.protocol import ReportKind
from app.domain.events import EventType
from app.web.api.routes.agent_protocol_routes import patience
from tests.support.agent import SHA, Teller, event
from tests.support.server import LiveServer

VERSION = {"PushPull-Agent-Version": "0.2.0"}
AGENT_ROUTES = [
    ("GET", "/agents/self/assignment", None),
    ("POST", "/agents/self/reports", {"sent_at": "2026-01-01T00:00:00Z", "mono_s": 1, "boot": "b", "reports": []}),
    ("POST", "/agents/self/answers", {"command": 1, "result": {}}),
    ("POST", "/agents/self/credential", None),
]
OTHER_ROUTES = [
    ("GET", "/environments"), ("GET", "/operations"), ("GET", "/events"), ("GET", "/audit"), ("GET", "/agents"),
    ("GET", "/credentials"), ("GET", "/tokens"), ("GET", "/comparison"), ("GET", "/events/stream"),
    ("POST", "/tokens"), ("POST", "/agents/enrollments"), ("POST", "/audit/verifications"),
]  # fmt: skip


class Agent:
    """An agent's client."""

    def __init__(self, server: LiveServer, *names: str) -> None:
        self.server = server
        for name in names:
            server.call("POST", "/environments", spec(name), status=201)
        made = server.call("POST", "/agents/enrollments", {"environments": list(names)}, status=201)
        self.token: str = made["token"]
        told = self._enroll(self.token, names[0])
        self.id, self.credential = told["id"], told["credential"]
        self.teller = Teller()

    def _enroll(self, token: str, name: str) -> Any:
        body = {"name": f"host-of-{name}", "version": "0.2.0"}
        answer = self.server.anonymous.post("/api/v1/agents", json=body, headers=bearer(token))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        headers = {**bearer(self.credential), **VERSION}
        return self.server.anonymous.request(method, f"/api/v1{path}", json=body, headers=headers, params=params)

    def news(self, **params: Any) -> Any:
        answer = self.call("GET", "/agents/self/assignment", **{"wait_s": 0, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self, name: str, *data: Any) -> httpx.Response:
        """Events about an environment."""
        with self.server.installation.store.read() as tx:
            id = tx.environments.get(name).id
        now = datetime.now(UTC)
        reports = [self.teller.report(id, ReportKind.EVENT, one, now) for one in data]
        return self.call("POST", "/agents/self/reports", self.teller.batch(reports, now))


def spec(name: str) -> dict[str, Any]:
    return {
        "name": name, "mode": "pull", "runs_on": "agent",
        "source": {"repo_url": "https://git.example.org/team/shop.git"},
        "target": {"kind": "directory", "path": f"/srv/{name}"}, "policy": {"interval_s": 30},
    }  # fmt: skip


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def shown_of(agent: Agent) -> Any:
    """What everybody is shown of it."""
    (shown,) = [one for one in agent.server.call("GET", "/agents")["items"] if one["id"] == agent.id]
    return shown


@contextmanager
def waiting(agent: Agent, **params: Any) -> Iterator[Any]:
    """A long poll that is under way when the block begins; it yields a function that awaits its answer."""
    listening, bus = threading.Event(), agent.server.installation.bus
    listen = bus.listen

    def heard(only: Any = ()) -> Any:
        listener = listen(only)
        listening.set()
        return listener

    bus.listen = heard  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        poll = pool.submit(agent.call, "GET", "/agents/self/assignment", wait_s=25, **params)
        assert listening.wait(20)
        bus.listen = listen  # type: ignore[method-assign]
        yield lambda: poll.result(20)


def test_an_agent_is_enrolled_listed_and_told_what_to_do(server: LiveServer) -> None:
    agent = Agent(server, "listed")
    shown = shown_of(agent)
    assert (shown["environments"], shown["connected"], shown["waiting"]) == (["listed"], False, 0)
    assert shown["name"] == "host-of-listed"
    assert agent.credential not in server.http.get("/api/v1/agents").text
    told = agent.news()
    assert [one["specification"]["name"] for one in told["environments"]] == ["listed"]
    assert agent.news(known=told["version"])["environments"] is None
    assert shown_of(agent)["connected"]
    one = server.call("GET", "/environments/listed")
    assert (one["agent"], one["runs_on"], one["status"]["sync"]) == (agent.id, "agent", "Unknown")
    assert one["status"]["heard_at"]


def test_a_command_arrives_on_the_open_request(server: LiveServer) -> None:
    agent = Agent(server, "prompt")
    with waiting(agent, known=agent.news()["version"]) as answered:
        asked = server.call("POST", "/environments/prompt/syncs", {}, status=202)
        (command,) = answered().json()["commands"]
    assert (command["kind"], command["operation"] if "operation" in command else command["data"]["id"]) == (
        "operate",
        asked["id"],
    )
    assert asked["reason"] == "waits for agent host-of-prompt"


def test_a_new_specification_arrives_on_the_open_request(server: LiveServer) -> None:
    agent = Agent(server, "edited")
    with waiting(agent, known=agent.news()["version"]) as answered:
        server.call("PATCH", "/environments/edited", {"policy": {"interval_s": 7}})
        (one,) = answered().json()["environments"]
    assert one["specification"]["policy"]["interval_s"] == 7


def test_revocation_ends_the_open_request_at_once(server: LiveServer) -> None:
    agent = Agent(server, "revoked")
    with waiting(agent, known=agent.news()["version"]) as answered:
        server.call("DELETE", f"/agents/{agent.id}", status=204)
        ended = answered()
    assert (ended.status_code, ended.json()["code"]) == (401, "agent_revoked")
    assert agent.call("GET", "/agents/self/assignment").status_code == 401
    assert agent.report("revoked", event(EventType.REVISION_NOTICED)).status_code == 401
    shown = shown_of(agent)
    assert (shown["connected"], bool(shown["revoked_at"])) == (False, True)
    server.call("DELETE", f"/agents/{agent.id}", status=204)
    server.call("DELETE", "/agents/01KATV2Q8Z3V8M6D3T0F8Y1N4R", status=404)


def test_an_agent_that_hangs_up_is_not_connected_any_more(server: LiveServer) -> None:
    agent = Agent(server, "gone")
    known = agent.news()["version"]
    with httpx.Client(base_url=server.url) as line, pytest.raises(httpx.ReadTimeout):
        line.get(
            "/api/v1/agents/self/assignment",
            params={"known": known, "wait_s": 25},
            headers={**bearer(agent.credential), **VERSION},
            timeout=1.0,
        )
    while shown_of(agent)["connected"]:  # until the server has seen the connection close
        time.sleep(0.02)
    asked = server.call("POST", "/environments/gone/syncs", {}, status=202)
    assert asked["reason"].startswith("waits for agent host-of-gone, last heard")
    agent.report("gone", event(EventType.REVISION_NOTICED))
    assert not shown_of(agent)["connected"], "a report is no ear for commands"
    agent.news()
    assert shown_of(agent)["connected"]


def test_requests_that_began_together_end_one_by_one() -> None:
    ids = [f"01M8DVDQGJFS1Z1PARH4SK{number:04}" for number in range(500)]
    ends = {id: patience(id, 1000.0, 20.0) for id in ids}
    assert all(5.0 <= one <= 20.0 for one in ends.values())
    for _ in range(2):  # the moments that they keep to from then on
        ends = {id: one + patience(id, 1000.0 + one, 20.0) for id, one in ends.items()}
    busiest = max(Counter(int(one % 20 * 2) for one in ends.values()).values())
    assert busiest < 2.5 * 500 / 40


def test_stopping_ends_the_open_request(tmp_path: Any) -> None:
    with LiveServer(tmp_path) as server:
        agent = Agent(server, "stopping")
        with waiting(agent, known=agent.news()["version"]) as answered:
            server.installation.quiet()
            assert answered().status_code == 200


def test_reports_become_events_and_refusals_are_told(server: LiveServer) -> None:
    agent = Agent(server, "told")
    noticed = event(EventType.REVISION_NOTICED, 5, data={"revision": SHA})
    answer = agent.report("told", noticed, {"type": "made.up"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["through"], [one["seq"] for one in answer.json()["refused"]]) == (2, [2])
    agent.teller.chain = "f" * 64
    refused = agent.report("told", noticed)
    assert (refused.status_code, refused.json()["code"]) == (409, "report_refused")
    assert agent.news()["reported"] == 2
    entries = server.call("GET", "/audit", action="agent.report.refused")["items"]
    assert {one["actor"] for one in entries} == {"agent:host-of-told"}


def test_rotation_over_http(server: LiveServer) -> None:
    agent = Agent(server, "rotated")
    old = agent.credential
    agent.credential = agent.call("POST", "/agents/self/credential").json()["credential"]
    assert agent.call("GET", "/agents/self/assignment", wait_s=0).status_code == 200
    agent.credential = old
    assert agent.call("GET", "/agents/self/assignment", wait_s=0).status_code == 401


@pytest.mark.parametrize(("method", "path"), OTHER_ROUTES)
def test_an_agent_s_credential_is_refused_everywhere_else(server: LiveServer, method: str, path: str) -> None:
    agent = _any(server)
    for secret in (agent.credential, agent.token):
        answer = server.anonymous.request(
            method, f"/api/v1{path}", json={} if method == "POST" else None, headers=bearer(secret)
        )
        assert answer.status_code == 401, path


@pytest.mark.parametrize(("method", "path", "body"), AGENT_ROUTES)
def test_no_other_identity_is_let_in_where_agents_are(server: LiveServer, method: str, path: str, body: Any) -> None:
    agent = _any(server)
    for secret in (server.token, agent.token, "ppa_made_up"):
        answer = server.anonymous.request(method, f"/api/v1{path}", json=body, headers={**bearer(secret), **VERSION})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert server.anonymous.request(method, f"/api/v1{path}", json=body, headers=VERSION).status_code == 401


@pytest.mark.parametrize("token", ["ppe_made_up", "used", "agent", "api"])
def test_only_an_unused_token_enrolls(server: LiveServer, token: str) -> None:
    agent = _any(server)
    secret = {"used": agent.token, "agent": agent.credential, "api": server.token}.get(token, token)
    answer = server.anonymous.post("/api/v1/agents", json={"name": "x", "version": "0.2.0"}, headers=bearer(secret))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_version_too_far_away_is_refused(server: LiveServer) -> None:
    agent = _any(server)
    headers = {**bearer(agent.credential), "PushPull-Agent-Version": "9.0.0"}
    answer = server.anonymous.get("/api/v1/agents/self/assignment", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (426, "version_skew")


def test_a_question_to_an_agent_that_is_away_says_when_to_ask_again(server: LiveServer) -> None:
    server.call("POST", "/environments", spec("orphan"), status=201)
    answer = server.http.post("/api/v1/environments/orphan/drift/adoptions", json={})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "agent_away", "30")


def test_an_answer_to_nothing_is_told_like_one_to_another_s_question(server: LiveServer) -> None:
    agent = _any(server)
    for seq in (1, 999_999):
        assert agent.call("POST", "/agents/self/answers", {"command": seq, "result": {}}).status_code == 404


def _any(server: LiveServer) -> Agent:
    """One agent of the module's server, made when it is first asked for."""
    if not hasattr(server, "any_agent"):
        server.any_agent = Agent(server, "anyone")  # type: ignore[attr-defined]
    found: Agent = server.any_agent  # type: ignore[attr-defined]
    return found
