"""The audit log: list, export, verification."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from fastapi.responses import StreamingResponse

from app.ports import AuditFilter
from app.web.api.cursors import number
from app.web.api.fields import AfterNumber, Limit, Since, Text, Until
from app.web.api.response_models import AuditEntry, Items, Verified, reply
from app.web.api.serializers.domain_json import at, page_of
from app.web.requests.route_dependencies import Cases, Who
from app.web.requests.routers import api_router

router = api_router("audit")
MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv"}


def narrowed(
    environment: Text = "",
    actor: Text = "",
    action: Text = "",
    search: Text = "",
    since: Since = None,
    until: Until = None,
) -> AuditFilter:
    """Filters of the audit log, from the query."""
    return AuditFilter(environment, actor, action, search, since, until)


Where = Annotated[AuditFilter, Depends(narrowed)]


@router.get("/audit", response_model=Items[AuditEntry])
def list_audit(use_cases: Cases, _: Who, where: Where, limit: Limit = 50, after: AfterNumber = "") -> Response:
    """Entries, newest first."""
    with use_cases.ports.store.read() as tx:
        return reply(page_of(tx.audit.page(where, limit, number(after)), lambda entry: entry.as_dict()))


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"content": {media: {"schema": {"type": "string"}} for media in MEDIA.values()}}},
)
def export_audit(
    use_cases: Cases, _: Who, where: Where, format: Literal["jsonl", "csv"] = "jsonl"
) -> StreamingResponse:
    """The log, oldest first, as `pushpull audit verify` reads it. A filtered export has gaps, and is
    verified with `--filtered`."""
    name = "pushpull-audit" if where == AuditFilter() else "pushpull-audit-filtered"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"'}
    lines = use_cases.audit.export(format, where)
    return StreamingResponse(lines, media_type=MEDIA[format], headers=headers)


@router.post("/audit/verifications", response_model=Verified)
def verify_audit(use_cases: Cases, _: Who) -> Response:
    """Walk the whole stored chain and its signed checkpoints."""
    found = use_cases.audit.verify_stored()
    facts = {name: getattr(found, name) for name in ("valid", "entries", "first_bad", "problem", "head")}
    return reply({**facts, "at": at(use_cases.ports.clock.now())})
