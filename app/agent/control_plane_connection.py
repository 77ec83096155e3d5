"""Requests to the control plane: outbound only, TLS with verification, one connection that is kept open."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from app import __version__
from app.domain.agents.enrollment_commands import unencrypted
from app.domain.errors import InvalidInput

LARGEST = 16 << 20  # bytes of an answer
CONNECT_S = 10.0


class ConnectionFailed(Exception):
    """The control plane cannot be reached, or does not answer like one."""


class ConnectionClosed(ConnectionFailed):
    """The connection that was kept open was closed meanwhile: perhaps because it was idle, perhaps by a restart."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the control plane. `code` is that of a problem."""

    status: int
    data: Mapping[str, Any] = field(default_factory=dict)
    sent_s: float = 0.0
    received_s: float = 0.0

    @property
    def good(self) -> bool:
        """Whether the control plane carried the request out."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str:
        """The problem's stable name; "" if the answer is not a problem document, such as a proxy's."""
        return str(self.data.get("code") or "") if not self.good else ""

    @property
    def detail(self) -> str:
        """What went wrong, in words."""
        return str(self.data.get("detail") or f"the server answered {self.status}")[:500]


def checked(server: str, *, plain: bool = False) -> str:
    """The control plane's address, without a slash at its end. Raises InvalidInput."""
    parts = urlsplit(server.strip())
    wrong = ""
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        wrong = "must be an address such as https://pushpull.example.org"
    elif parts.username or parts.password:
        wrong = "must not hold a password"
    elif unencrypted(server.strip()) and not plain:
        wrong = "must begin with https: the agent's credential would be read on the way (--allow-http to do it anyway)"
    if wrong:
        raise InvalidInput(fields={"server": wrong})
    return server.strip().rstrip("/")


class ControlPlaneConnection:
    """One kept-open connection, for one thread at a time."""

    def __init__(self, server: str, ca_file: str = "", seconds: Any = None) -> None:
        self._parts, self._ca_file = urlsplit(server), ca_file
        self._seconds = seconds or (lambda: 0.0)
        self._connection: http.client.HTTPConnection | None = None
        self.over = False

    def request(self, method: str, path: str, secret: str, body: Any = None, timeout_s: float = 30.0) -> Answer:
        """One request below /api/v1. Raises ConnectionFailed; ConnectionClosed where it may be made again at once."""
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        fresh = self._connection is None
        try:
            return self._exchange(method, path, secret, content, timeout_s)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as closed:
            self.close()
            raise (ConnectionFailed if fresh or self.over else ConnectionClosed)(_reason(closed)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise ConnectionFailed(_reason(error)) from None
        except BaseException:
            self.close()
            raise

    def _exchange(self, method: str, path: str, secret: str, content: bytes | None, timeout_s: float) -> Answer:
        connection = self._open(timeout_s)
        headers = {
            "Authorization": f"Bearer {secret}",
            "PushPull-Agent-Version": __version__,
            "User-Agent": f"pushpull-agent/{__version__}",
            "Accept": "application/json",
            **({"Content-Type": "application/json"} if content is not None else {}),
        }
        sent = self._seconds()
        connection.request(method, f"{self._parts.path}/api/v1{path}", content, headers)
        answer = connection.getresponse()
        text = answer.read(LARGEST + 1)
        received = self._seconds()
        if connection.sock is None:  # "Connection: close": a server that stops, or a proxy that has had enough
            self.close()
        if len(text) > LARGEST:
            raise ValueError("the answer is too large")
        return Answer(answer.status, _json(text, answer.status), sent, received)

    def _open(self, timeout_s: float) -> http.client.HTTPConnection:
        if self.over:
            raise ConnectionError("hung up")
        if self._connection is None:
            host, port = self._parts.hostname or "", self._parts.port
            if self._parts.scheme == "https":
                context = ssl.create_default_context(cafile=self._ca_file or None)
                self._connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_S, context=context)
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=CONNECT_S)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.sock.settimeout(timeout_s)
        return self._connection

    def close(self) -> None:
        """End the connection; the next request makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def hang_up(self) -> None:
        """Close the connection for good, from another thread; a request that waits ends now."""
        self.over = True
        connection = self._connection
        try:
            if connection is not None and connection.sock:
                connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _json(text: bytes, status: int) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        if status < 300:
            raise ValueError("the answer is no JSON: is this the address of a PushPull server?") from None
        return {}
    return found if isinstance(found, Mapping) else {}


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300] if str(error) else type(error).__name__
