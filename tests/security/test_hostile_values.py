"""Every route, asked with values that nobody foresaw, and with HEAD: no answer is an error of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.main import application
from tests.support.server import LiveServer

VALUES = (
    "²", "%00", "%ED%A0%80", "%FF", "9" * 5000, "9" * 18, "-1", "%E2%80%AE", "0001-01-01T00:00:00%2B14:00",
    "0999-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00",
)  # fmt: skip
HEADERS = ("last-event-id", "if-match", "if-none-match", "hx-target", "cookie", "authorization", "x-request-id",
           "accept", "content-type", "range", "idempotency-key")  # fmt: skip
BYTES = (b"\xb2", b"\xff\xfe", b"9" * 5000, b'W/"\xb2"', b"-1", b"bytes=9-1,-", b"\xed\xa0\x80", b"a" * 300)
STREAMS = {"/events/stream", "/api/v1/events/stream"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("server"), scheduler=False) as running:
        running.environment("there", running.repo("there"))
        running.sync("there")
        yield running


def routes(server: LiveServer) -> list[APIRoute]:
    return [one for one in application(server.installation).routes if isinstance(one, APIRoute)]


def asked(dependant: Dependant) -> set[str]:
    """Names of a route's query parameters."""
    return {field.alias for field in dependant.query_params}.union(*map(asked, dependant.dependencies))


def filled(path: str, value: str = "there") -> str:
    return re.sub(r"\{\w+\}", value, path)


def ask(server: LiveServer, method: str, address: str, **more: Any) -> int:
    """The status of an answer, of which nothing more is read: some do not end."""
    with server.http.stream(method, address, follow_redirects=False, **more) as answer:
        return answer.status_code


def test_no_value_of_an_address_is_an_error_of_ours(server: LiveServer) -> None:
    for route in routes(server):
        method = min(route.methods or (), key=lambda one: (one != "GET", one))
        for value in VALUES if "{" in route.path else ():
            assert ask(server, method, filled(route.path, value)) < 500, (method, route.path, value)
        for name in asked(route.dependant):
            for value in VALUES:
                status = ask(server, method, f"{filled(route.path)}?{name}={value}")
                assert status < 500, (method, route.path, name, value)


def test_no_header_is_an_error_of_ours(server: LiveServer) -> None:
    addresses = ["/", "/login", "/api/v1/events/stream", "/api/v1/environments/there", "/environments/there",
                 "/static/app.css", "/metrics", "/operations"]  # fmt: skip
    for address in addresses:
        for header in HEADERS:
            for value in BYTES:
                raw = [(header.encode(), value), *(() if header == "authorization" else server.http.headers.raw)]
                assert ask(server, "GET", address, headers=raw) < 500, (address, header, value)


def test_head_is_get_without_a_body(server: LiveServer) -> None:
    seen = 0
    with httpx.Client(base_url=server.url, timeout=30) as person:
        person.post("/login", data={"name": "admin", "password": "correct horse battery"})
        for path in sorted(
            {route.path for route in routes(server) if "GET" in (route.methods or ())} | {"/static/app.css"}
        ):
            head = person.head(filled(path), follow_redirects=False)
            with person.stream("GET", filled(path), follow_redirects=False) as answer:
                assert head.status_code == answer.status_code, path
                assert head.content == b""
                names = set(answer.headers) - {"transfer-encoding", "content-length"}
                assert names <= set(head.headers), path
                if path not in ("/metrics", "/settings", "/readyz"):  # they tell of the moment
                    lengths = [one.headers.get("content-length") for one in (head, answer)]
                    assert (lengths[0] is None) is (lengths[1] is None), path
            seen += head.status_code == 200
        assert seen > 25
        refused = person.request("HEAD", "/logout")
        assert refused.status_code == 405
        assert "HEAD" in person.request("POST", "/healthz").headers["allow"]


@pytest.mark.parametrize(
    ("public", "host", "origin", "passes"),
    [
        ("http://pp.lan", "127.0.0.1:8000", "http://pp.lan", True),
        ("http://PP.Lan/", "127.0.0.1:8000", "http://pp.lan", True),
        ("http://pp.lan:80", "upstream", "http://pp.lan", True),
        ("https://pp.lan:443", "upstream", "https://pp.lan", True),
        ("https://pp.lan:8443", "upstream", "https://pp.lan:8443", True),
        ("", "PP.lan", "http://pp.lan", True),
        ("", "pp.lan:80", "http://pp.lan", True),
        ("", "pp.lan", "http://pp.lan:80", True),
        ("", "[::1]:8000", "http://[::1]:8000", True),
        ("http://pp.lan", "pp.lan", "http://evil.lan", False),
        ("http://pp.lan", "pp.lan", "http://pp.lan.evil.lan", False),
        ("http://pp.lan", "pp.lan", "http://pp.lan:8080", False),
        ("http://pp.lan", "pp.lan", "null", False),
        ("http://pp.lan", "pp.lan", "http://pp.lan@evil.lan", False),
        ("http://pp.lan", "pp.lan", "http://[", False),
        ("http://pp.lan", "pp.lan", "http://pp.lan:²", False),
        ("", "", "null", False),
    ],
)
def test_our_own_origins_are_those_of_the_host_and_of_the_public_address(
    public: str, host: str, origin: str, passes: bool
) -> None:
    from types import SimpleNamespace

    from starlette.requests import Request

    from app.domain.errors import NotPermitted
    from app.web.requests.browser_session import require_same_origin

    app = SimpleNamespace(state=SimpleNamespace(public_url=public))
    raw = [(b"host", host.encode()), (b"origin", origin.encode("latin-1"))]
    request = Request({"type": "http", "method": "POST", "path": "/login", "headers": raw, "app": app})
    if passes:
        require_same_origin(request)
    else:
        with pytest.raises(NotPermitted):
            require_same_origin(request)
