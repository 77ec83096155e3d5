"""Problems of routes as answers: a document for scripts, a page for people."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from app.domain import errors as e
from app.web.api.validation_errors import wrong_fields
from app.web.pages.problem_page import problem_page
from app.web.requests.problem_documents import answer, retry_after, status_of, wants_page

CODES = {
    400: "bad_request",
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
}


def respond(request: Request, status: int, code: str, detail: str, fields: dict[str, str] | None = None) -> Response:
    """A problem in the form that suits who asked."""
    if not wants_page(request):
        return answer(status, code, detail, fields)
    page = problem_page(request, status, code, detail, fields or {})
    page.headers.update(retry_after(status))
    return page


def install(app: FastAPI) -> None:
    """Handle problems, wrong requests and HTTP errors of every route."""

    def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, e.Problem)
        request.state.problem = error  # for those around the route that tell problems apart
        response = respond(request, status_of(error), error.code(), error.detail, error.fields)
        if isinstance(error, e.TooManyAttempts):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if any(one["loc"][:1] == ("path",) for one in error.errors()):
            return respond(request, 404, "not_found", _missing(request, 404))
        wrong = wrong_fields(error)
        return respond(request, 422, wrong.code(), wrong.detail, wrong.fields)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = CODES.get(error.status_code, f"http_{error.status_code}")
        detail = error.detail if error.status_code not in (404, 405) else _missing(request, error.status_code)
        response = respond(request, error.status_code, code, str(detail))
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
    found = exact or others
    return found | {"HEAD"} if "GET" in found else found
