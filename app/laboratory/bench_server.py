"""The proxy of an experiment: Git over smart HTTP, the pipeline's way to the control plane, and what goes wrong there.

It listens on this machine alone. `/git/…` serves the repository to whoever has a twin's token, `/control/MODE/…` leads
to the control plane, `/hooks/NUMBER` is where the pipeline hears of commits.
"""

from __future__ import annotations

import base64
import gzip
import hmac
import http.client
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.git import GitFailed, git

HOST = "127.0.0.1"
REPOSITORY = "/shop.git"
SERVICE = "git-upload-pack"
LARGEST = 4 << 20  # bytes of a request's body
FORWARDED = ("authorization", "content-type", "idempotency-key")
MODES = ("push", "pull")


@dataclass
class Weather:
    """What goes wrong now. `delay_s`: before each answer; `tokens`: by mode, whom Git lets in; `expired`: none of them
    any more."""

    git_down: bool = False
    control_down: bool = False
    hooks_lost: bool = False
    delay_s: float = 0.0
    expired: bool = False
    tokens: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    announced: set[int] = field(default_factory=set)


class BenchServer:
    """Serves one experiment. `port` 0 lets the system choose; one that is taken meanwhile is replaced by another."""

    def __init__(self, repository: Path, control: str, port: int) -> None:
        self.repository, self.control, self.weather = repository, control, Weather()
        self._server = _listen(port)
        self._server.bench = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, name="bench", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """{mode: {what: how many requests}}."""
        return {mode: dict(self.weather.counts[mode]) for mode in MODES}

    def close(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    bench: BenchServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who went away in the middle of an answer has nobody to tell."""


def _listen(port: int) -> _Server:
    try:
        return _Server((HOST, port), _Handler)
    except OSError:
        if not port:
            raise
        return _Server((HOST, 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        """Answer at once: waiting for more to send would cost 40 ms each time."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """A request."""
        self._serve()

    def do_POST(self) -> None:
        """A request with a body."""
        self._serve()

    def _serve(self) -> None:
        bench, body = self.server.bench, self._body()
        time.sleep(bench.weather.delay_s)
        asked = urlsplit(self.path)
        _, area, mode, rest = (*asked.path.split("/", 3), "", "", "")[:4]
        if area == "hooks":
            self._hook(bench, mode)
        elif area == "git":
            self._git(bench, asked.path.removeprefix("/git"), body)
        elif area == "control" and mode in MODES:
            self._control(bench, mode, rest, body)
        else:
            self._answer(404, b"there is nothing\n")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(min(size, LARGEST)))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(min(LARGEST, int(self.headers.get("Content-Length") or 0)))

    def _hook(self, bench: BenchServer, number: str) -> None:
        if bench.weather.hooks_lost:
            self._drop()
            return
        bench.weather.announced.add(int(number) if number.isdigit() else 0)
        self._answer(202, b"")

    def _control(self, bench: BenchServer, mode: str, path: str, body: bytes) -> None:
        counts = bench.weather.counts[mode]
        if bench.weather.control_down:
            counts["refused"] += 1
            self._drop()
            return
        server = urlsplit(bench.control)
        headers = {name: value for name, value in self.headers.items() if name.lower() in FORWARDED}
        way = http.client.HTTPConnection(server.hostname or HOST, server.port, timeout=30)
        try:
            way.request(self.command, f"/{path}", body or None, headers)
            answer = way.getresponse()
            status, content = answer.status, answer.read()
        except OSError:
            counts["refused"] += 1
            self._drop()
            return
        finally:
            way.close()
        counts["control" if status < 400 else "refused"] += 1
        self._answer(status, content, "application/json")

    def _git(self, bench: BenchServer, path: str, body: bytes) -> None:
        weather, mode = bench.weather, self._whose(bench.weather.tokens)
        counts = weather.counts[mode]
        if weather.git_down:
            counts["refused"] += 1
            self._answer(503, b"not now\n")
        elif weather.expired or not mode:
            counts["refused"] += 1
            self._answer(401, b"log in\n", "text/plain", {"WWW-Authenticate": 'Basic realm="experiment"'})
        else:
            counts["git"] += 1
            self._repository(bench.repository, path, body)

    def _whose(self, tokens: Mapping[str, str]) -> str:
        """The mode of the twin that asks; "" where it is somebody else."""
        given, found = self.headers.get("Authorization", "").encode("latin-1", "replace"), ""
        for mode, token in tokens.items():
            wanted = b"Basic " + base64.b64encode(f"x-access-token:{token}".encode())
            found = mode if hmac.compare_digest(given, wanted) else found
        return found

    def _repository(self, repository: Path, path: str, body: bytes) -> None:
        protocol = self.headers.get("Git-Protocol", "")
        listing = path == f"{REPOSITORY}/info/refs" and f"service={SERVICE}" in urlsplit(self.path).query
        try:
            if self.command == "GET" and listing:
                head = b"" if "version=2" in protocol else b"001e# service=git-upload-pack\n0000"
                content = head + _upload_pack(repository, protocol, b"", "--advertise-refs")
                self._answer(200, content, f"application/x-{SERVICE}-advertisement")
            elif self.command == "POST" and path == f"{REPOSITORY}/{SERVICE}":
                said = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                self._answer(200, _upload_pack(repository, protocol, said), f"application/x-{SERVICE}-result")
            else:
                self._answer(404, b"there is nothing\n")
        except GitFailed:
            self._answer(500, b"git failed\n")

    def _drop(self) -> None:
        """Hang up without an answer."""
        self.close_connection = True

    def _answer(
        self, status: int, content: bytes, kind: str = "text/plain", more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Cache-Control": "no-cache", **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _upload_pack(repository: Path, protocol: str, said: bytes, *options: str) -> bytes:
    allowed = ("-c", "uploadpack.allowFilter=true", "-c", "uploadpack.allowAnySHA1InWant=true")
    return git(
        *allowed, "upload-pack", "--stateless-rpc", *options, str(repository),
        git_dir=repository, input=said, environment={"GIT_PROTOCOL": protocol} if protocol else {},
    )  # fmt: skip
