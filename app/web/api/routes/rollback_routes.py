"""History, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Query, Response

from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.services.environments.rollback import RollbackWish
from app.web.api.fields import LINE, AfterNumber, Limit, Name
from app.web.api.openapi import problems
from app.web.api.request_bodies.bodies import RollbackBody
from app.web.api.response_models import ForwardPlan, HistoryItem, Items, Noticing, Operation, reply
from app.web.api.response_models import Preview as PreviewAnswer
from app.web.api.routes.operation_routes import accepted
from app.web.api.serializers.domain_json import history_json, hold_json, noticing_json, page_of
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("history")
Wanted = Annotated[str, Query(max_length=250, pattern=LINE, description="Default: the last good one.")]

Asked = Annotated[
    str, Query(max_length=250, pattern=LINE, description="Commit, branch or tag; default: the environment's ref.")
]


@router.get("/environments/{name}/revisions", response_model=Items[HistoryItem], dependencies=[may(Permission.VIEW)])
def list_revisions(name: Name, queries: Reads, who: Who, limit: Limit = 50, after: AfterNumber = "") -> Response:
    """Revisions that were live, newest first."""
    return reply(page_of(queries.history.page(who, name, limit, after or None), history_json))


@router.get("/environments/{name}/noticings", response_model=Items[Noticing], dependencies=[may(Permission.VIEW)])
def list_noticings(name: Name, queries: Reads, who: Who, limit: Limit = 50, after: AfterNumber = "") -> Response:
    """Commits that were noticed, newest first, each once: who saw it, and what became of it."""
    return reply(page_of(queries.history.noticed(who, name, limit, int(after) if after else None), noticing_json))


@router.get(
    "/environments/{name}/rollbacks/preview",
    response_model=PreviewAnswer,
    responses=problems(409, 424, 503),
    dependencies=[may(Permission.READ_DIFFS)],
)
def preview(name: Name, use_cases: Cases, revision: Wanted = "") -> Response:
    """The plan of going back to a revision, before anyone confirms."""
    shown = asdict(use_cases.previews.show(name, revision or None))
    return reply({"environment": name, **{key: shown[key] for key in PreviewAnswer.model_fields if key in shown}})


@router.get(
    "/environments/{name}/plan",
    response_model=ForwardPlan,
    responses=problems(409, 424, 503),
    dependencies=[may(Permission.READ_DIFFS)],
)
def plan(name: Name, use_cases: Cases, queries: Reads, who: Who, revision: Asked = "") -> Response:
    """What a delivery of a revision would do, before anyone asks for it. Nothing is changed."""
    shown = use_cases.previews.forward(name, revision or None)
    environment, item = queries.history.find(who, name, shown.revision)
    body = {key: value for key, value in asdict(shown).items() if key in ForwardPlan.model_fields}
    body["up_to_date"] = shown.revision == shown.from_revision and not shown.count
    body["bad"] = (item.bad_reason or "no reason was given") if item and item.bad else None
    return reply({"environment": name, **body, "hold": hold_json(environment.hold)})


@router.post(
    "/environments/{name}/rollbacks",
    status_code=202,
    response_model=Operation,
    responses=problems(409, 424),
    dependencies=[may(Permission.ROLLBACK)],
)
def roll_back(name: Name, body: RollbackBody, use_cases: Cases, by: By) -> Response:
    """Go back to a revision of the history and stay there."""
    if (body.revision is None) == (not body.last_good):
        raise InvalidInput(fields={"revision": 'give either "revision" or "last_good": true'})
    wish = RollbackWish(body.revision, body.strategy, body.reason, body.expires_at, body.override_hold)
    return accepted(use_cases.rollback.back(name, wish, by))
