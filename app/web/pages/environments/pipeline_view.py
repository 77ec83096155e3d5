"""How a pipeline or a provider reaches this environment: steps to copy, and its webhook."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from app.domain.errors import CredentialNotFound
from app.domain.webhook import PROVIDERS
from app.ports import Credential, Delivery, Transaction
from app.services.use_cases import UseCases
from app.web.pages.environments.header import REGION, Head, head
from app.web.pages.environments.notices import Notice, notices
from app.web.rendering import render, snippets
from app.web.rendering.snippets import Snippet
from app.web.requests.route_dependencies import Cases
from app.web.requests.routers import page_router
from app.web.requests.visitor import By, Visitor

DELIVERIES = 10
router = page_router()


@dataclass(frozen=True, slots=True)
class PipelineView:
    """What environments/pipeline.html gets. `secret` is there once, right after it was made."""

    head: Head
    notices: tuple[Notice, ...]
    snippets: tuple[Snippet, ...]
    hooks: tuple[tuple[str, str], ...]
    stored: Credential | None
    secret: str
    deliveries: tuple[Delivery, ...]


@router.get("/environments/{name}/pipeline")
def pipeline(request: Request, use_cases: Cases, name: str, _: Visitor) -> Response:
    """Steps to copy and paste, filled in."""
    return _page(request, use_cases, name)


@router.post("/environments/{name}/webhook")
def webhook(request: Request, use_cases: Cases, name: str, by: By) -> Response:
    """Give the webhook a new secret; this answer shows it, and nothing after it."""
    with use_cases.ports.store.read() as tx:
        tx.environments.get(name)
    return _page(request, use_cases, name, use_cases.webhooks.set_secret(name, None, by))


def _page(request: Request, use_cases: UseCases, name: str, secret: str = "") -> Response:
    top, base = head(use_cases, name, "pipeline"), snippets.base_url(request)
    with use_cases.ports.store.read() as tx:
        stored = _stored(tx, name)
        deliveries = tx.inbox.page(name, DELIVERIES, None).items
    context = PipelineView(
        head=top,
        notices=notices(top),
        snippets=snippets.of(top.environment, base),
        hooks=tuple((one.title, f"{base}/webhooks/{one.name}/{name}") for one in PROVIDERS.values()),
        stored=stored,
        secret=secret,
        deliveries=deliveries,
    )
    return render.page(request, "environments/pipeline.html", context, nav="overview", regions=(REGION,))


def _stored(tx: Transaction, name: str) -> Credential | None:
    try:
        found = tx.credentials.get(name)
    except CredentialNotFound:
        return None
    return found if found.kind == "webhook-secret" else None
