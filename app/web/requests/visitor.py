"""Who looks at a page: a person with a session. Without one, the way leads to the log-in."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Request

from app.domain.actor import Actor
from app.domain.errors import NotPermitted
from app.services.security.access import Identity
from app.web.requests.route_dependencies import client_ip, who

OPEN_TO_NEWCOMERS = ("/settings", "/settings/password", "/logout")


class PasswordMustChange(NotPermitted):
    """The one-time password has to be replaced first."""


def visitor(request: Request) -> Identity:
    """The person behind the session. Raises NotAuthenticated, and PasswordMustChange before the first own password."""
    identity = who(request)
    request.state.user = identity.actor.name
    if identity.must_change and request.url.path not in OPEN_TO_NEWCOMERS:
        raise PasswordMustChange()
    return identity


Visitor = Annotated[Identity, Depends(visitor)]


def acting(request: Request, identity: Visitor) -> Actor:
    """The person to write down."""
    return replace(identity.actor, ip=client_ip(request))


By = Annotated[Actor, Depends(acting)]
