"""What stands before every route: size and type of a body, headers of an answer."""

from __future__ import annotations

import re

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import NotAuthenticated, PayloadTooLarge
from app.web.requests.browser_session import COOKIE
from app.web.requests.permission_check import known
from app.web.requests.problem_documents import answer

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?\Z|\[[0-9A-Fa-f:.]+\](:\d{1,5})?\Z", re.ASCII)
MAX_BODY = 1024 * 1024
ANYBODY = 16 * 1024  # what is kept of a body before its sender is known
LARGER = {"/api/v1/agents/self/reports": 8 * MAX_BODY, "/api/v1/agents/self/answers": 4 * MAX_BODY}  # drift, diffs


class Guard:
    """ASGI middleware: security headers on every answer; a cap, a type and an identity before every body is read."""

    def __init__(self, app: ASGIApp, *, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        secured, headers = _secured(scope, send), Headers(scope=scope)
        refusal = _refusal(scope["path"], headers)
        if refusal:
            return await answer(*refusal)(scope, receive, secured)
        if scope["path"].startswith("/webhooks/"):  # they read their bodies themselves, with a cap of their own
            return await self._app(scope, receive, secured)
        try:
            body = await self._gather(scope, receive)
        except ClientDisconnect:
            return None  # a part of a body is no body
        except NotAuthenticated as problem:
            return await answer(401, problem.code(), problem.detail)(scope, receive, secured)
        except PayloadTooLarge as problem:
            return await answer(413, problem.code(), problem.detail)(scope, receive, secured)
        if body and scope["path"].startswith("/api/") and not _is_json(headers.get("content-type", "")):
            text = "Send the body as application/json."
            return await answer(415, "unsupported_media_type", text)(scope, receive, secured)
        return await self._app(scope, body_again(body, receive), secured)

    async def _gather(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body. Raises PayloadTooLarge, NotAuthenticated, ClientDisconnect."""
        most = max(self._max, LARGER.get(scope["path"], 0))
        parts: list[bytes] = []
        size, checked = 0, False
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientDisconnect()
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > most:
                raise PayloadTooLarge(f"The body is larger than {most} bytes.")
            if size > ANYBODY and not checked:
                checked = await self._somebody(scope)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    async def _somebody(self, scope: Scope) -> bool:
        """More than a little is kept for those alone who may send something. Raises as `_gather`."""
        if await run_in_threadpool(known, Request(scope)):
            return True
        if scope["path"].startswith("/api/"):
            raise NotAuthenticated("Log in or send a valid bearer token.")
        raise PayloadTooLarge(f"The body is larger than {ANYBODY} bytes; log in first.")


def _refusal(path: str, headers: Headers) -> tuple[int, str, str] | None:
    """Why a request is answered before anything of it is read, or None."""
    if not HOST.match(headers.get("host", "none")):
        return 400, "bad_request", "The header Host does not name a host."
    anonymous = "authorization" not in headers and COOKIE not in headers.get("cookie", "")
    if anonymous and path.startswith("/api/"):
        return 401, "not_authenticated", "Log in or send a valid bearer token."
    return None


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def body_again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the gathered body once, and then what follows (a disconnect)."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


def _secured(scope: Scope, send: Send) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if not scope["path"].startswith("/static/"):
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return secured
