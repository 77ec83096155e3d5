"""The one place where a request's caller is identified and held against the permission that its route declares."""

# Without deferred annotations: FastAPI reads those of the two callable classes.
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from app.domain.actor import Actor
from app.domain.errors import NotAuthenticated, NotPermitted, Problem
from app.domain.identity import Identity
from app.domain.permissions import Exemption, Permission
from app.web.requests.browser_session import COOKIE, SAFE, require_same_origin
from app.web.requests.route_dependencies import bearer, client_ip, installed_use_cases

AGENTS = "/api/v1/agents/self/"
OPEN_TO_NEWCOMERS = ("/settings", "/settings/password", "/events/stream")


class PasswordMustChange(NotPermitted):
    """The one-time password has to be replaced first."""


@dataclass(frozen=True, slots=True)
class Required:
    """The dependency of a route that asks for a permission."""

    permission: Permission

    def __call__(self, request: Request) -> None:
        """Let the request in, or raise NotAuthenticated or NotPermitted."""
        admit(request, self.permission)


@dataclass(frozen=True, slots=True)
class Exempt:
    """The dependency of a route that checks its callers by itself, or lets in anybody."""

    exemption: Exemption

    async def __call__(self) -> None:
        """Let every request in."""


def may(permission: Permission) -> Any:
    """Declare, among a route's dependencies, the permission that its callers need."""
    return Depends(Required(permission))


def exempt(exemption: Exemption) -> Any:
    """Declare, among a route's dependencies, that its callers need no permission, and why."""
    return Depends(Exempt(exemption))


def declared(dependencies: Iterable[Dependency]) -> tuple[Permission | Exemption, ...]:
    """The permissions and exemptions among a route's dependencies; a route has exactly one."""
    calls = [each.dependency for each in dependencies]
    found = [each.permission if isinstance(each, Required) else each.exemption
             for each in calls if isinstance(each, Required | Exempt)]  # fmt: skip
    return tuple(found)


def admit(request: Request, permission: Permission) -> None:
    """Identify who asks and check the permission; the identity is in `request.state` from then on.

    Raises NotAuthenticated; NotPermitted for a role without the permission and for another site's request;
    PasswordMustChange on pages as long as a one-time password stands.
    """
    identity = identify(request)
    if not identity.may(permission):
        raise NotPermitted("This token may only read.")
    request.state.identity, request.state.actor = identity, str(identity.actor)
    path: str = request.scope["path"]
    if identity.must_change and path.startswith("/api/"):
        raise NotPermitted("Replace the one-time password first, on the page Settings.")
    request.state.user = identity.actor.name
    if identity.must_change and path not in OPEN_TO_NEWCOMERS:
        raise PasswordMustChange()


def identify(request: Request) -> Identity:
    """The identity behind a bearer token or a session's cookie. Raises NotAuthenticated, and NotPermitted for a change
    that another site made."""
    access, token = installed_use_cases(request).access, bearer(request)
    if token is not None:
        return access.authenticate_token(token, client_ip(request))
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise NotAuthenticated()
    identity = access.authenticate_session(cookie)
    if request.method not in SAFE:
        require_same_origin(request)
    return identity


def known(request: Request) -> bool:
    """Whether the request is somebody's, before anything of it is kept: a person's, a token's or an agent's. Nothing is
    decided and nothing written down; the route's own check follows."""
    token, use_cases = bearer(request), installed_use_cases(request)
    if request.scope["path"].startswith(AGENTS):
        return token is not None and use_cases.agents.admission.knows(token)
    try:
        identify(request)
    except Problem:
        return False
    return True


async def admitted(request: Request) -> Identity:
    """The identity that the route's permission let in."""
    identity: Identity = request.state.identity
    return identity


Who = Annotated[Identity, Depends(admitted)]


async def acting(request: Request, identity: Who) -> Actor:
    """The actor to write down."""
    return replace(identity.actor, ip=client_ip(request))


By = Annotated[Actor, Depends(acting)]
