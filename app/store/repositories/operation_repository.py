"""Recorded operations. The queue that gives them to workers: embedded_queue.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, func, insert, select, update

from app.domain.agents.wire import encode
from app.domain.errors import OperationNotFound
from app.domain.operation import (
    Changes,
    Lease,
    Operation,
    OperationDetail,
    OperationKind,
    Outcome,
    Phase,
    Pipeline,
    PlannedPath,
    Request,
    Stage,
    StageName,
    Trigger,
    UnsupportedPath,
)
from app.ports import OperationFilter, Page
from app.store import tables
from app.store.rows import readable, sound

ops = tables.operations
FINISHED = tuple(phase.value for phase in Phase if phase.final)
ENDS = {
    "committed_at": StageName.COMMITTED,
    "visible_at": StageName.VISIBLE,
    "noticed_at": StageName.NOTICED,
    "fetched_at": StageName.FETCHED,
    "rendered_at": StageName.RENDERED,
    "planned_at": StageName.PLANNED,
    "applied_at": StageName.APPLIED,
    "healthy_at": StageName.HEALTHY,
}
# Statements of every operation are built once: building one takes longer than running it.
_BY_ID = select(ops).where(ops.c.id == bindparam("of"))
_LEASE = select(ops.c.phase, ops.c.worker, ops.c.heartbeat_at, ops.c.termination_by).where(ops.c.id == bindparam("of"))
_INSERT = insert(ops)
_UPDATE = update(ops).where(ops.c.id == bindparam("of"))
_REMOVE = delete(ops).where(ops.c.id == bindparam("of"))
_QUEUED = select(ops).where(ops.c.environment_id == bindparam("of"), ops.c.phase == "queued").order_by(ops.c.id)


class SqlOperations:
    """Implements the port Operations."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, operation: Operation) -> None:
        self._db.execute(_INSERT, _columns(operation))

    def get(self, id: str) -> Operation:
        row = self._db.execute(_BY_ID, {"of": id}).first() if id.isalnum() and id.isascii() else None
        if row is None:
            raise OperationNotFound(f"There is no operation '{id[:40]}'.")
        return read_operation(sound(row))

    def lease(self, id: str) -> Lease:
        row = self._db.execute(_LEASE, {"of": id}).first()
        if row is None:
            raise OperationNotFound(f"There is no operation '{id[:40]}'.")
        return Lease(Phase(row.phase), row.worker, row.heartbeat_at, row.termination_by)

    def save(self, operation: Operation) -> None:
        if operation.phase.final and operation.kind is OperationKind.SYNC and operation.finished_at:
            before = self._db.execute(select(ops.c.phase).where(ops.c.id == operation.id)).scalar()
            if before not in FINISHED:
                self._count(operation)
        self._db.execute(_UPDATE, {**_columns(operation), "of": operation.id})

    def _count(self, operation: Operation) -> None:
        good = operation.outcome is not None and operation.outcome.changed_live
        bad = operation.phase in (Phase.FAILED, Phase.ERROR) and operation.outcome is not Outcome.HELD
        day: date = operation.finished_at.astimezone(UTC).date()  # type: ignore[union-attr]
        d = tables.days
        if not (good or bad):
            return
        same = (d.c.environment_id == operation.environment_id) & (d.c.day == day)
        step = {"delivered": d.c.delivered + int(good), "failed": d.c.failed + int(bad)}
        if not self._db.execute(update(d).where(same).values(step)).rowcount:
            values = {
                "environment_id": operation.environment_id,
                "day": day,
                "delivered": int(good),
                "failed": int(bad),
            }
            self._db.execute(insert(d).values(values))

    def remove(self, id: str) -> None:
        self._db.execute(_REMOVE, {"of": id})

    def progress(self, id: str, done: int, total: int) -> None:
        self._db.execute(update(ops).where(ops.c.id == id, ops.c.phase == "running").values(done=done, total=total))

    def queued(self, environment_id: int) -> tuple[Operation, ...]:
        return readable(self._db.execute(_QUEUED, {"of": environment_id}), read_operation, "operations")

    def active(self, environment_id: int) -> Operation | None:
        order = case((ops.c.phase == "running", 0), else_=1)
        query = select(ops).where(ops.c.environment_id == environment_id, ops.c.phase.in_(("queued", "running")))
        row = self._db.execute(query.order_by(order, ops.c.id).limit(1)).first()
        return read_operation(row) if row else None

    def active_counts(self) -> Mapping[str, int]:
        query = select(ops.c.phase, func.count()).where(ops.c.phase.in_(("queued", "running"))).group_by(ops.c.phase)
        return {row[0]: row[1] for row in self._db.execute(query)}

    def page(self, where: OperationFilter, limit: int, after: str | None) -> Page[Operation]:
        query = select(ops).where(*_narrowed(where)).order_by(ops.c.id.desc())
        query = query.where(ops.c.id < after) if after else query
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = rows[limit - 1].id if len(rows) > limit else None
        return Page(readable(rows[:limit], read_operation, "operations"), next)

    def last_finished(self, environment_id: int, kind: str) -> Operation | None:
        query = select(ops).where(ops.c.environment_id == environment_id, ops.c.kind == kind, ops.c.phase.in_(FINISHED))
        row = self._db.execute(query.order_by(ops.c.id.desc()).limit(1)).first()
        return read_operation(row) if row else None


def _narrowed(where: OperationFilter) -> list[ColumnElement[bool]]:
    parts = [
        getattr(ops.c, name) == getattr(where, name)
        for name in ("environment", "phase", "trigger", "kind", "outcome")
        if getattr(where, name)
    ]
    if where.environment_id is not None:
        parts.append(ops.c.environment_id == where.environment_id)
    if where.revision:
        parts.append(ops.c.revision.startswith(where.revision, autoescape=True))
    if where.since:
        parts.append(ops.c.created_at >= where.since)
    if where.until:
        parts.append(ops.c.created_at < where.until)
    return parts


def _request(request: Request) -> dict[str, Any]:
    sent = request.pipeline
    times = {name: _text(getattr(request, name)) for name in ("noticed_at", "visible_after")}
    return {
        **times,
        "pipeline": {"url": sent.url, "id": sent.id, "commit_time": _text(sent.commit_time)} if sent else None,
        **{name: getattr(request, name) for name in ("allow_older", "left_revision", "retry_of", "reason")},
        **{name: True for name in ("override_hold", "spares_drift", "forward") if getattr(request, name)},
        **({"paths": list(request.paths)} if request.paths else {}),
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _columns(one: Operation) -> dict[str, Any]:
    stages = {name: one.stage(stage) for name, stage in ENDS.items()}
    visible, request = one.stage(StageName.VISIBLE), one.request
    plain = (
        "id", "environment_id", "environment", "mode", "from_revision", "revision", "subject", "author", "reason",
        "created_at", "started_at", "finished_at", "total", "done", "termination_by", "worker", "heartbeat_at",
    )  # fmt: skip
    return {
        **{name: getattr(one, name) for name in plain},
        **{name: stage.finished_at if stage else None for name, stage in stages.items()},
        **{name: getattr(one.changes, name) for name in ("created", "updated", "deleted", "unchanged")},
        "visible_after": visible.started_at if visible else None,
        "kind": one.kind.value,
        "trigger": one.trigger.value,
        "phase": one.phase.value,
        "outcome": one.outcome.value if one.outcome else None,
        "wanted": request.wanted,
        "initiated_by": request.initiated_by,
        "webhook_missed": request.webhook_missed,
        "request": _request(request),
        "stages": [[stage.name.value, _text(stage.started_at), _text(stage.finished_at)] for stage in one.stages],
        "detail": {name: value for name, value in encode(one.detail).items() if value},
    }


def _read_request(row: Any) -> Request:
    given: Mapping[str, Any] = row.request
    sent = given.get("pipeline")
    pipeline = Pipeline(sent["url"], sent["id"], _time(sent["commit_time"])) if sent else None
    return Request(
        OperationKind(row.kind),
        Trigger(row.trigger),
        row.initiated_by,
        wanted=row.wanted,
        reason=given.get("reason", ""),
        pipeline=pipeline,
        allow_older=bool(given.get("allow_older")),
        left_revision=given.get("left_revision"),
        noticed_at=_time(given.get("noticed_at")),
        visible_after=_time(given.get("visible_after")),
        retry_of=given.get("retry_of"),
        webhook_missed=row.webhook_missed,
        override_hold=bool(given.get("override_hold")),
        spares_drift=bool(given.get("spares_drift")),
        paths=tuple(given.get("paths") or ()),
        forward=bool(given.get("forward")),
    )


def _read_detail(data: Mapping[str, Any]) -> OperationDetail:
    """The detail of an operation, also from another version: missing fields are empty."""
    would, unmanaged = data.get("would"), data.get("unmanaged")
    counts = {name: int(would.get(name, 0)) for name in ("created", "updated", "deleted")} if would else None
    return OperationDetail(
        paths=tuple(PlannedPath(one["path"], one["action"]) for one in data.get("paths") or ()),
        state=data.get("tree"),
        would=Changes(**counts) if counts else None,
        unsupported=tuple(UnsupportedPath(one["path"], one["kind"]) for one in data.get("unsupported") or ()),
        unmanaged=unmanaged,
        attempts=int(data.get("attempts") or 0),
    )


def read_operation(row: Any) -> Operation:
    """A row of the table as an operation. Raises what a damaged row raises: ValueError, TypeError, KeyError."""
    stages = [Stage(StageName(name), datetime.fromisoformat(start), _time(end)) for name, start, end in row.stages]
    plain = (
        "id", "environment_id", "environment", "mode", "from_revision", "revision", "subject", "author", "reason",
        "created_at", "started_at", "finished_at", "total", "done", "termination_by", "worker", "heartbeat_at",
    )  # fmt: skip
    return Operation(
        **{name: getattr(row, name) for name in plain},
        detail=_read_detail(row.detail),
        request=_read_request(row),
        phase=Phase(row.phase),
        outcome=Outcome(row.outcome) if row.outcome else None,
        stages=tuple(stages),
        changes=Changes(row.created, row.updated, row.deleted, row.unchanged),
    )
