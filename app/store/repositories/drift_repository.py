"""Drift: episodes, and the last report of each environment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.domain.environment import Environment
from app.domain.errors import EpisodeNotFound
from app.domain.state.drift import DriftReport, Ending, Episode, read_report
from app.domain.state.episode_report import EpisodeReport, KeptContent, read_episode_report
from app.ports import Page
from app.store import tables
from app.store.cipher import Cipher
from app.store.episode_content_rows import SqlEpisodeContents
from app.store.rows import readable

e = tables.episodes
r = tables.drift_reports
k = tables.episode_reports
# Asked at every refresh: building a statement takes longer than running it.
_CURRENT = select(e).where(e.c.environment_id == bindparam("of"), e.c.ended_at.is_(None))
_REPORT = select(r.c.report).where(r.c.environment_id == bindparam("of"))


class SqlEpisodes:
    """Implements the port Episodes."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._db, self._contents = connection, SqlEpisodeContents(connection, cipher)

    def open_one(
        self, environment: Environment, last_good_at: datetime | None, at: datetime, paths: Sequence[str], count: int
    ) -> Episode:
        values = {
            "environment_id": environment.id,
            "environment": environment.name,
            "mode": environment.mode.value,
            "revision": environment.status.revision,
            "last_good_at": last_good_at,
            "detected_at": at,
            "paths": list(paths),
            "count": count,
            "acknowledged_by": "",
            "ended_by": "",
        }
        id = self._db.execute(insert(e).values(values)).inserted_primary_key[0]  # type: ignore[index]
        return read_episode(self._db.execute(select(e).where(e.c.id == id)).one())

    def update(self, id: int, paths: Sequence[str], count: int) -> None:
        self._db.execute(update(e).where(e.c.id == id).values(paths=list(paths), count=count))

    def acknowledge(self, id: int, by: str, at: datetime) -> None:
        self._db.execute(update(e).where(e.c.id == id).values(acknowledged_at=at, acknowledged_by=by))

    def end(self, id: int, at: datetime, ending: Ending, by: str, operation: str | None = None) -> None:
        values = {"ended_at": at, "ending": ending.value, "ended_by": by, "operation": operation}
        self._db.execute(update(e).where(e.c.id == id).values(values))

    def keep(self, id: int, report: EpisodeReport) -> None:
        self._db.execute(delete(k).where(k.c.episode_id == id))
        self._db.execute(insert(k).values(episode_id=id, report=report.as_dict()))

    def kept(self, id: int) -> EpisodeReport | None:
        stored = self._db.execute(select(k.c.report).where(k.c.episode_id == id)).scalar()
        return read_episode_report(stored) if isinstance(stored, dict) else None

    def keep_contents(self, id: int, found: Sequence[KeptContent]) -> None:
        self._contents.keep(id, found)

    def contents(self, id: int) -> tuple[KeptContent, ...]:
        return self._contents.read(id)

    def get(self, id: int) -> Episode:
        row = self._db.execute(select(e).where(e.c.id == id)).first()
        if row is None:
            raise EpisodeNotFound.numbered(id)
        return read_episode(row)

    def current(self, environment_id: int) -> Episode | None:
        row = self._db.execute(_CURRENT, {"of": environment_id}).first()
        return read_episode(row) if row else None

    def page(
        self, environment_id: int | None, limit: int, after: int | None, *, open_only: bool = False
    ) -> Page[Episode]:
        query = select(e).order_by(e.c.id.desc())
        if environment_id is not None:
            query = query.where(e.c.environment_id == environment_id)
        if after is not None:
            query = query.where(e.c.id < after)
        if open_only:
            query = query.where(e.c.ended_at.is_(None))
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = str(rows[limit - 1].id) if len(rows) > limit else None
        return Page(readable(rows[:limit], read_episode, "episodes"), next)


class SqlDriftItems:
    """Implements the port DriftItems."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def put(self, environment_id: int, checked_at: datetime, report: DriftReport) -> None:
        # A report that says the same is left alone: the status says when it was found again.
        said = report.as_dict()
        stored = self._db.execute(_REPORT, {"of": environment_id}).first()
        if stored is not None and stored.report == said:
            return
        if stored is not None:
            self._db.execute(delete(r).where(r.c.environment_id == environment_id))
        values = {"environment_id": environment_id, "checked_at": checked_at, "report": said}
        self._db.execute(insert(r).values(values))

    def get(self, environment_id: int) -> DriftReport | None:
        stored = self._db.execute(_REPORT, {"of": environment_id}).scalar()
        return read_report(stored) if isinstance(stored, dict) else None


def read_episode(row: Any) -> Episode:
    """A row as an episode."""
    plain = ("id", "environment_id", "environment", "mode", "revision", "last_good_at", "detected_at", "count",
             "acknowledged_at", "acknowledged_by", "ended_at", "ended_by", "operation")  # fmt: skip
    ending = Ending(row.ending) if row.ending else None
    return Episode(**{name: getattr(row, name) for name in plain}, paths=tuple(row.paths), ending=ending)
