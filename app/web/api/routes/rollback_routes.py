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
from app.web.api.response_models import HistoryItem, Items, Operation, reply
from app.web.api.response_models import Preview as PreviewAnswer
from app.web.api.routes.operation_routes import accepted
from app.web.api.serializers.domain_json import history_json, page_of
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("history")
Wanted = Annotated[str, Query(max_length=250, pattern=LINE, description="Default: the last good one.")]


@router.get("/environments/{name}/revisions", response_model=Items[HistoryItem], dependencies=[may(Permission.VIEW)])
def list_revisions(name: Name, queries: Reads, who: Who, limit: Limit = 50, after: AfterNumber = "") -> Response:
    """Revisions that were live, newest first."""
    return reply(page_of(queries.history.page(who, name, limit, after or None), history_json))


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
