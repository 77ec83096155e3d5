"""How to make a system tell what it delivers: its address, its secret, and what to copy."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.environment import ExternalSpec
from app.domain.external import SYSTEMS, ExternalSystem
from app.ports import Delivery, HookSecret
from app.web.pages.environments.environment_view import Top, show
from app.web.rendering import snippets


@dataclass(frozen=True, slots=True)
class ConnectView(Top):
    """What environments/connect.html gets. `system`: None where this version does not know it; `secret` is there once,
    right after it was made."""

    system: ExternalSystem | None
    url: str
    text: str
    stored: HookSecret | None
    secret: str
    deliveries: tuple[Delivery, ...]


def connect(
    request: Request, above: Top, spec: ExternalSpec, stored: HookSecret | None, secret: str,
    deliveries: tuple[Delivery, ...],
) -> Response:  # fmt: skip
    """The page; a secret that was just made stands in the text to copy."""
    one, base, system = above.head.environment, snippets.base_url(request), SYSTEMS.get(spec.system)
    url, text = snippets.hook_urls(one.name, spec, base)[spec.system], snippets.connecting(one, spec, base, secret).text
    context = ConnectView(above.head, above.notices, system, url, text, stored, secret, deliveries)
    return show(request, "environments/connect.html", context)
