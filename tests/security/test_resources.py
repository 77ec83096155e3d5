"""What a client that nobody knows can cost the server that we ship, without a proxy in front of it: next to nothing."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.web.listening.bounded_protocol import ConnectionLimits
from tests.support.server import LiveServer, ServerProcess

PATIENCE_S = 30
MIB = 1 << 20


class ImpatientServer(LiveServer):
    limits = ConnectionLimits(30, head_s=1.0, body_s=1.0, pace=1 << 40, reader_s=1.0)


class PoorServer(ServerProcess):
    before = ("sh", "-c", 'ulimit -n 160 && exec "$@"', "sh")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that is quicker to lose patience than the one we ship."""
    with ImpatientServer(tmp_path_factory.mktemp("server"), scheduler=False) as running:
        yield running


def connect(url: str) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=PATIENCE_S)
    made.settimeout(PATIENCE_S)
    return made


def answer(connection: socket.socket) -> bytes:
    """Everything up to the connection's end; a test in which it does not end fails."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def poured(connection: socket.socket, start: bytes, piece: bytes, most: int) -> int:
    """How many bytes could be sent until the server would not take more."""
    sent = 0
    try:
        connection.sendall(start)
        while sent < most:
            connection.sendall(piece)
            sent += len(piece)
    except (ConnectionError, TimeoutError):
        pass
    return sent


HEADS = {
    "one header": (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a" * 65536),
    "header lines": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-a: b\r\n" * 4096),
    "a header's name": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"a" * 65536),
    "an address": (b"GET /", b"a" * 65536),
    "empty lines": (b"", b"\r\n" * 4096),
    "trailers": (b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-a: b\r\n" * 4096),
    "one trailer": (b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a" * 65536),
    "a chunk's size": (b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a" * 65536),
}


@pytest.mark.parametrize("what", HEADS)
def test_nothing_before_or_behind_a_body_is_endless(server: LiveServer, what: str) -> None:
    start, piece = HEADS[what]
    with connect(server.url) as connection:
        assert (
            poured(connection, start, piece, 64 * MIB) < 32 * MIB
        )  # what the kernels hold on the way is no memory of ours
    assert server.anonymous.get("/healthz").status_code == 200


def test_a_head_of_64_kib_is_told_to_be_too_large(server: LiveServer) -> None:
    with connect(server.url) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 65536)
        assert answer(connection).startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{server.url}/healthz", headers={"X": "a" * 60_000}).status_code == 200


UNFINISHED = {
    "nothing": (b"", b""),
    "a line": (b"GET / HT", b"408"),
    "half a head": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"408"),
    "half a body": (b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nname", b"408"),
    "half a webhook": (
        b"POST /webhooks/github/x HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=0\r\nContent-Length: 50\r\n\r\n{",
        b"408",
    ),
    "the rest of what is refused": (
        b"POST /api/v1/environments HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n{",
        b"401",
    ),
    "half a second request": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HT", b"200"),
}


@pytest.mark.parametrize("what", UNFINISHED)
def test_what_is_never_completed_ends(server: LiveServer, what: str) -> None:
    sent, status = UNFINISHED[what]
    with connect(server.url) as connection:
        connection.sendall(sent)
        assert answer(connection)[9:12] == status


@pytest.mark.parametrize("what", ["half a head", "half a body"])
def test_a_byte_now_and_then_does_not_keep_a_request_alive(server: LiveServer, what: str) -> None:
    with connect(server.url) as connection:
        connection.sendall(UNFINISHED[what][0])
        connection.settimeout(0.1)
        for number in itertools.count():
            assert number < 10 * PATIENCE_S
            try:
                if connection.recv(1) in (b"H", b""):
                    break
            except TimeoutError:
                connection.sendall(b"x")
            except ConnectionError:
                break


def test_requests_that_are_never_complete_make_room_for_those_that_are(server: LiveServer) -> None:
    with ExitStack() as stack:
        for number in range(60):  # the limit is 30
            opened = stack.enter_context(connect(server.url))
            opened.sendall(UNFINISHED["half a body" if number % 2 else "nothing"][0])
        assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_stream_outlives_these_limits(server: LiveServer) -> None:
    with server.http.stream("GET", "/api/v1/events/stream", params={"after": 0}) as events:
        lines = events.iter_lines()
        assert next(lines).startswith("retry")
        with connect(server.url) as idle:  # when this one is late, the stream is older than any limit
            assert answer(idle) == b""
        server.call("POST", "/tokens", {"name": "t"}, status=201)
        server.environment("streamed", server.repo("streamed"))
        assert any(line.startswith("event: environment.") for line in lines)


def test_a_reader_that_does_not_read_is_left(server: LiveServer) -> None:
    for _ in range(3):
        server.call("POST", "/tokens", {"name": "x" * 250}, status=201)
    request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(server.url) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        poured(connection, b"", request * 50, 20 * MIB)
    assert server.anonymous.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/agents/self/reports", "/api/v1/environments", "/settings/credentials"])
@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_is_not_kept_before_its_sender_is_known(server: LiveServer, path: str, chunked: bool) -> None:
    length = b"Transfer-Encoding: chunked\r\n\r\n8000\r\n" if chunked else b"Content-Length: 8000000\r\n\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bogus\r\nCookie: pushpull_session=x\r\n"
    with connect(server.url) as connection:
        connection.sendall(head.encode() + b"Content-Type: application/json\r\n" + length + b"a" * 0x8000)
        assert connection.recv(12)[9:] in (b"401", b"413")  # though nothing more of the body was sent


def test_who_may_send_large_bodies_still_does(server: LiveServer) -> None:
    body = server.spec("large", server.repo("large"))
    body["labels"] = {f"label-{number}": "x" * 60 for number in range(50)}
    padded = httpx.post(
        f"{server.url}/api/v1/environments",
        content=b" " * 900_000 + httpx.Request("POST", "http://x", json=body).content,
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"},
    )
    assert padded.status_code in (201, 422), padded.text


def test_idle_connections_beyond_the_descriptors_do_not_end_service(tmp_path: Path) -> None:
    """A process that may open 160 files; the client opens 200 connections, three times."""
    with PoorServer(tmp_path, PUSHPULL_WORKERS="1") as server, ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connect(server.url))
        for _ in range(3):
            with httpx.Client(base_url=server.url, timeout=PATIENCE_S) as fresh:
                assert fresh.get("/readyz").status_code == 200
        assert server.errors.read_text().count("Too many open files") <= 1
