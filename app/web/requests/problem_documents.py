"""The one table from problems to HTTP, and a problem as a document for scripts."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request, Response

from app.domain import errors as e

STATUS: dict[type[e.Problem], int] = {
    e.InvalidInput: 422,
    e.NotAuthenticated: 401,
    e.NotPermitted: 403,
    e.TooManyAttempts: 429,
    e.RequestKeyReused: 422,
    e.RequestInProgress: 409,
    e.SignatureMismatch: 401,
    e.PayloadTooLarge: 413,
    e.NotFound: 404,
    e.EnvironmentExists: 409,
    e.EnvironmentChanged: 412,
    e.CredentialExists: 409,
    e.CredentialInUse: 409,
    e.DatabaseAway: 503,
    e.ConcurrentChange: 409,
    e.RevisionNotFound: 404,
    e.RevisionNotVisible: 409,
    e.SourceUnreachable: 424,
    e.SourceRefused: 422,
    e.SourceDamaged: 424,
    e.ContentNotFetched: 424,
    e.PushRejected: 409,
    e.TargetUnreachable: 424,
    e.TargetRefused: 409,
    e.OperationInProgress: 409,
    e.OperationFinished: 409,
    e.ExperimentInProgress: 409,
    e.ExperimentFinished: 409,
    e.EnvironmentHeld: 409,
    e.OnlyObserves: 409,
    e.DeliveredByOthers: 409,
    e.NothingToRollBackTo: 409,
    e.NothingToWriteBack: 409,
    e.WriteBackNotPossible: 409,
    e.WriteBackConflict: 409,
    e.SecretsNotIncluded: 409,
    e.AgentAway: 503,
    e.AgentRefused: 409,
    e.AgentRevoked: 401,
    e.VersionSkew: 426,
    e.ReportRefused: 409,
}
RETRY_AFTER = {429: "60", 503: "30"}
PROBLEM_JSON = "application/problem+json"
SCRIPTED = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics", "/openapi.json")


def status_of(problem: e.Problem) -> int:
    """The HTTP status of a problem: that of its nearest listed class."""
    return next((STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS), 409)


def named_request() -> str:
    """The id of the request that is being answered, as in X-Request-ID and the log."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def problem_body(status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    """An RFC 9457 problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and named_request():  # what the server's log is searched for
        body["request_id"] = named_request()
    if fields:
        body["errors"] = [{"field": field, "message": text} for field, text in fields.items()]
    return body


def retry_after(status: int) -> dict[str, str]:
    """The header that says when to ask again, for answers that pass by themselves."""
    return {"Retry-After": RETRY_AFTER[status]} if status in RETRY_AFTER else {}


def answer(status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> Response:
    """A problem as problem+json. ASCII only, so that whatever was sent to us can be named."""
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="pushpull"'
    headers |= retry_after(status)
    body = json.dumps(problem_body(status, code, detail, fields)).encode()
    return Response(body, status, headers, media_type=PROBLEM_JSON)


def wants_page(request: Request) -> bool:
    """Whether a browser asks, and not a script."""
    return not request.scope["path"].startswith(SCRIPTED) and "text/html" in request.headers.get("accept", "")
