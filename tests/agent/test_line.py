"""The agent's connection: what other people's servers and proxies do to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.agent.control_plane_connection import ControlPlaneConnection


class Closing(BaseHTTPRequestHandler):
    """Answers, and closes the connection after each answer, as a server does that is being stopped."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer an empty object."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def closing() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Closing) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_answer_that_closes_the_connection_leaves_a_line_that_works(closing: str) -> None:
    line = ControlPlaneConnection(closing)
    assert [line.request("GET", "/agents/self/assignment", "x").status for _ in range(3)] == [200, 200, 200]
    line.close()
