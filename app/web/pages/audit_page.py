"""The audit log page: entries with actor, action, object, address and time; and the verification of the chain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Path, Request, Response

from app.domain.audit import AuditEntry, Verification
from app.domain.permissions import Permission
from app.ports import AuditFilter, KeptHead
from app.web.pages.query_parameters import After, Word, clean, moment, number, tidied
from app.web.rendering import links, render
from app.web.requests.permission_check import Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import page_router
from app.wording.quantities import listed

ROWS, AROUND, PATHS = 50, 20, 5
REQUEST, END = ".request", ".finish"
router = page_router()


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An audit entry for display: its time, and its data in words. `request`: the entry that asked for what this one
    says the end of; both are one line."""

    entry: AuditEntry
    at: datetime
    details: str
    request: AuditEntry | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """The context of audit/index.html."""

    lines: tuple[AuditLine, ...]
    filters: Mapping[str, str]
    narrowed: bool
    actors: tuple[str, ...]
    actions: tuple[str, ...]
    entries: int
    checked: Verification | None
    checked_at: datetime | None
    url: str
    first: str
    next: str
    export: Mapping[str, str]
    key: str
    kept: KeptHead | None


@dataclass(frozen=True, slots=True)
class AuditEntryPage:
    """The context of audit/entry.html. `around`: other entries about the same thing, oldest first."""

    line: AuditLine
    data: str
    around: tuple[AuditLine, ...]
    last: int


@router.get("/audit", dependencies=[may(Permission.READ_AUDIT)])
def audit(
    request: Request,
    queries: Reads,
    use_cases: Cases,
    who: Who,
    environment: Word = "",
    actor: Word = "",
    action: Word = "",
    q: Word = "",
    since: Word = "",
    until: Word = "",
    after: After = "",
) -> Response:
    """Entries, newest first, narrowed by what the address says."""
    if tidy := tidied(request):
        return tidy
    given = {"environment": environment, "actor": actor, "action": action, "q": q, "since": since, "until": until}
    filters = {name: clean(value) for name, value in given.items()}
    where = AuditFilter(
        filters["environment"], filters["actor"], filters["action"], filters["q"],
        moment(filters["since"]), moment(filters["until"], end=True),
    )  # fmt: skip
    found = queries.audit.view(who, where, ROWS, number(after))
    page = found.page
    checked, checked_at = getattr(request.app.state, "verified", (None, None))
    narrowing = {**{name: value for name, value in filters.items() if name != "q"}, "search": filters["q"]}
    context = AuditPage(
        lines=tuple(_lines(page.items)),
        filters=filters,
        narrowed=any(filters.values()),
        actors=found.actors,
        actions=found.actions,
        entries=found.entries,
        checked=checked,
        checked_at=checked_at,
        url=links.with_query("/audit", {**filters, "after": after}),
        first=links.with_query("/audit", filters) if after else "",
        next=links.with_query("/audit", {**filters, "after": page.next}) if page.next else "",
        export={
            form: links.with_query("/api/v1/audit/export", {**narrowing, "format": form}) for form in ("jsonl", "csv")
        },
        key=use_cases.audit.fingerprint,
        kept=use_cases.audit.last_kept(),
    )
    return render.page(request, "audit/index.html", context, nav="audit", regions=("audit",))


@router.get("/audit/{seq}", dependencies=[may(Permission.READ_AUDIT)])
def audit_entry(request: Request, queries: Reads, who: Who, seq: Annotated[int, Path(ge=1, le=10**15)]) -> Response:
    """One entry, with all that it says."""
    entry = queries.audit.entry(who, seq)
    kind, _, name = entry.object.partition(":")
    found = queries.audit.view(who, AuditFilter(search=name if kind == "operation" else ""), AROUND, None)
    context = AuditEntryPage(
        line=_line(entry),
        data=json.dumps(dict(entry.data), indent=2, sort_keys=True),
        around=tuple(_line(one) for one in reversed(found.page.items) if one.seq != seq and one.object == entry.object),
        last=found.entries,
    )
    return render.page(request, "audit/entry.html", context, nav="audit")


@router.post("/audit/verify", dependencies=[may(Permission.VERIFY_AUDIT)])
def verify(request: Request, use_cases: Cases, queries: Reads) -> Response:
    """Walk the whole chain now."""
    result = use_cases.audit.verify_stored()
    request.app.state.verified = (result, queries.now())
    if result.valid:
        return render.done(request, "/audit", f"The chain is intact: {result.entries} entries")
    return render.done(request, "/audit", "The chain is broken", result.problem, "bad")


def _lines(entries: Sequence[AuditEntry]) -> Iterator[AuditLine]:
    """Entries as lines, newest first; the request of an operation stands in the line of its end."""
    ends = {one.object for one in entries if one.action.endswith(END)}
    asked = {one.object: one for one in entries if one.action.endswith(REQUEST) and one.object in ends}
    for entry in entries:
        if entry.action.endswith(END):
            yield replace(_line(entry), request=asked.get(entry.object))
        elif entry is not asked.get(entry.object):
            yield _line(entry)


def _line(entry: AuditEntry) -> AuditLine:
    shown = {key: value for key, value in entry.data.items() if key not in ("environment", "mode") and value}
    parts = [f"{key.replace('_', ' ')}: {_short(value)}" for key, value in shown.items() if _short(value)]
    return AuditLine(entry, datetime.fromisoformat(entry.at), ", ".join(parts)[:600])


def _short(value: object) -> str:
    if isinstance(value, str):
        return value[:8] if len(value) == 40 else value[:250]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return listed([*value[:PATHS], *([f"{len(value) - PATHS} more"] if len(value) > PATHS else [])])[:250]
    return str(value) if isinstance(value, int | float) else ""
