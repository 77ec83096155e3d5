"""Log-in and log-out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse

from app.domain.errors import NotAuthenticated, Problem, TooManyAttempts
from app.domain.permissions import Exemption
from app.services.security.access import SESSION_LIFE
from app.web.pages.query_parameters import clean
from app.web.rendering import links, render
from app.web.requests.browser_session import COOKIE, require_same_origin
from app.web.requests.permission_check import exempt
from app.web.requests.route_dependencies import Cases, client_ip
from app.web.requests.routers import page_router

router = page_router()
Line = Annotated[str, Form(max_length=1000)]


@dataclass(frozen=True, slots=True)
class LoginPage:
    """The context of account/login.html."""

    name: str
    next: str
    error: str
    notice: str


@router.get("/login", dependencies=[exempt(Exemption.PUBLIC)])
def form(request: Request, use_cases: Cases, next: str = "/", out: str = "") -> Response:
    """The log-in form; a browser with a session is redirected."""
    onward = links.inside(next[:2000])
    if _known(request, use_cases):
        return RedirectResponse(onward, HTTPStatus.SEE_OTHER)
    notice = "You are logged out." if out else "" if onward == "/" else "Log in to go on to where you wanted to be."
    return render.page(request, "account/login.html", LoginPage("", onward, "", notice))


@router.post("/login", dependencies=[exempt(Exemption.PUBLIC)])
def log_in(
    request: Request, use_cases: Cases, name: Line = "", password: Line = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Begin a session. Another site cannot log a browser in here."""
    require_same_origin(request)
    onward = links.inside(next[:2000])
    try:
        secret, identity = use_cases.access.log_in(clean(name), password, client_ip(request))
    except (NotAuthenticated, TooManyAttempts) as problem:
        throttled = isinstance(problem, TooManyAttempts)
        status = HTTPStatus.TOO_MANY_REQUESTS if throttled else HTTPStatus.UNPROCESSABLE_ENTITY
        page = render.page(request, "account/login.html", LoginPage(name, onward, problem.detail, ""), status=status)
        if throttled:
            page.headers["Retry-After"] = "60"
        return page
    answer = RedirectResponse("/settings" if identity.must_change else onward, HTTPStatus.SEE_OTHER)
    remember(request, answer, secret)
    return answer


@router.post("/logout", dependencies=[exempt(Exemption.PUBLIC)])
def log_out(request: Request, use_cases: Cases) -> Response:
    """End the session at once; asking twice does no harm."""
    require_same_origin(request)
    cookie = request.cookies.get(COOKIE)
    if cookie:
        try:
            identity = use_cases.access.authenticate_session(cookie)
            use_cases.access.log_out(cookie, replace(identity.actor, ip=client_ip(request)))
        except Problem:
            pass  # it was over already
    answer = RedirectResponse("/login?out=1", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def remember(request: Request, answer: Response, secret: str) -> None:
    """Give the browser its session: out of reach of scripts and of other sites."""
    answer.set_cookie(
        COOKIE, secret, max_age=int(SESSION_LIFE.total_seconds()), path="/", httponly=True, samesite="lax",
        secure=request.app.state.secure_cookies,
    )  # fmt: skip


def _known(request: Request, use_cases: Cases) -> bool:
    try:
        use_cases.access.authenticate_session(request.cookies.get(COOKIE, ""))
    except NotAuthenticated:
        return False
    return True
