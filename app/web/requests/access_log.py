"""What every request leaves behind: a log line and a figure, with the route's template and never a query or a body."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.requests.metrics import Metrics
from app.web.requests.problem_documents import answer, named_request

QUIET = ("/static/", "/healthz", "/readyz", "/metrics")
KNOWN = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z", re.ASCII)
Respond = Callable[[Request, int, str, str], Response]  # a problem in the form that suits who asked
log = structlog.get_logger("http")


def request_id(scope: Scope) -> str:
    """The request's own name: what the client or a proxy calls it in X-Request-ID, or a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if GIVEN_ID.match(given) else secrets.token_hex(8)


def template(scope: Scope) -> str:
    """The matched route's path template; "unmatched" where there is none."""
    context = (scope.get("fastapi") or {}).get("effective_route_context") or scope.get("route")
    path = getattr(context, "path", None)
    return path if isinstance(path, str) else "unmatched"


class Record:
    """ASGI middleware around everything: access log, metrics, and the answer to what nobody foresaw."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, respond: Respond) -> None:
        self._app, self._respond = app, respond
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        with structlog.contextvars.bound_contextvars(request_id=request_id(scope)):
            await self._serve(scope, receive, send)
        return None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 0
        scope.setdefault("state", {})

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])  # a member of HTTPStatus reads badly in a log
                MutableHeaders(scope=message)["X-Request-ID"] = named_request()
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception:
            log.exception("request failed", method=_method(scope), route=template(scope))
            if not status:
                await self._failed(scope)(scope, receive, noted)
        finally:
            self._record(scope, status or 499, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = template(scope), _method(scope)
        self._metrics.requests.labels(method, route, str(status)).observe(seconds)
        facts: dict[str, Any] = {
            "method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1),
            "actor": scope["state"].get("actor"),
        }  # fmt: skip
        write = log.debug if scope["path"].startswith(QUIET) else log.info
        write("request", **facts)

    def _failed(self, scope: Scope) -> Response:
        """What nobody foresaw, as a page for people and a problem for scripts; if that fails too, as a problem."""
        failure = (500, "internal_error", "Something went wrong here; the server's log has the details.")
        try:
            return self._respond(Request(scope), *failure)
        except Exception:
            log.exception("the failure has no page")
            return answer(*failure)


def _method(scope: Scope) -> str:
    """Any word can stand as a method; only the known ones become labels."""
    return scope["method"] if scope["method"] in KNOWN else "other"
