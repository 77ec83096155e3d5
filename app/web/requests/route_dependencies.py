"""What routes ask for: the use cases, and who is asking."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from app.domain.actor import Actor
from app.domain.errors import NotAuthenticated, NotPermitted
from app.services.security.access import Identity
from app.services.use_cases import UseCases
from app.web.requests.background import Background
from app.web.requests.guard import COOKIE, require_same_origin

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
bearer_scheme = HTTPBearer(auto_error=False, description="An API token: `Authorization: Bearer pp_…`")


def installed_use_cases(request: Request) -> UseCases:
    """The installation's use cases."""
    use_cases: UseCases = request.app.state.use_cases
    return use_cases


def background(request: Request) -> Background:
    """Threads for work that the response does not wait for."""
    threads: Background = request.app.state.background
    return threads


def bearer(request: Request) -> str | None:
    """The request's bearer token."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value.strip() else None


def client_ip(request: Request) -> str | None:
    """Address of the peer; uvicorn has applied trusted proxies' headers already."""
    return request.client.host if request.client else None


def who(request: Request) -> Identity:
    """The identity behind a bearer token or a session cookie. Raises NotAuthenticated, NotPermitted."""
    use_cases = installed_use_cases(request)
    token = bearer(request)
    if token is not None:
        identity = use_cases.access.authenticate_token(token, client_ip(request))
    else:
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            raise NotAuthenticated()
        identity = use_cases.access.authenticate_session(cookie)
        if request.method not in SAFE:
            require_same_origin(request)
    if request.method not in SAFE and identity.role != "admin":
        raise NotPermitted("This token may only read.")
    request.state.actor = str(identity.actor)
    if identity.must_change and request.scope["path"].startswith("/api/"):
        raise NotPermitted("Replace the one-time password first, on the page Settings.")
    return identity


Cases = Annotated[UseCases, Depends(installed_use_cases)]
Later = Annotated[Background, Depends(background)]
Who = Annotated[Identity, Depends(who)]


def acting(request: Request, identity: Who) -> Actor:
    """The actor to write down."""
    return replace(identity.actor, ip=client_ip(request))


By = Annotated[Actor, Depends(acting)]
