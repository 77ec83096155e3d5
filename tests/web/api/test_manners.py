"""Manners of the REST API that hold for all its routes."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from app.main import application
from app.web.api import routes as api
from tests.support.server import LiveServer

GETS = sorted({str(getattr(route, "path", "")) for route in api if "GET" in getattr(route, "methods", ())})


def filled(path: str) -> str:
    return path.replace("{name}", "there").replace("{id}", "01KATV2Q8Z3V8M6D3T0F8Y1N4R")


@pytest.mark.parametrize("path", [path for path in GETS if "/agents/self/" not in path])
def test_a_parameter_that_is_not_known_is_refused_by_name(server: LiveServer, path: str) -> None:
    answer = server.http.get(filled(path), params={"limt": "5"})
    assert answer.status_code == 422, path
    (wrong,) = answer.json()["errors"]
    assert wrong["field"] == "limt"
    described = application(server.installation).openapi()["paths"][path]["get"].get("parameters", [])
    for one in described:
        assert one["in"] != "query" or one["name"] in wrong["message"], path
    assert httpx.get(server.url + filled(path), params={"limt": "5"}).status_code == 401
    bogus = {"Authorization": "Bearer bogus"}
    assert httpx.get(server.url + filled(path), params={"limt": "5"}, headers=bogus).status_code == 401


def test_every_answer_has_an_id_that_the_client_may_choose(server: LiveServer) -> None:
    for address in ("/", "/login", "/healthz", "/static/app.css", "/api/v1/environments", "/nowhere", "/%FF"):
        given = server.anonymous.get(address, headers={"X-Request-ID": "mine-1"})
        assert given.headers["x-request-id"] == "mine-1", address
        assert re.fullmatch("[0-9a-f]{16}", server.anonymous.get(address).headers["x-request-id"])
        for poor in ("a b", "x" * 65, "a;b"):
            made = server.anonymous.get(address, headers={"X-Request-ID": poor})
            assert re.fullmatch("[0-9a-f]{16}", made.headers["x-request-id"])


def test_a_failure_of_ours_names_its_request(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.queries.environment_queries import EnvironmentQueries

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    for name in [one for one in vars(EnvironmentQueries) if not one.startswith("_")]:
        monkeypatch.setattr(EnvironmentQueries, name, broken)
    answer = server.http.get("/api/v1/environments", headers={"X-Request-ID": "mine-2"})
    assert (answer.status_code, answer.json()["request_id"]) == (500, "mine-2")


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"'])
def test_a_proxy_may_weaken_an_etag(server: LiveServer, tag: str) -> None:
    name = f"weak-{len(tag)}"
    server.environment(name, server.repo(name))
    headers = {"If-Match": tag}
    edit = {"labels": {"tier": "prod"}}
    answer = server.http.patch(f"/api/v1/environments/{name}", json=edit, headers=headers)
    assert answer.status_code == 200, answer.text
    again = server.http.patch(f"/api/v1/environments/{name}", json=edit | {"labels": {"a": "b"}}, headers=headers)
    assert again.status_code == 412


def test_operations_can_be_told_apart_by_reading(server: LiveServer) -> None:
    document = application(server.installation).openapi()
    ids = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch("[a-z_]{3,30}", one) for one in ids), ids
    tags = {one["name"]: one["description"] for one in document["tags"]}
    assert all(tags.values())
    of_agents = {path for path in document["paths"] if path.startswith("/api/v1/agents/self/")}
    for path in of_agents:
        assert all(one["tags"] == ["agent"] for one in document["paths"][path].values())


ODD: tuple[object, ...] = (
    None,
    "",
    0,
    -1,
    10**30,
    1.5,
    True,
    "x" * 70_000,
    [],
    [[]],
    {},
    {"a": 1},
    "2026-01-01T00:00:00",
)
LIBRARY = re.compile(
    r"\b(?:Input|String|Value|Field|List|Dictionary|Datetime) |valid (?:string|integer|number|list|dict)"
)


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The names of a body's properties, of all its forms."""
    if "$ref" in schema:
        return _fields(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    found = set(schema.get("properties", {}))
    return found.union(*(_fields(document, one) for key in ("oneOf", "anyOf", "allOf") for one in schema.get(key, ())))


def test_what_is_wrong_is_said_in_our_own_words(server: LiveServer) -> None:
    document = application(server.installation).openapi()
    said = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if body is None or "/agents" in path:
                continue
            for field in _fields(document, body):
                kind = {"kind": "token"} if path.endswith("/credentials") and field != "kind" else {}
                for odd in ODD:
                    answer = server.http.request(method, filled(path), json={field: odd, **kind})
                    if answer.status_code == 422:
                        said |= {(path, field, one["message"]) for one in answer.json()["errors"]}
    assert len(said) > 100
    assert not {one for one in said if LIBRARY.search(one[2])}
