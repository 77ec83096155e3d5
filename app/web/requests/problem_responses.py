"""The one table from problems to HTTP, and the two ways to tell them: problem+json for scripts, a page for people."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from app.domain import errors as e

STATUS: dict[type[e.Problem], int] = {
    e.InvalidInput: 422,
    e.NotAuthenticated: 401,
    e.NotPermitted: 403,
    e.TooManyAttempts: 429,
    e.SignatureMismatch: 401,
    e.PayloadTooLarge: 413,
    e.NotFound: 404,
    e.EnvironmentExists: 409,
    e.EnvironmentChanged: 412,
    e.CredentialExists: 409,
    e.CredentialInUse: 409,
    e.RevisionNotFound: 404,
    e.RevisionNotVisible: 409,
    e.SourceUnreachable: 424,
    e.SourceRefused: 422,
    e.SourceDamaged: 424,
    e.PushRejected: 409,
    e.TargetUnreachable: 424,
    e.TargetRefused: 409,
    e.OperationInProgress: 409,
    e.OperationFinished: 409,
    e.EnvironmentHeld: 409,
    e.OnlyObserves: 409,
    e.NothingToRollBackTo: 409,
    e.NothingToAdopt: 409,
    e.AgentAway: 503,
    e.AgentRefused: 409,
    e.AgentRevoked: 401,
    e.VersionSkew: 426,
    e.ReportRefused: 409,
}
CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}
RETRY_AFTER = {429: "60", 503: "30"}
PROBLEM_JSON = "application/problem+json"
SCRIPTED = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics", "/openapi.json")


def status_of(problem: e.Problem) -> int:
    """The HTTP status of a problem: that of its nearest listed class."""
    return next((STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS), 409)


def problem_body(status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> dict[str, Any]:
    """An RFC 9457 problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if fields:
        body["errors"] = [{"field": field, "message": text} for field, text in fields.items()]
    return body


def answer(status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> Response:
    """A problem as problem+json. ASCII only, so that whatever was sent to us can be named."""
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="pushpull"'
    if status in RETRY_AFTER:
        headers["Retry-After"] = RETRY_AFTER[status]
    body = json.dumps(problem_body(status, code, detail, fields)).encode()
    return Response(body, status, headers, media_type=PROBLEM_JSON)


def wants_page(request: Request) -> bool:
    """Whether a browser asks, and not a script."""
    return not request.scope["path"].startswith(SCRIPTED) and "text/html" in request.headers.get("accept", "")


def told(request: Request, status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> Response:
    """A problem in the form that suits who asked."""
    if not wants_page(request):
        return answer(status, code, detail, fields)
    from app.web.pages.problem_page import problem_page

    return problem_page(request, status, code, detail, fields or {})


def install(app: FastAPI) -> None:
    """Handle problems, wrong requests and HTTP errors of every route."""

    def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, e.Problem)
        return told(request, status_of(error), error.code(), error.detail, error.fields)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if any(one["loc"][:1] == ("path",) for one in error.errors()):
            return told(request, 404, "not_found", _missing(request, 404))
        from app.web.api.validation_errors import wrong_fields

        wrong = wrong_fields(error)
        return told(request, 422, wrong.code(), wrong.detail, wrong.fields)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = CODES.get(error.status_code, f"http_{error.status_code}")
        detail = error.detail if error.status_code not in (404, 405) else _missing(request, error.status_code)
        response = told(request, error.status_code, code, str(detail))
        response.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = ", ".join(sorted(_allowed(request)))
        return response

    app.add_exception_handler(e.Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _missing(request: Request, status: int) -> str:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return "This method is not possible here; the header Allow lists those that are."
    return "There is nothing at this address."


def _allowed(request: Request) -> set[str]:
    """Methods of every route at this path, not only of the first that matches; a path without parameters wins."""
    path: str = request.scope["path"]
    exact: set[str] = set()
    others: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path):
            (exact if route.path == path else others).update(route.methods or ())
    return exact or others
