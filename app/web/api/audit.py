"""The audit log: list, export, verification."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from app.ports import AuditFilter
from app.web.api.lists import After, Limit, number
from app.web.api.schemas import Items, Verified
from app.web.api.shapes import page_json
from app.web.deps import Cases, Who

router = APIRouter(tags=["audit"])
Text = Annotated[str, Query(max_length=200)]
MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


def narrowed(
    environment: Text = "",
    actor: Text = "",
    action: Text = "",
    search: Text = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> AuditFilter:
    """Filters of the audit log, from the query."""
    return AuditFilter(environment, actor, action, search, since, until)


Where = Annotated[AuditFilter, Depends(narrowed)]


@router.get("/audit", response_model=Items)
def list_audit(cases: Cases, _: Who, where: Where, limit: Limit = 50, after: After = None) -> Any:
    """Entries, newest first."""
    with cases.world.store.read() as tx:
        page = tx.audit.page(where, limit, number(after))
    return page_json([entry.as_dict() for entry in page.items], page.next)


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"content": {media: {"schema": {"type": "string"}} for media in MEDIA.values()}}},
)
def export_audit(cases: Cases, _: Who, where: Where, format: Literal["jsonl", "csv"] = "jsonl") -> StreamingResponse:
    """The log, oldest first, as `pushpull audit verify` reads it. A filtered export has gaps and says so when verified."""
    headers = {"Content-Disposition": f'attachment; filename="pushpull-audit.{format}"'}
    lines = cases.audit.export(format, where)
    return StreamingResponse(lines, media_type=MEDIA[format], headers=headers)


@router.post("/audit/verifications", response_model=Verified)
def verify_audit(cases: Cases, _: Who) -> Any:
    """Walk the whole stored chain and its signed checkpoints."""
    result = cases.audit.verify_stored()
    return {
        "valid": result.valid,
        "entries": result.entries,
        "first_bad": result.first_bad,
        "problem": result.problem,
        "at": cases.world.clock.now(),
    }
