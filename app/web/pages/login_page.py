"""Log-in and log-out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from app.domain.errors import NotAuthenticated, Problem, TooManyAttempts
from app.domain.identity import Identity
from app.domain.permissions import Exemption
from app.services.security.access import SESSION_LIFE
from app.services.security.known_devices import DEVICE_LIFE
from app.web.pages.query_parameters import clean
from app.web.rendering import links, render
from app.web.requests.browser_session import COOKIE, DEVICE, require_same_origin
from app.web.requests.permission_check import exempt
from app.web.requests.problem_documents import status_of
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
async def log_in(
    request: Request, use_cases: Cases, name: Line = "", password: Line = "", next: Annotated[str, Form()] = "/"
) -> Response:
    """Begin a session. Another site cannot log a browser in here."""
    require_same_origin(request)
    onward = links.inside(next[:2000])
    try:
        secret, identity, device = await _checked(request, use_cases, clean(name), password)
    except (NotAuthenticated, TooManyAttempts) as problem:
        status = status_of(problem) if isinstance(problem, TooManyAttempts) else HTTPStatus.UNPROCESSABLE_ENTITY
        page = render.page(request, "account/login.html", LoginPage(name, onward, problem.detail, ""), status=status)
        if isinstance(problem, TooManyAttempts):
            page.headers["Retry-After"] = str(problem.retry_after_s)
        return page
    answer = RedirectResponse("/settings" if identity.must_change else onward, HTTPStatus.SEE_OTHER)
    remember(request, answer, secret, device)
    return answer


async def _checked(request: Request, use_cases: Cases, name: str, password: str) -> tuple[str, Identity, str]:
    """The session, whose it is, and what the browser is known by; checked by threads that do nothing else."""
    access, ip, device = use_cases.access, client_ip(request), request.cookies.get(DEVICE, "")

    def check() -> tuple[str, Identity, str]:
        secret, identity = access.log_in(name, password, ip, device)
        return secret, identity, access.device_of(identity)

    known = bool(device) and await run_in_threadpool(access.knows, name, device)
    checked: tuple[str, Identity, str] = await request.app.state.log_ins.run(device if known else f"ip {ip}", check)
    return checked


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


def remember(request: Request, answer: Response, secret: str, device: str) -> None:
    """Give the browser its session, and what it is known by after that: out of reach of scripts and other sites."""
    for name, value, life, path in ((COOKIE, secret, SESSION_LIFE, "/"), (DEVICE, device, DEVICE_LIFE, "/login")):
        answer.set_cookie(
            name, value, max_age=int(life.total_seconds()), path=path, httponly=True, samesite="lax",
            secure=request.app.state.secure_cookies,
        )  # fmt: skip


def _known(request: Request, use_cases: Cases) -> bool:
    try:
        use_cases.access.authenticate_session(request.cookies.get(COOKIE, ""))
    except NotAuthenticated:
        return False
    return True
