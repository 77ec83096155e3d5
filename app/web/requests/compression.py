"""Compressed answers, for clients that take them.

Only what a GET asks for is compressed. Secrets (a new token, a webhook's secret) are shown in answers to a POST alone,
and pages hold no token against forged requests, so that no answer holds both a secret and text that another site chose:
its length tells nothing (BREACH). An answer with an ETag stays as it is, because the ETag names its bytes, and so does
a stream, because each of its events leaves at once.
"""

from __future__ import annotations

import asyncio
import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 860  # bytes; below, head and packet weigh more than what is saved
LARGE = 1 << 17  # bytes; above, the event loop does not wait for it
LEVEL, BEST = 5, 9
TYPES = frozenset({
    "text/html", "text/css", "text/javascript", "text/plain", "text/csv", "image/svg+xml", "application/json",
    "application/javascript", "application/problem+json",
})  # fmt: skip


def compressible(headers: Headers) -> bool:
    """Whether an answer is of a type that gets smaller, and not compressed yet."""
    return "content-encoding" not in headers and headers.get("content-type", "").partition(";")[0].lower() in TYPES


def accepts_gzip(scope: Scope) -> bool:
    """Whether the client takes gzip."""
    for part in Headers(scope=scope).get("accept-encoding", "").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False


def gzipped(content: bytes, level: int = LEVEL) -> bytes:
    """The same in gzip, without a time or a name, so that equal contents give equal bytes."""
    packer = zlib.compressobj(level, wbits=zlib.MAX_WBITS + 16)
    return packer.compress(content) + packer.flush()


class Compression:
    """ASGI middleware: compresses what is answered to a GET as one whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            send = _CompressedAnswer(send, accepts_gzip(scope)).send
        await self._app(scope, receive, send)


class _CompressedAnswer:
    """One answer on its way: its head is held back until the first piece of its body tells whether that is all."""

    def __init__(self, send: Send, wanted: bool) -> None:
        self._send, self._wanted = send, wanted
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """The next message of the application."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if message["type"] == "http.response.body" and not message.get("more_body"):
                message = await self._whole(start, message)
            await self._send(start)
        await self._send(message)

    async def _whole(self, start: Message, message: Message) -> Message:
        headers, body = MutableHeaders(scope=start), message.get("body", b"")
        if len(body) < SMALLEST or "etag" in headers or not compressible(headers):
            return message
        headers.add_vary_header("Accept-Encoding")
        if not self._wanted:
            return message
        small = await asyncio.to_thread(gzipped, body) if len(body) > LARGE else gzipped(body)
        headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(len(small))
        return {**message, "body": small}
