"""History, and the way back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.domain.errors import InvalidInput
from app.domain.tree import printable
from app.services.previewing import shown
from app.web.api.lists import After, Limit
from app.web.api.schemas import Anything, Items, RollbackBody
from app.web.api.shapes import history_json, operation_json, page_of
from app.web.deps import By, Cases, Who

router = APIRouter(tags=["history"])


@router.get("/environments/{name}/revisions", response_model=Items)
def list_revisions(name: str, cases: Cases, _: Who, limit: Limit = 50, after: After = None) -> Any:
    """Revisions that were live, newest first."""
    with cases.world.store.read() as tx:
        environment = tx.environments.get(name)
        return page_of(tx.history.page(environment.id, limit, after or None), history_json)


@router.get("/environments/{name}/rollbacks/preview", response_model=Anything)
def preview(name: str, cases: Cases, _: Who, revision: Annotated[str | None, Query(max_length=250)] = None) -> Any:
    """The plan of going back to a revision (default: the last good one), before anyone confirms."""
    found = cases.rollback.preview(name, revision or None)
    return {
        "environment": name,
        "from_revision": found.environment.status.revision,
        "revision": found.revision.sha,
        "subject": found.revision.subject,
        "forward": found.forward,
        "items": shown(found),
        "count": len(found.plan.work),
        "unmanaged": [printable(path) for path in found.live.unmanaged],
        "unmanaged_count": found.live.unmanaged_count,
    }


@router.post("/environments/{name}/rollbacks", status_code=202, response_model=Anything)
def roll_back(name: str, body: RollbackBody, cases: Cases, by: By, response: Response) -> Any:
    """Go back to a revision of the history and stay there."""
    if (body.revision is None) == (not body.last_good):
        raise InvalidInput(fields={"revision": 'give either "revision" or "last_good": true'})
    operation = cases.rollback.back(name, body.revision, body.strategy, body.reason, by, body.expires_at)
    response.headers["Location"] = f"/api/v1/operations/{operation.id}"
    return operation_json(operation)
