"""Whose address is written down: the peer's, unless a proxy that the settings name says another. Never free text."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.config import Settings
from app.web.listening.client_address import ClientAddress, TrustedProxies
from tests.support.server import LiveServer

FORGED = ("=cmd|'/c calc'!A1", "203.0.113.9", "127.0.0.1", "2001:db8::7, 203.0.113.9", "\x1b[2J", "::1%=cmd()")


def told(peer: str | None, *headers: tuple[str, str], trusted: tuple[str, ...] = ()) -> tuple[str | None, str]:
    """The client's address and the scheme that the application sees."""
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)

    raw = [(name.lower().encode(), value.encode("utf-8")) for name, value in headers]
    scope = {"type": "http", "client": (peer, 1) if peer else None, "scheme": "http", "headers": raw}
    asyncio.run(ClientAddress(app, trusted=TrustedProxies(trusted))(scope, None, None))  # type: ignore[arg-type]
    return (seen["client"] or (None,))[0], seen["scheme"]


@pytest.mark.parametrize("text", FORGED)
def test_no_client_says_its_own_address(text: str) -> None:
    headers = (("X-Forwarded-For", text), ("X-Forwarded-Proto", "https"), ("X-Real-IP", text))
    assert told("127.0.0.1", *headers) == ("127.0.0.1", "http")


@pytest.mark.parametrize(
    ("trusted", "said", "client"),
    [
        (("10.0.0.0/8",), "203.0.113.9", "203.0.113.9"),
        (("10.0.0.0/8",), "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # what the client itself sent does not count
        (("10.0.0.0/8",), "203.0.113.9, 10.0.0.5", "203.0.113.9"),
        (("10.0.0.0/8",), "203.0.113.9:4711", "203.0.113.9"),
        (("10.0.0.0/8",), "[2001:db8::1]:4711", "2001:db8::1"),
        (("10.0.0.0/8",), "2001:DB8::1%25eth0", "2001:db8::1"),
        (("10.0.0.0/8",), "::ffff:203.0.113.9", "203.0.113.9"),
        (("10.0.0.0/8",), "203.0.113.9, =cmd", "10.0.0.1"),  # behind what is no address nothing is believed
        (("10.0.0.0/8",), "203.0.113.9, unknown, 10.0.0.5", "10.0.0.5"),
        (("10.0.0.0/8",), "", "10.0.0.1"),
        (("10.0.0.2",), "203.0.113.9", "10.0.0.1"),
    ],
)
def test_a_proxy_that_is_named_is_believed_for_its_own_hop(trusted: tuple[str, ...], said: str, client: str) -> None:
    assert told("10.0.0.1", ("X-Forwarded-For", said), trusted=trusted)[0] == client


def test_several_headers_are_one_list() -> None:
    headers = (("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "HTTPS"))
    assert told("::ffff:10.0.0.1", *headers, trusted=("10.0.0.1",)) == ("203.0.113.9", "https")


def test_a_unix_socket_has_no_address_unless_its_proxy_is_trusted() -> None:
    header = ("X-Forwarded-For", "203.0.113.9")
    assert told(None, header)[0] is None
    assert told(None, header, trusted=("unix",))[0] == "203.0.113.9"


ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address).map(str) | st.integers(0, 2**128 - 1).map(IPv6Address).map(str)


@given(st.lists(st.text(max_size=30) | ADDRESSES, max_size=6), st.booleans())
def test_whatever_is_sent_an_address_comes_out(hops: list[str], trusts: bool) -> None:
    clean = [hop.encode("utf-8", "replace").decode().replace("\n", "").replace("\r", "") for hop in hops]
    found, _ = told("10.0.0.1", ("X-Forwarded-For", ", ".join(clean)), trusted=("10.0.0.0/8",) if trusts else ())
    assert str(ip_address(found or "")) == found
    assert trusts or found == "10.0.0.1"


@pytest.mark.parametrize("text", ["proxy.example.org", "10.0.0.0/33", "10.0.0.1; 10.0.0.2", "*"])
def test_a_setting_that_names_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="must be an address"):
        Settings(trusted_proxies=text)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("server"), scheduler=False) as running:
        yield running


def test_the_server_that_we_ship_believes_nobody(server: LiveServer) -> None:
    for text in ("=cmd|'/c calc'!A1", "203.0.113.9"):
        form = {"name": "admin", "password": "wrong"}
        httpx.post(f"{server.url}/login", data=form, headers={"X-Forwarded-For": text})
        server.call("POST", "/tokens", {"name": "t"}, status=201)
    entries = server.call("GET", "/audit")["items"]
    assert {one["ip"] for one in entries if one["action"] in ("login.refused", "token.create")} <= {"127.0.0.1", None}
    rows = list(csv.reader(io.StringIO(server.http.get("/api/v1/audit/export?format=csv").text)))
    assert "203.0.113.9" not in str(rows)
