"""Every route, walked: who may not is told so before anything is looked at, and learns nothing of what is there."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from app.domain.permissions import ADMIN, READ_ONLY, READING, ROLES, Exemption, Permission
from app.main import application
from app.web.requests.permission_check import declared
from tests.support.server import LiveServer

OPEN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/redoc",
    "/login",
    "/logout",
}  # and /static and /webhooks
STREAMS = {"/events/stream", "/api/v1/events/stream"}
SAFE = {"GET", "HEAD", "OPTIONS"}
DECLARED = """
    GET /api/v1/environments view
    POST /api/v1/environments register
    POST /api/v1/environments/probe check
    GET /api/v1/environments/{name} view
    PATCH /api/v1/environments/{name} edit
    DELETE /api/v1/environments/{name} delete
    PUT /api/v1/environments/{name}/hold hold
    DELETE /api/v1/environments/{name}/hold resume
    PUT /api/v1/environments/{name}/webhook manage-webhooks
    DELETE /api/v1/environments/{name}/webhook manage-webhooks
    GET /api/v1/environments/{name}/snippets view
    POST /api/v1/environments/{name}/switches switch
    GET /api/v1/environments/{name}/shadow view
    POST /api/v1/environments/{name}/syncs sync
    POST /api/v1/environments/{name}/refreshes refresh
    GET /api/v1/operations view
    GET /api/v1/operations/{id} view
    POST /api/v1/operations/{id}/termination terminate
    GET /api/v1/environments/{name}/drift read-diffs
    GET /api/v1/drift/episodes view
    GET /api/v1/drift/episodes/{id} read-diffs
    POST /api/v1/drift/episodes/{id}/branch write-back-drift
    POST /api/v1/environments/{name}/drift/heals heal-drift
    POST /api/v1/environments/{name}/drift/acknowledgements acknowledge-drift
    POST /api/v1/environments/{name}/drift/write-backs write-back-drift
    POST /api/v1/environments/{name}/drift/adoptions write-back-drift
    PUT /api/v1/environments/{name}/ignore-rules ignore-drift
    DELETE /api/v1/environments/{name}/ignore-rules ignore-drift
    GET /api/v1/environments/{name}/noticings view
    GET /api/v1/environments/{name}/what-if view
    GET /api/v1/environments/{name}/advice view
    GET /api/v1/environments/{name}/revisions view
    GET /api/v1/environments/{name}/plan read-diffs
    GET /api/v1/environments/{name}/rollbacks/preview read-diffs
    POST /api/v1/environments/{name}/rollbacks rollback
    GET /api/v1/events view
    GET /api/v1/audit read-audit
    GET /api/v1/audit/export read-audit
    GET /api/v1/audit/seal read-audit
    POST /api/v1/audit/verifications verify-audit
    GET /api/v1/experiments view
    POST /api/v1/experiments run-experiments
    GET /api/v1/experiments/{id} view
    POST /api/v1/experiments/{id}/stops run-experiments
    POST /api/v1/experiments/{id}/resumptions run-experiments
    DELETE /api/v1/experiments/{id} run-experiments
    GET /api/v1/experiments/{id}/report view
    GET /compare/experiments view
    POST /compare/experiments run-experiments
    GET /compare/experiments/{id} view
    POST /compare/experiments/{id}/stop run-experiments
    POST /compare/experiments/{id}/resume run-experiments
    POST /compare/experiments/{id}/remove run-experiments
    GET /api/v1/comparison view
    GET /api/v1/comparison/evidence/{measure}/{mode} view
    GET /api/v1/comparison/export view
    GET /api/v1/comparison/report view
    GET /api/v1/credentials view-credentials
    POST /api/v1/credentials manage-credentials
    GET /api/v1/credentials/{name} view-credentials
    PUT /api/v1/credentials/{name} manage-credentials
    DELETE /api/v1/credentials/{name} manage-credentials
    GET /api/v1/tokens view-tokens
    POST /api/v1/tokens manage-tokens
    DELETE /api/v1/tokens/{id} manage-tokens
    GET /api/v1/agents view-agents
    POST /api/v1/agents/enrollments manage-agents
    DELETE /api/v1/agents/{id} manage-agents
    POST /api/v1/agents enrollment-token
    GET /api/v1/agents/self/assignment agent-credential
    POST /api/v1/agents/self/reports agent-credential
    POST /api/v1/agents/self/answers agent-credential
    POST /api/v1/agents/self/credential agent-credential
    GET /events/stream view
    GET /api/v1/events/stream view
    POST /webhooks/{provider}/{hook} webhook-signature
    GET /docs public
    GET /redoc public
    GET /healthz public
    GET /readyz public
    GET /metrics metrics-token
    GET / view
    GET /environments/new view
    GET /environments/new/external view
    POST /environments/external register
    POST /environments/{name}/external edit
    GET /environments/{name}/settings view
    POST /environments/checks check
    POST /environments register
    POST /environments/{name}/edit edit
    POST /environments/{name}/switches switch
    GET /environments/{name} view
    GET /environments/{name}/drift read-diffs
    GET /environments/{name}/history view
    GET /environments/{name}/pipeline view
    GET /environments/{name}/what-if view
    GET /environments/{name}/advice view
    POST /environments/{name}/webhook manage-webhooks
    GET /environments/{name}/plan read-diffs
    POST /environments/{name}/plan sync
    GET /environments/{name}/resume read-diffs
    GET /environments/{name}/rollback read-diffs
    POST /environments/{name}/rollback rollback
    POST /environments/{name}/syncs sync
    POST /environments/{name}/refreshes refresh
    POST /bulk/refreshes refresh
    POST /bulk/hold hold
    POST /bulk/resume resume
    POST /environments/{name}/hold hold
    POST /environments/{name}/resume resume
    POST /environments/{name}/delete delete
    POST /environments/{name}/drift/heals heal-drift
    POST /environments/{name}/drift/acknowledgements acknowledge-drift
    POST /environments/{name}/drift/write-backs write-back-drift
    POST /environments/{name}/drift/adoptions write-back-drift
    POST /environments/{name}/drift/ignores ignore-drift
    POST /environments/{name}/drift/ignores/remove ignore-drift
    GET /operations view
    GET /operations/{id} view
    POST /operations/{id}/stop terminate
    GET /drift view
    GET /drift/{id} read-diffs
    POST /drift/{id}/branch write-back-drift
    GET /agents view-agents
    POST /agents/enrollments manage-agents
    POST /agents/{id}/revoke manage-agents
    GET /search view
    GET /settings/tokens view-tokens
    GET /settings/credentials view-credentials
    GET /audit read-audit
    GET /audit/{seq} read-audit
    POST /audit/verify verify-audit
    GET /compare view
    GET /compare.svg view
    GET /compare/evidence/{measure}/{mode} view
    GET /compare/measures view
    GET /settings view-settings
    POST /settings/password own-account
    POST /settings/tokens manage-tokens
    POST /settings/tokens/{id}/revoke manage-tokens
    POST /settings/credentials manage-credentials
    POST /settings/credentials/{name}/delete manage-credentials
    GET /login public
    POST /login public
    POST /logout public
    GET /patterns view
"""
VALUES = {
    "measure": "lead_time", "mode": "push", "name": "{0}", "id": "01KATV2Q8Z3V8M6D3T0F8Y1N4R", "seq": "1",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with one delivered environment, `there`."""
    with LiveServer(tmp_path_factory.mktemp("server"), scheduler=False) as running:
        running.environment("there", running.repo("there"))
        running.sync("there")
        yield running


@pytest.fixture(scope="module")
def reader(server: LiveServer) -> Iterator[httpx.Client]:
    """A client whose token may only read."""
    made = server.call("POST", "/tokens", {"name": "reader", "role": "readonly"}, status=201)
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {made['token']}"}, timeout=30) as client:
        yield client


def _routes(server: LiveServer, name: str = "there") -> list[tuple[str, str]]:
    """(method, path) of every guarded route, with values in the place of parameters."""
    found = set()
    for route in iter_route_contexts(application(server.installation).routes):
        path = str(getattr(route, "path", ""))
        if path in OPEN or path.startswith(("/static", "/webhooks/")) or not getattr(route, "methods", None):
            continue
        found |= {(method, _filled(path, name)) for method in route.methods or ()}
    return sorted(found)


def _filled(path: str, name: str = "there") -> str:
    return re.sub(r"\{(\w+)\}", lambda match: VALUES[match[1]].format(name), path)


def _of_agents(method: str, path: str) -> bool:
    """Routes that let in agents only: tests/web/api/test_agents.py."""
    return path.startswith("/api/v1/agents/self/") or (method, path) == ("POST", "/api/v1/agents")


def _declared(server: LiveServer) -> dict[tuple[str, str], tuple[Permission | Exemption, ...]]:
    """{(method, path template): what the route declares} of all routes but the document and the static files."""
    routes = iter_route_contexts(application(server.installation).routes)
    return {
        (method, str(route.path)): declared(getattr(route, "dependencies", None) or ())
        for route in routes
        for method in route.methods or ()
        if route.path != "/openapi.json"
    }


def test_every_route_declares_one_permission(server: LiveServer) -> None:
    wrong = {route: found for route, found in _declared(server).items() if len(found) != 1}
    assert wrong == {}, "add dependencies=[may(Permission.X)], or exempt(...), to the route"


def test_each_route_asks_for_the_permission_that_is_written_down(server: LiveServer) -> None:
    rows = [line.split() for line in DECLARED.splitlines() if line.strip()]
    written = {(method, path): word for method, path, word in rows}
    assert {route: found[0].value for route, found in _declared(server).items()} == written


def test_whatever_changes_something_asks_for_more_than_reading(server: LiveServer) -> None:
    for (method, path), (asked,) in _declared(server).items():
        reads = asked in READING or asked is Exemption.PUBLIC
        assert isinstance(asked, Exemption) or reads is (method in SAFE), (method, path, asked)


def test_today_s_roles_may_do_everything_and_read_everything() -> None:
    assert list(ROLES) == [ADMIN, READ_ONLY]
    assert ROLES[ADMIN] == set(Permission)
    assert ROLES[READ_ONLY] == READING


def test_each_role_is_let_in_exactly_where_it_has_the_permission(server: LiveServer, reader: httpx.Client) -> None:
    for (method, path), (permission,) in _declared(server).items():
        if isinstance(permission, Permission) and path not in STREAMS:
            answer = reader.request(method, _filled(path), follow_redirects=False)
            refused = answer.status_code == 403
            assert refused is (permission not in ROLES[READ_ONLY]), (method, path, permission, answer.status_code)


def test_the_walk_sees_the_routes(server: LiveServer) -> None:
    routes = _routes(server)
    assert len(routes) > 60
    assert ("POST", "/api/v1/environments/there/syncs") in routes
    assert ("POST", "/environments/there/delete") in routes


def test_nobody_gets_anything_without_a_log_in(server: LiveServer) -> None:
    for method, path in _routes(server):
        answer = server.anonymous.request(method, path, follow_redirects=False)
        page = answer.status_code == 303 and answer.headers["location"].startswith("/login")
        assert answer.status_code == 401 or page, (method, path, answer.status_code)


def test_a_token_that_may_only_read_changes_nothing(server: LiveServer, reader: httpx.Client) -> None:
    before = server.call("GET", "/audit", limit=1)["items"][0]["seq"]
    for method, path in _routes(server):
        if method not in SAFE and not _of_agents(method, path):
            answer = reader.request(method, path)
            assert answer.status_code == 403, (method, path, answer.status_code)
    assert server.call("GET", "/audit", limit=1)["items"][0]["seq"] == before


def test_a_token_that_may_only_read_sees_no_secret(server: LiveServer, reader: httpx.Client) -> None:
    secrets = {"hook": "hook-secret-of-16-and-more", "forge": "glpat-verysecret"}
    server.call("PUT", "/environments/there/webhook", {"secret": secrets["hook"]})
    server.call("POST", "/credentials", {"name": "forge", "kind": "token", "token": secrets["forge"]}, status=201)
    made = server.call("POST", "/tokens", {"name": "other"}, status=201)["token"]
    seen = 0
    for method, path in _routes(server):
        if method == "GET" and path not in STREAMS:
            answer = reader.get(path, follow_redirects=False)
            assert answer.status_code < 500, path
            seen += answer.status_code == 200
            assert not any(one in answer.text for one in (secrets["hook"], secrets["forge"], made)), path
    for path in ("/openapi.json", "/metrics", "/api/v1/audit/export?format=csv"):
        assert not any(one in reader.get(path).text for one in (secrets["hook"], secrets["forge"], made)), path
    assert seen > 25


def test_nobody_learns_what_exists(server: LiveServer) -> None:
    for there, missing in zip(_routes(server, "there"), _routes(server, "nonesuch"), strict=True):
        answers = [server.anonymous.request(*one, follow_redirects=False) for one in (there, missing)]
        told = [(one.status_code, one.text.replace("nonesuch", "there")) for one in answers]
        assert told[0] == told[1], there
    hooks = [server.anonymous.post(f"/webhooks/github/{name}", content=b"{}") for name in ("there", "nonesuch")]
    signed = [
        server.anonymous.post(f"/webhooks/github/{name}", content=b"{}", headers={"X-Hub-Signature-256": "sha256=0"})
        for name in ("there", "nonesuch")
    ]
    for pair in (hooks, signed):
        assert {(one.status_code, one.text) for one in pair} == {(401, pair[0].text)}


def test_the_figures_name_nothing(server: LiveServer) -> None:
    assert "there" not in re.sub(r"# HELP.*", "", server.anonymous.get("/metrics").text)


def test_a_webhook_without_a_signature_is_refused_before_its_body_is_read(server: LiveServer) -> None:
    head = b"POST /webhooks/github/there HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=5) as connection:
        connection.sendall(head)  # and never the rest
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")


def test_a_body_of_depth_or_of_endless_numbers_is_a_wrong_request(server: LiveServer) -> None:
    for body in (b"[" * 500_000, b'{"a":' * 100_000, b"1" * 900_000, b'{"reason": NaN}', b'{"reason": "\xff"}'):
        answer = server.http.post(
            "/api/v1/environments/there/refreshes", content=body, headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, body[:10]
    answer = server.http.post("/api/v1/environments", content=b"x" * 1_100_000)
    assert answer.status_code == 413


def test_a_form_of_another_site_is_no_json(server: LiveServer) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = server.http.post(
            "/api/v1/environments/there/syncs", content=b"{}", headers={"Content-Type": kind} if kind else {}
        )
        assert answer.status_code == 415, kind


def test_secrets_are_masked_in_plans(server: LiveServer) -> None:
    repo = server.repo("planned", {"site/app.env": "PORT=80\nPASSWORD=hunter2-old\n"})
    server.environment("planned", repo)
    first = str(repo.sha("main"))
    server.sync("planned", revision=first)
    server.sync("planned", revision=repo.commit({"site/app.env": "PORT=81\nPASSWORD=hunter2-new\n"}))
    with httpx.Client(base_url=server.url, timeout=30) as person:
        person.post("/login", data={"name": "admin", "password": "correct horse battery"})
        page = person.get("/environments/planned/rollback", params={"revision": first})
    plan = server.http.get("/api/v1/environments/planned/rollbacks/preview", params={"revision": first})
    for text in (page.text, plan.text):
        assert "PORT=80" in text
        assert "hunter2" not in text
