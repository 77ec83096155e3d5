"""What stands before every route: size and type of the body, the origin of a browser's request, headers of the answer."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import NotPermitted
from app.web.errors import answer

POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'", "manifest-src 'self'",
    )
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
MAX_BODY = 1024 * 1024


def require_same_origin(request: Request) -> None:
    """Refuse a cookie's authority for a request that another site made.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin; a client that sends neither is no
    browser and holds no cookie by accident.
    """
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if site is None and (origin is None or origin == f"{request.url.scheme}://{request.headers.get('host', '')}"):
        return
    raise NotPermitted("The request came from another site and was not carried out.")


class Guard:
    """ASGI middleware: security headers on every answer, a cap on every body."""

    def __init__(self, app: ASGIApp, *, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        secured = _secured(scope, send)
        if scope["path"].startswith("/webhooks/"):  # they read their bodies themselves, with a cap of their own
            return await self._app(scope, receive, secured)
        body = await self._gather(receive)
        if body is None:
            text = f"The body is larger than {self._max} bytes."
            return await answer(413, "payload_too_large", text)(scope, receive, secured)
        return await self._app(scope, _replay(body, receive), secured)

    async def _gather(self, receive: Receive) -> bytes | None:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b"".join(parts)
            size += len(message.get("body", b""))
            if size > self._max:
                return None
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the gathered body once, and then what follows (a disconnect)."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _secured(scope: Scope, send: Send) -> Send:
    private = scope["path"].startswith("/api/") or not scope["path"].startswith("/static/")

    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if private:
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return secured
