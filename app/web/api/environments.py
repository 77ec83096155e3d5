"""The registry: environments, their repositories and webhooks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Body, Query, Request, Response

from app.domain.comparison import parse_labels
from app.domain.tree import printable
from app.domain.webhook import PROVIDERS
from app.ports import EnvironmentFilter
from app.web import snippets
from app.web.api.lists import After, Limit
from app.web.api.schemas import Anything, EnvironmentBody, HoldBody, Items, ProbeBody, WebhookBody
from app.web.api.shapes import environment_json, page_of
from app.web.background import in_background
from app.web.deps import By, Cases, Who

router = APIRouter(tags=["environments"])
Text = Annotated[str, Query(max_length=200)]


@router.get("/environments", response_model=Items)
def list_environments(
    cases: Cases,
    _: Who,
    limit: Limit = 50,
    after: After = None,
    search: Text = "",
    mode: Text = "",
    sync: Text = "",
    health: Text = "",
    need: bool = False,
    labels: Annotated[str, Query(max_length=500, description="key=value,key2=value2")] = "",
) -> Any:
    """Environments by name."""
    now = cases.world.clock.now()
    where = EnvironmentFilter(search, mode, sync, health, need, parse_labels(labels))
    with cases.world.store.read() as tx:
        page = tx.environments.page(where, now, limit, after or None)
    return page_of(page, lambda row: environment_json(row.environment, now))


@router.post("/environments", status_code=201, response_model=Anything)
def create_environment(body: EnvironmentBody, cases: Cases, by: By, response: Response, tasks: BackgroundTasks) -> Any:
    """Register an environment; its repository is looked at in the background."""
    made = cases.registration.create(body.model_dump(exclude_unset=True), by)
    response.headers["Location"] = f"/api/v1/environments/{made.name}"
    tasks.add_task(in_background, "first look", lambda: cases.registration.first_look(made))
    return environment_json(made, cases.world.clock.now())


@router.post("/environments/probe", response_model=Anything)
def probe_repository(body: ProbeBody, cases: Cases, _: By) -> Any:
    """Look at a repository before saving anything."""
    found = cases.registration.probe(body.model_dump())
    revision = found.revision
    return {
        "reachable": True,
        "branches": list(found.branches),
        "tags": list(found.tags),
        "default_branch": found.default_branch,
        "revision": revision.sha if revision else None,
        "subject": revision.subject if revision else None,
        "files": found.files,
        "unsupported": [{"path": printable(one.path), "kind": one.kind} for one in found.unsupported],
    }


@router.get("/environments/{name}", response_model=Anything)
def show_environment(name: str, cases: Cases, _: Who) -> Any:
    """One environment."""
    with cases.world.store.read() as tx:
        return environment_json(tx.environments.get(name), cases.world.clock.now())


@router.patch("/environments/{name}", response_model=Anything)
def edit_environment(
    name: str,
    body: Annotated[dict[str, Any], Body(examples=[{"policy": {"self_heal": True}}])],
    cases: Cases,
    by: By,
) -> Any:
    """Lay a partial specification over the stored one (JSON Merge Patch)."""
    return environment_json(cases.registration.edit(name, body, by), cases.world.clock.now())


@router.delete("/environments/{name}", status_code=204)
def delete_environment(name: str, cases: Cases, by: By) -> None:
    """Forget an environment. Delivered files and the ledger stay."""
    cases.registration.remove(name, by)


@router.put("/environments/{name}/hold", response_model=Anything)
def set_hold(name: str, cases: Cases, by: By, body: HoldBody | None = None) -> Any:
    """Stop automation."""
    given = body or HoldBody()
    held = cases.holds.hold(name, given.reason, given.expires_at, by)
    return environment_json(held, cases.world.clock.now())


@router.delete("/environments/{name}/hold", response_model=Anything)
def end_hold(name: str, cases: Cases, by: By) -> Any:
    """Let automation go on."""
    return environment_json(cases.holds.resume(name, by), cases.world.clock.now())


@router.put("/environments/{name}/webhook", response_model=Anything)
def set_webhook(name: str, request: Request, cases: Cases, by: By, body: WebhookBody | None = None) -> Any:
    """Give an environment's webhook a secret (made up if none is given). It is shown this once."""
    secret = cases.webhooks.set_secret(name, body.secret if body else None, by)
    base = snippets.base_url(request)
    return {"hook": name, "secret": secret, "urls": {one: f"{base}/webhooks/{one}/{name}" for one in PROVIDERS}}


@router.get("/environments/{name}/snippets", response_model=Anything)
def show_snippets(name: str, request: Request, cases: Cases, _: Who) -> Any:
    """Pipeline steps to copy, filled in."""
    with cases.world.store.read() as tx:
        environment = tx.environments.get(name)
    return {one.key: one.text for one in snippets.of(environment, snippets.base_url(request))}
