"""The audit log: list, export, verification."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from fastapi.responses import StreamingResponse

from app.domain.permissions import Permission
from app.ports import AuditFilter
from app.services.security.audit_log import fingerprint
from app.web.api.cursors import number
from app.web.api.fields import AfterNumber, Limit, Since, Text, Until
from app.web.api.response_models import AuditEntry, AuditSeal, Items, Verified, reply
from app.web.api.serializers.domain_json import at, page_of
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("audit")
KEY_HEADER = "PushPull-Audit-Key"
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


@router.get("/audit", response_model=Items[AuditEntry], dependencies=[may(Permission.READ_AUDIT)])
def list_audit(queries: Reads, who: Who, where: Where, limit: Limit = 50, after: AfterNumber = "") -> Response:
    """Entries, newest first."""
    return reply(page_of(queries.audit.page(who, where, limit, number(after)), lambda entry: entry.as_dict()))


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"content": {media: {"schema": {"type": "string"}} for media in MEDIA.values()}}},
    dependencies=[may(Permission.READ_AUDIT)],
)
def export_audit(
    use_cases: Cases, queries: Reads, who: Who, where: Where, format: Literal["jsonl", "csv"] = "jsonl"
) -> StreamingResponse:
    """The log, oldest first, as `pushpull audit verify` reads it. A filtered export has gaps, and is
    verified with `--filtered`. The header `PushPull-Audit-Key` is the fingerprint of the key that seals it."""
    name = "pushpull-audit" if where == AuditFilter() else "pushpull-audit-filtered"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{format}"',
        KEY_HEADER: use_cases.audit.fingerprint,
    }
    lines = queries.audit.export(who, format, where)
    return StreamingResponse(lines, media_type=MEDIA[format], headers=headers)


@router.get("/audit/seal", response_model=AuditSeal, dependencies=[may(Permission.READ_AUDIT)])
def seal_audit(use_cases: Cases) -> Response:
    """The log's present end, signed. Kept beside an export as `FILE.seal.json`, it lets `pushpull audit verify --key`
    show that nobody made the export anew; 404 where the log is not what this server wrote."""
    made = use_cases.audit.seal()
    facts = {name: getattr(made, name) for name in ("seq", "hash", "public_key", "signature")}
    return reply({**facts, "at": at(made.at), "fingerprint": fingerprint(made.public_key)})


@router.post("/audit/verifications", response_model=Verified, dependencies=[may(Permission.VERIFY_AUDIT)])
def verify_audit(use_cases: Cases, queries: Reads) -> Response:
    """Walk the whole stored chain and its signed checkpoints."""
    found = use_cases.audit.verify_stored()
    facts = {name: getattr(found, name) for name in ("valid", "entries", "first_bad", "problem", "head")}
    return reply({**facts, "at": at(queries.now())})
