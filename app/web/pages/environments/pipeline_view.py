"""The pipeline view: steps to copy into a pipeline, and the environment's webhook."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.identity import Identity
from app.domain.permissions import Permission
from app.domain.webhook import PROVIDERS
from app.ports import Delivery, HookSecret
from app.queries import Queries
from app.web.pages.environments.environment_view import Top, show, top
from app.web.pages.environments.external.connect_view import connect
from app.web.rendering import snippets
from app.web.rendering.snippets import Snippet
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import page_router

DELIVERIES = 10
router = page_router()


@dataclass(frozen=True, slots=True)
class PipelineView(Top):
    """What environments/pipeline.html gets. `secret` is there once, right after it was made."""

    snippets: tuple[Snippet, ...]
    hooks: tuple[tuple[str, str, str], ...]
    stored: HookSecret | None
    secret: str
    deliveries: tuple[Delivery, ...]


@router.get("/environments/{name}/pipeline", dependencies=[may(Permission.VIEW)])
def pipeline(request: Request, queries: Reads, who: Who, name: str) -> Response:
    """Steps to copy and paste, filled in."""
    return _page(request, queries, who, name)


@router.post("/environments/{name}/webhook", dependencies=[may(Permission.MANAGE_WEBHOOKS)])
def webhook(request: Request, use_cases: Cases, queries: Reads, who: Who, by: By, name: str) -> Response:
    """Give the webhook a new secret; this answer shows it, and nothing after it."""
    queries.environments.get(who, name)  # there must be one before it is given a secret
    return _page(request, queries, who, name, use_cases.webhooks.set_secret(name, None, by))


def _page(request: Request, queries: Queries, who: Identity, name: str, secret: str = "") -> Response:
    above, base = top(queries, who, name, "pipeline"), snippets.base_url(request)
    stored, deliveries = queries.secrets.webhook(who, name, DELIVERIES)
    if spec := above.head.environment.external:
        return connect(request, above, spec, stored, secret, deliveries)
    context = PipelineView(
        above.head,
        above.notices,
        snippets=snippets.of(above.head.environment, base),
        hooks=tuple((one.title, one.setting, f"{base}/webhooks/{one.name}/{name}") for one in PROVIDERS.values()),
        stored=stored,
        secret=secret,
        deliveries=deliveries,
    )
    return show(request, "environments/pipeline.html", context)
