"""The last 14 days of environments: deliveries, failures, and whether there was drift."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, or_, select

from app.store import tables


def last_days(db: Connection, ids: list[int], now: datetime) -> dict[int, tuple[tuple[int, int, bool], ...]]:
    """The last 14 days of some environments."""
    if not ids:
        return {}
    today = now.astimezone(UTC).date()
    span = [today - timedelta(days=back) for back in range(13, -1, -1)]
    d = tables.days
    counted = select(d).where(d.c.environment_id.in_(ids), d.c.day >= span[0])
    numbers = {(row.environment_id, row.day): (row.delivered, row.failed) for row in db.execute(counted)}
    drifting = _drifting(db, ids, span)
    return {id: tuple((*numbers.get((id, day), (0, 0)), (id, day) in drifting) for day in span) for id in ids}


def _drifting(db: Connection, ids: list[int], span: list[date]) -> set[tuple[int, date]]:
    e = tables.episodes
    start = datetime(span[0].year, span[0].month, span[0].day, tzinfo=UTC)
    query = select(e.c.environment_id, e.c.detected_at, e.c.ended_at).where(
        e.c.environment_id.in_(ids), or_(e.c.ended_at.is_(None), e.c.ended_at >= start)
    )
    return {
        (row.environment_id, day)
        for row in db.execute(query)
        for day in span
        if row.detected_at.date() <= day and (row.ended_at is None or day <= row.ended_at.date())
    }
