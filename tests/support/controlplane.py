"""A small control plane that speaks the agents' protocol over real HTTP, checks every report, and makes trouble."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from app import __version__
from app.domain.agents.protocol import FIRST_HASH, Report, chained
from app.domain.agents.wire import decode
from app.domain.audit import timestamp

Json = dict[str, Any]
BEFORE, AFTER = "before", "after"  # the connection breaks before anything was done, or after it, with the answer lost
Trouble = Callable[[str, str], "str | tuple[int, Json] | None"]


@dataclass
class Told:
    """A report as it was taken in."""

    seq: int
    environment: int
    kind: str
    data: Json
    report: Report


@dataclass
class ControlPlane:
    """One control plane with one agent. `trouble(method, path)` may break a request, or answer it differently."""

    skew_s: float = 0.0  # how far its clock is ahead of ours
    tokens: set[str] = field(default_factory=lambda: {"once"})
    credentials: list[str] = field(default_factory=list)  # the present one, and the next
    environments: dict[int, Json] = field(default_factory=dict)
    version: int = 0
    commands: list[Json] = field(default_factory=list)
    taken: int = 0
    told: list[Told] = field(default_factory=list)
    chain: str = FIRST_HASH
    answers: dict[int, Json] = field(default_factory=dict)
    clocks: list[Json] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    trouble: Trouble = lambda method, path: None
    revoked: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.news = threading.Condition()
        self.port = 0
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self.start()

    # --- as a server ---
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, after a stop on the same port."""
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Go away: refuse connections, and break the open ones."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server.hang_up()
        with self.news:
            self.news.notify_all()
        self._server = None

    @property
    def away(self) -> bool:
        return self._server is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- what tests do ---
    def assign(self, id: int, specification: Json, **more: Any) -> None:
        with self.news:
            self.environments[id] = {"id": id, "specification": specification, "hold": None, "seed": {}, **more}
            self.version += 1
            self.news.notify_all()

    def take_away(self, id: int) -> None:
        with self.news:
            del self.environments[id]
            self.version += 1
            self.news.notify_all()

    def send(self, environment: int, kind: str, data: Json, *, life_s: float = 3600) -> int:
        now = datetime.now(UTC)
        with self.news:
            seq = len(self.commands) + 1
            command = {"seq": seq, "environment": environment, "kind": kind, "data": data, "issued_at": timestamp(now),
                       "expires_at": timestamp(now + timedelta(seconds=life_s))}  # fmt: skip
            self.commands.append(command)
            self.news.notify_all()
        return seq

    def of(self, kind: str) -> list[Json]:
        with self.news:
            return [one.data for one in self.told if one.kind == kind]

    def events(self, type: str = "") -> list[Json]:
        return [one for one in self.of("event") if not type or one["type"] == type]

    def until(self, look: Callable[[], Any], what: str = "", patience_s: float = 60.0) -> Any:
        """Look again after everything that the agent says."""
        ends = time.monotonic() + patience_s
        with self.news:
            while not (found := look()):
                assert time.monotonic() < ends, f"never seen: {what}; {self.wrong} {[t.kind for t in self.told]}"
                self.news.wait(0.2)
        return found

    # --- what the agent asks ---
    def answer(self, method: str, path: str, query: dict[str, str], secret: str, body: Any) -> tuple[int, Json | None]:
        if (method, path) == ("POST", "/agents"):
            return self._enroll(secret)
        if self.revoked or secret not in self.credentials:
            return 401, {"code": "not_authenticated", "detail": "The credential is unknown or revoked."}
        if secret == self.credentials[-1]:
            del self.credentials[:-1]  # the next one was used: the one before is over
        if path.endswith("/assignment"):
            return 200, self._assignment(query)
        with self.news:
            try:
                return self._told(path, body)
            finally:
                self.news.notify_all()

    def _enroll(self, token: str) -> tuple[int, Json]:
        if token not in self.tokens:
            return 401, {"code": "not_authenticated", "detail": "The token is unknown, used or expired."}
        self.tokens.remove(token)
        self.credentials = [f"secret-{len(self.requests)}"]
        names = [one["specification"]["name"] for one in self.environments.values()]
        return 201, {"id": "AGENT", "credential": self.credentials[0], "environments": names,
                     "server_version": __version__}  # fmt: skip

    def _assignment(self, query: dict[str, str]) -> Json:
        known, after, ends = query["known"], int(query["after"]), time.monotonic() + float(query.get("wait_s", 0))
        with self.news:
            self.taken = max(self.taken, after)
            while not self._has_news(known, after) and time.monotonic() < ends and not self.away:
                self.news.wait(max(0.0, min(0.5, ends - time.monotonic())))
            return {
                "version": str(self.version),
                "environments": None if known == str(self.version) else list(self.environments.values()),
                "commands": [one for one in self.commands if one["seq"] > after],
                "reported": len(self.told), "chain": self.chain,
                "server_time": self._now(), "server_version": __version__,
            }  # fmt: skip

    def _has_news(self, known: str, after: int) -> bool:
        return known != str(self.version) or any(one["seq"] > after for one in self.commands)

    def _now(self) -> str:
        return timestamp(datetime.now(UTC) + timedelta(seconds=self.skew_s))

    def _told(self, path: str, body: Any) -> tuple[int, Json | None]:
        if path.endswith("/answers"):
            self.answers[body["command"]] = body
            return 204, None
        if path.endswith("/credential"):
            self.credentials = [self.credentials[0], f"secret-{len(self.requests)}"]
            return 200, {"credential": self.credentials[-1]}
        return self._reports(body)

    def _reports(self, body: Json) -> tuple[int, Json]:
        self.clocks.append({name: body[name] for name in ("sent_at", "mono_s", "boot", "offset_s", "offset_error_s")})
        for number, given in enumerate(body["reports"]):
            report = decode(Report, given, "report")
            if report.seq <= len(self.told):
                if self.told[report.seq - 1].report.hash != report.hash:
                    return self._refuse(f"{report.seq} is another than before")
                continue
            if report.seq != len(self.told) + 1 or chained(self.chain, report) != report.hash:
                return self._refuse(f"{report.seq} does not follow {len(self.told)} ({number})")
            self.told.append(Told(report.seq, report.environment, report.kind.value, dict(report.data), report))
            self.chain = report.hash
        return 200, {"through": len(self.told), "refused": [], "server_time": self._now()}

    def _refuse(self, why: str) -> tuple[int, Json]:
        self.wrong.append(why)
        return 409, {"code": "report_refused", "detail": why}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: ControlPlane

    def __init__(self, *given: Any) -> None:
        self.open: set[Any] = set()
        super().__init__(*given)

    def hang_up(self) -> None:
        for connection in tuple(self.open):
            self.shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        owner = self.server.owner
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        place = urlsplit(self.path)
        path = place.path.removeprefix("/api/v1")
        assert self.headers["PushPull-Agent-Version"] == __version__
        owner.requests.append((self.command, path))
        trouble = owner.trouble(self.command, path)
        if trouble == BEFORE:
            self.close_connection = True
            return
        if isinstance(trouble, tuple):
            self._answer(*trouble)
            return
        secret = self.headers.get("Authorization", "").removeprefix("Bearer ")
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        status, data = owner.answer(self.command, path, {"known": "", **query}, secret, body)
        if trouble == AFTER:
            self.close_connection = True
            return
        self._answer(status, data)

    def _answer(self, status: int, data: Json | None) -> None:
        content = b"" if data is None else json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
