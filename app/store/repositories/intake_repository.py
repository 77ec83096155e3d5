"""Polls of repositories and webhook deliveries."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.ports import Delivery, Page, Poll, RepositoryState
from app.store import tables
from app.store.rows import readable

rep = tables.repositories
pol = tables.polls
d = tables.deliveries
dr = tables.delivered_revisions


# Written once, because a poll without news asks little else: a statement that is made anew costs more than its answer.
_url: BindParameter[str] = bindparam("url")
_key: BindParameter[str] = bindparam("key")
_KNOWN = select(rep).where(rep.c.repo_url == _url, rep.c.credential == _key)
_LEARNT = update(rep).where(rep.c.repo_url == _url, rep.c.credential == _key)
_LAST = select(func.max(pol.c.id)).where(pol.c.repo_url == _url, pol.c.credential == _key).scalar_subquery()
_AGAIN = (
    update(pol)
    .where(pol.c.id == _LAST, pol.c.result == bindparam("as_before"), pol.c.detail == bindparam("told_before"))
    .values(last_at=bindparam("at"), times=pol.c.times + 1)
)


class SqlRepositories:
    """Implements the port Repositories."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def get(self, repo_url: str, credential: str | None) -> RepositoryState | None:
        row = self._db.execute(_KNOWN, {"url": repo_url, "key": credential or ""}).first()
        known = (row.heads, row.looked_at, row.failing_since, row.error) if row else None
        return RepositoryState(repo_url, credential, *known) if known else None

    def put(self, watched: RepositoryState) -> None:
        values = {
            "heads": dict(watched.heads),
            "looked_at": watched.looked_at,
            "failing_since": watched.failing_since,
            "error": watched.error,
        }
        url, key = watched.repo_url, watched.credential or ""
        if not self._db.execute(_LEARNT, {"url": url, "key": key, **values}).rowcount:
            self._db.execute(insert(rep).values(repo_url=url, credential=key, **values))

    def polled(self, watched: RepositoryState, at: datetime, result: str, detail: str = "") -> None:
        repo_url, key = watched.repo_url, watched.credential or ""
        same = {"url": repo_url, "key": key, "at": at, "as_before": result, "told_before": detail}
        if self._db.execute(_AGAIN, same).rowcount:
            return
        values = {
            "repo_url": repo_url,
            "credential": key,
            "first_at": at,
            "last_at": at,
            "times": 1,
            "result": result,
            "detail": detail,
        }
        self._db.execute(insert(pol).values(values))

    def polls(self, repo_url: str, limit: int = 20) -> tuple[Poll, ...]:
        columns = (pol.c.repo_url, pol.c.first_at, pol.c.last_at, pol.c.times, pol.c.result, pol.c.detail)
        query = select(*columns).where(pol.c.repo_url == repo_url).order_by(pol.c.id.desc()).limit(limit)
        return tuple(Poll(*row) for row in self._db.execute(query))


FURTHEST = timedelta(minutes=10)  # no delivery is put off for longer: one that is, was so before the clock was set back


class SqlInbox:
    """Implements the port Inbox."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def put(self, delivery: Delivery) -> tuple[Delivery, bool]:
        names = (
            "provider",
            "hook",
            "delivery_id",
            "received_at",
            "event",
            "state",
            "attempts",
            "next_at",
            "decision",
            "body",
            "pushed_at",
        )
        values = {name: getattr(delivery, name) for name in names}
        try:
            with self._db.begin_nested():
                result = self._db.execute(insert(d).values(**values, announced=dict(delivery.announced)))
        except IntegrityError:
            same = (d.c.provider == delivery.provider) & (d.c.hook == delivery.hook)
            row = self._db.execute(select(d).where(same, d.c.delivery_id == delivery.delivery_id)).one()
            return _read(row), False
        id = result.inserted_primary_key[0]  # type: ignore[index]
        revisions = {sha for sha in delivery.announced.values() if sha}
        if revisions:
            rows = [{"delivery": id, "revision": sha[:64], "hook": delivery.hook} for sha in revisions]
            self._db.execute(insert(dr), rows)
        return _read(self._db.execute(select(d).where(d.c.id == id)).one()), True

    def save(self, delivery: Delivery) -> None:
        names = ("state", "attempts", "next_at", "decision")
        values = {
            **{name: getattr(delivery, name) for name in names},
            "done": {str(id): what for id, what in delivery.done.items()},
        }
        self._db.execute(update(d).where(d.c.id == delivery.id).values(values))

    def retire(self, hook: str, name: str) -> None:
        over = {"state": "failed", "decision": "its hook was deleted"}
        waits = (d.c.hook == hook) & d.c.state.in_(("received", "waiting"))
        self._db.execute(update(d).where(waits).values(over))
        self._db.execute(update(d).where(d.c.hook == hook).values(hook=name))
        self._db.execute(update(dr).where(dr.c.hook == hook).values(hook=name))

    def due(self, now: datetime, limit: int) -> tuple[Delivery, ...]:
        due = or_(d.c.next_at <= now, d.c.next_at > now + FURTHEST)
        waiting = (d.c.state == "waiting") & due
        left = (d.c.state == "received") & or_(d.c.next_at.is_(None), due)
        query = select(d).where(or_(waiting, left)).order_by(d.c.id).limit(limit)
        return readable(self._db.execute(query), _read, "deliveries")

    def page(self, hook: str | None, limit: int, after: int | None) -> Page[Delivery]:
        query = select(d).order_by(d.c.id.desc())
        query = query.where(d.c.hook == hook) if hook is not None else query
        query = query.where(d.c.id < after) if after is not None else query
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = str(rows[limit - 1].id) if len(rows) > limit else None
        return Page(readable(rows[:limit], _read, "deliveries"), next)

    def brought(self, delivery: Delivery, sha: str) -> None:
        known = select(dr.c.delivery).where(dr.c.delivery == delivery.id, dr.c.revision == sha)
        if self._db.execute(known).first() is None:
            self._db.execute(insert(dr).values(delivery=delivery.id, revision=sha, hook=delivery.hook))

    def announced(self, hooks: Collection[str], sha: str) -> bool:
        query = select(dr.c.delivery).where(dr.c.hook.in_(list(hooks)), dr.c.revision == sha).limit(1)
        return self._db.execute(query).first() is not None

    def pushed_at(self, hooks: Collection[str], sha: str) -> datetime | None:
        query = select(d.c.pushed_at).join(dr, dr.c.delivery == d.c.id).order_by(d.c.id).limit(1)
        told = query.where(dr.c.hook.in_(list(hooks)), dr.c.revision == sha, d.c.pushed_at.is_not(None))
        found: datetime | None = self._db.execute(told).scalar()
        return found

    def in_use(self, hooks: Collection[str]) -> bool:
        return self._db.execute(select(d.c.id).where(d.c.hook.in_(list(hooks))).limit(1)).first() is not None


def _read(row: Any) -> Delivery:
    names = ("id", "provider", "hook", "delivery_id", "received_at", "event", "announced", "state", "attempts",
             "next_at", "decision", "body", "pushed_at")  # fmt: skip
    return Delivery(
        **{name: getattr(row, name) for name in names}, done={int(id): what for id, what in row.done.items()}
    )
