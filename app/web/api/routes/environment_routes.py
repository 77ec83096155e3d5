"""The registry: environments, their repositories and webhooks."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Header, Query, Request, Response

from app.comparison import parse_labels
from app.domain.agents.wire import encode
from app.domain.audit import timestamp
from app.domain.environment import Environment as Registered
from app.domain.errors import InvalidInput, Problem
from app.domain.permissions import Permission
from app.ports import EnvironmentFilter
from app.queries import Queries
from app.queries.environment_state import pending_revision
from app.services.outcomes.retries import next_try
from app.web.api.fields import AfterName, Labels, Limit, Name, Text
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import EnvironmentBody, EnvironmentPatch, HoldBody, ProbeBody, WebhookBody
from app.web.api.response_models import Edited, Environment, Hook, Items, Probe, reply
from app.web.api.serializers.domain_json import environment_json, page_of, probe_json, unusable_json
from app.web.api.serializers.pinned_values import without_fingerprints
from app.web.rendering import snippets
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Later, Reads
from app.web.requests.routers import api_router
from app.wording.switch_effects import left_behind

router = api_router("environments")
IfMatch = Annotated[
    str, Header(pattern=r'^(\*|(W/)?"[0-9]{1,9}")$', description="ETag of what is being edited; anything by default.")
]
SyncWord = Literal["", "Synced", "OutOfSync", "Unknown"]
HealthWord = Literal["", "Healthy", "Progressing", "Degraded", "Missing", "Suspended", "Unknown"]


def shown(queries: Queries, environment: Registered, status: int = 200, **headers: str) -> Response:
    """An environment as an answer, with its version as ETag."""
    body = environment_json(environment, queries.targets.kinds(), queries.now())
    return reply(body, status, ETag=f'"{environment.version}"', **headers)


@router.get("/environments", response_model=Items[Environment], dependencies=[may(Permission.VIEW)])
def list_environments(
    queries: Reads,
    who: Who,
    limit: Limit = 50,
    after: AfterName = "",
    search: Text = "",
    mode: Literal["", "push", "pull"] = "",
    sync: SyncWord = "",
    health: HealthWord = "",
    need: Annotated[bool, Query(description="Only those that need a person.")] = False,
    labels: Labels = "",
) -> Response:
    """Environments by name."""
    now = queries.now()
    where = EnvironmentFilter(search, mode, sync, health, need, parse_labels(labels))
    page = queries.environments.page(who, where, now, limit, after or None)
    kinds = queries.targets.kinds()
    return reply(page_of(page, lambda row: environment_json(row.environment, kinds, now)))


@router.post(
    "/environments",
    status_code=201,
    response_model=Environment,
    responses=problems(409),
    dependencies=[may(Permission.REGISTER)],
)
def create_environment(body: EnvironmentBody, use_cases: Cases, queries: Reads, by: By, later: Later) -> Response:
    """Register an environment; its repository is looked at in the background."""
    given = without_fingerprints(queries.targets.kinds(), body.model_dump(exclude_unset=True))
    made = use_cases.registration.create(given, by)
    later.run("first look", lambda: use_cases.registration.first_look(made))
    return shown(queries, made, 201, Location=f"/api/v1/environments/{made.name}")


@router.post("/environments/probe", response_model=Probe, dependencies=[may(Permission.CHECK)])
def probe_repository(body: ProbeBody, use_cases: Cases) -> Response:
    """Look at a repository before saving anything. One that cannot be used is a finding, not an error."""
    try:
        found = use_cases.registration.probe(body.model_dump())
    except InvalidInput:
        raise
    except Problem as problem:
        return reply(unusable_json(problem))
    return reply(probe_json(found))


@router.get("/environments/{name}", response_model=Environment, dependencies=[may(Permission.VIEW)])
def show_environment(name: Name, queries: Reads, who: Who) -> Response:
    """One environment. The ETag is its version."""
    found = queries.environments.get(who, name)
    body = environment_json(found, queries.targets.kinds(), queries.now())
    body["undelivered"] = encode(queries.state.undelivered(who, name))
    again = next_try(found, queries.state.last_delivery(who, name), pending_revision(found))
    body["retry_at"] = timestamp(again) if again else None
    return reply(body, ETag=f'"{found.version}"')


@router.patch(
    "/environments/{name}", response_model=Edited, responses=problems(409, 412), dependencies=[may(Permission.EDIT)]
)
def edit_environment(
    name: Name, body: EnvironmentPatch, use_cases: Cases, queries: Reads, who: Who, by: By, if_match: IfMatch = "*"
) -> Response:
    """Lay a partial specification over the stored one (JSON Merge Patch). The name stays."""
    kinds = queries.targets.kinds()
    change = without_fingerprints(kinds, body.model_dump(exclude_unset=True))
    before = queries.environments.get(who, name)
    edited = use_cases.registration.edit(name, change, by, version=_version(if_match))
    answer = environment_json(edited, kinds, queries.now())
    left = left_behind(kinds, before, edited, same_place=False)
    return reply({**answer, "left_behind": list(left)}, ETag=f'"{edited.version}"')


def _version(if_match: str) -> int | None:
    return None if if_match == "*" else int(if_match.removeprefix("W/").strip('"'))  # proxies that compress weaken it


@router.delete(
    "/environments/{name}", status_code=204, responses=problems(409, 412), dependencies=[may(Permission.DELETE)]
)
def delete_environment(name: Name, use_cases: Cases, by: By, if_match: IfMatch = "*") -> None:
    """Forget an environment. Delivered files and the ledger stay."""
    use_cases.registration.remove(name, by, version=_version(if_match))


@router.put(
    "/environments/{name}/hold",
    response_model=Environment,
    responses=problems(409),
    dependencies=[may(Permission.HOLD)],
)
def set_hold(name: Name, body: HoldBody, use_cases: Cases, queries: Reads, by: By) -> Response:
    """Stop automation, and say why. Somebody else's hold is replaced only with `override_hold`."""
    held = use_cases.holds.hold(name, body.reason, body.expires_at, by, override_hold=body.override_hold)
    return shown(queries, held)


@router.delete(
    "/environments/{name}/hold",
    response_model=Environment,
    responses=problems(409, 424),
    dependencies=[may(Permission.RESUME)],
)
def end_hold(name: Name, use_cases: Cases, queries: Reads, by: By) -> Response:
    """Let automation go on."""
    return shown(queries, use_cases.holds.resume(name, by))


@router.put("/environments/{name}/webhook", response_model=Hook, dependencies=[may(Permission.MANAGE_WEBHOOKS)])
def set_webhook(
    name: Name, request: Request, use_cases: Cases, queries: Reads, who: Who, by: By, body: WebhookBody | None = None
) -> Response:
    """Give an environment's webhook a secret (made up if none is given). It is shown this once."""
    secret = use_cases.webhooks.set_secret(name, body.secret if body else None, by)
    urls = snippets.hook_urls(name, queries.environments.told_by(who, name), snippets.base_url(request))
    return reply({"hook": name, "secret": secret, "urls": urls})


@router.delete("/environments/{name}/webhook", status_code=204, dependencies=[may(Permission.MANAGE_WEBHOOKS)])
def remove_webhook(name: Name, use_cases: Cases, by: By) -> None:
    """Take the secret of an environment's webhook away: every delivery to it is refused from then on."""
    use_cases.webhooks.remove_secret(name, by)


@router.get("/environments/{name}/snippets", response_model=dict[str, str], dependencies=[may(Permission.VIEW)])
def show_snippets(name: Name, request: Request, queries: Reads, who: Who) -> Response:
    """Pipeline steps to copy, filled in, by tool."""
    environment = queries.environments.get(who, name)
    return reply({one.key: one.text for one in snippets.of(environment, snippets.base_url(request))})
