"""One HTTP request of a health check, by the standard library alone: a client library takes an agent 7 MB.

Redirects are not followed, proxies and the machine's log-ins not used, and only the head of the answer is read.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from urllib.parse import SplitResult, quote, urlsplit

import certifi

HEADERS = {"User-Agent": "pushpull", "Accept": "*/*", "Connection": "close"}
Opened = Callable[[socket.socket], None]
MEANT = "!$%&'()*+,/:;=?@[]~"  # characters of an address that stay as they are


def status_of(url: str, timeout_s: float, opened: Opened, through: str | None = None) -> int:
    """The status that a GET is answered with; `through`: a socket file that leads there; `opened` hears of the
    connection, which the caller ends when it takes too long as a whole.

    Raises TimeoutError, and OSError, HTTPException or ValueError where nothing like HTTP answers.
    """
    place = urlsplit(url)
    connection = _connection(place, timeout_s)
    try:
        connection.sock = _connected(connection, through)
        opened(connection.sock)
        if isinstance(connection, http.client.HTTPSConnection):
            connection.sock = _trusted().wrap_socket(connection.sock, server_hostname=place.hostname)
        target = quote(place.path or "/", MEANT) + (f"?{quote(place.query, MEANT)}" if place.query else "")
        connection.request("GET", target, headers=HEADERS)
        return connection.getresponse().status
    finally:
        connection.close()


def _connection(place: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    return kind(place.hostname or "", place.port or kind.default_port, timeout=timeout_s)


def _connected(connection: http.client.HTTPConnection, through: str | None) -> socket.socket:
    if through is None:
        return socket.create_connection((connection.host, connection.port), connection.timeout)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(connection.timeout)
    try:
        made.connect(through)
    except BaseException:
        made.close()
        raise
    return made


def _trusted() -> ssl.SSLContext:
    """The certificate authorities that browsers trust, whatever this machine has installed."""
    return ssl.create_default_context(cafile=certifi.where())
