"""The facts that the comparison is computed from: one indexed query each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select

from app.comparison.delivery_facts import CommitFact, DeliveryFact, PollFact
from app.domain.environment import Environment
from app.domain.events import EventType
from app.domain.noticing import CommitEnd
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.state.drift import Episode
from app.store import tables
from app.store.environments.environment_repository import SELECT, read_environment
from app.store.repositories.drift_repository import read_episode
from app.store.rows import readable

ops, ev, a, e, env, h, n = (
    tables.operations, tables.events, tables.audit, tables.episodes, tables.environments, tables.history,
    tables.noticings,
)  # fmt: skip
_TIMES = ("created_at", "finished_at", "committed_at", "visible_after", "noticed_at", "fetched_at",
          "rendered_at", "planned_at", "applied_at", "healthy_at")  # fmt: skip
MISSED = (EventType.WEBHOOK_MISSED, EventType.PIPELINE_MISSED)
_FACTS = (ops.c.id, ops.c.environment, ops.c.mode, ops.c.trigger, ops.c.phase, ops.c.outcome, ops.c.revision,
          ops.c.webhook_missed, ops.c.initiated_by, ops.c.subject, *(ops.c[name] for name in _TIMES))  # fmt: skip


class SqlComparisonFacts:
    """Implements the port ComparisonFacts."""

    def __init__(
        self, connection: Connection, environment_id: int | None = None, left_out: Collection[int] = ()
    ) -> None:
        self._db, self._environment_id, self._left_out = connection, environment_id, left_out

    def within(self, environment_id: int) -> SqlComparisonFacts:
        return SqlComparisonFacts(self._db, environment_id)

    def without(self, environment_ids: Collection[int]) -> SqlComparisonFacts:
        return SqlComparisonFacts(self._db, None, environment_ids)

    def _narrowed(self, query: Select[Any], id: Any, labels: Mapping[str, str]) -> Select[Any]:
        """Restrict a query to environments with all the labels, and to the one environment of `within`, or to all but
        those of `without`."""
        if self._left_out:
            query = query.where(id.not_in(self._left_out))
        t = tables.labels
        for key, value in labels.items():
            query = query.where(exists().where(t.c.environment_id == id, t.c.key == key, t.c.value == value))
        return query if self._environment_id is None else query.where(id == self._environment_id)

    def deliveries(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[DeliveryFact, ...]:
        noticed = and_(n.c.environment_id == ops.c.environment_id, n.c.revision == ops.c.revision)
        whole = select(*_FACTS, n.c.pushed_at, n.c.visible_after.label("seen_after")).outerjoin(n, noticed)
        query = self._narrowed(whole, ops.c.environment_id, labels).where(*_synced(since, until))
        return readable(self._db.execute(query.order_by(ops.c.finished_at)), _delivery, "operations")

    def start(self, since: datetime, until: datetime, labels: Mapping[str, str], limit: int) -> datetime:
        query = self._narrowed(select(ops.c.finished_at), ops.c.environment_id, labels).where(*_synced(since, until))
        found = self._db.execute(query.order_by(ops.c.finished_at.desc()).offset(limit - 1).limit(1)).scalar()
        return found or since

    def episodes(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[Episode, ...]:
        query = self._narrowed(select(e), e.c.environment_id, labels).where(
            e.c.detected_at >= since, e.c.detected_at < until
        )
        return readable(self._db.execute(query.order_by(e.c.detected_at)), read_episode, "episodes")

    def environments(self, labels: Mapping[str, str]) -> tuple[Environment, ...]:
        rows = self._db.execute(self._narrowed(SELECT, env.c.id, labels).order_by(env.c.name))
        return tuple(one for one in readable(rows, read_environment, "environments") if not one.policy.observe)

    def _events(self, type: EventType, since: datetime, until: datetime, labels: Mapping[str, str]) -> list[Any]:
        query = select(ev).where(ev.c.type == type.value, ev.c.at >= since, ev.c.at < until)
        rows = self._db.execute(self._narrowed(query, ev.c.environment_id, labels).order_by(ev.c.at))
        return [row for row in rows if not row.data.get("observe")]

    def decisions(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> Mapping[tuple[str, str], int]:
        counts: dict[tuple[str, str], int] = {}
        for row in self._events(EventType.DECISION, since, until, labels):
            key = (row.data.get("mode", ""), row.data.get("outcome", ""))
            counts[key] = counts.get(key, 0) + 1
        return counts

    def audited(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> frozenset[str]:
        audited = exists().where(a.c.object == "operation:" + ops.c.id, a.c.actor != "")
        query = select(ops.c.id).where(*_synced(since, until), audited)
        return frozenset(self._db.execute(self._narrowed(query, ops.c.environment_id, labels)).scalars())

    def superseded(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        query = select(n).where(n.c.ending == CommitEnd.SUPERSEDED.value, n.c.ended_at >= since, n.c.ended_at < until)
        rows = self._db.execute(self._narrowed(query, n.c.environment_id, labels).order_by(n.c.ended_at, n.c.id))
        return readable((row for row in rows if not row.observe), _overtaken, "noticings")

    def missed(self, since: datetime, until: datetime, labels: Mapping[str, str]) -> tuple[CommitFact, ...]:
        rows = [row for type in MISSED for row in self._events(type, since, until, labels)]
        return readable(sorted(rows, key=lambda row: row.at), _commit, "events")

    def first_live(self, labels: Mapping[str, str]) -> Mapping[str, datetime]:
        first = select(h.c.environment_id, func.min(h.c.live_at).label("at")).group_by(h.c.environment_id).subquery()
        query = select(env.c.name, first.c.at).join(first, first.c.environment_id == env.c.id)
        return {row[0]: row[1] for row in self._db.execute(self._narrowed(query, env.c.id, labels))}

    def polls(self, since: datetime, until: datetime) -> tuple[PollFact, ...]:
        p = tables.polls
        query = select(p.c.repo_url, p.c.credential, p.c.first_at, p.c.last_at, p.c.times, p.c.result)
        rows = self._db.execute(query.where(p.c.last_at >= since, p.c.first_at < until).order_by(p.c.id))
        return tuple(PollFact(*row) for row in rows)

    def secrets(self) -> Mapping[str, datetime]:
        c, t = tables.credentials, tables.tokens
        stored = {row[0]: row[1] for row in self._db.execute(select(c.c.name, c.c.created_at))}
        replaced = select(a.c.object, func.max(a.c.at)).where(a.c.action == "credential.replace").group_by(a.c.object)
        for named, at in self._db.execute(replaced):
            name = named.partition(":")[2]
            if name in stored:
                stored[name] = max(stored[name], datetime.fromisoformat(at))
        tokens = self._db.execute(
            select(t.c.name, t.c.created_at).where(t.c.revoked_at.is_(None)).order_by(t.c.created_at.desc())
        )
        return stored | {f"token:{row[0]}": row[1] for row in tokens}

    def webhooks(self, since: datetime, until: datetime) -> Mapping[str, int]:
        d = tables.deliveries
        within = and_(d.c.received_at >= since, d.c.received_at < until)
        counts = {
            row[0]: row[1]
            for row in self._db.execute(select(d.c.state, func.count()).where(within).group_by(d.c.state))
        }
        lost = (
            select(func.count())
            .select_from(ev)
            .where(ev.c.type == EventType.WEBHOOK_MISSED.value, ev.c.at >= since, ev.c.at < until)
        )
        return {**counts, "missed": self._db.execute(lost).scalar_one()}


def _synced(since: datetime, until: datetime) -> tuple[Any, ...]:
    """The conditions for finished syncs of a window, without those of shadows, which deliver nothing."""
    delivering = ops.c.outcome.is_distinct_from(Outcome.OBSERVED.value)
    return ops.c.kind == "sync", ops.c.finished_at >= since, ops.c.finished_at < until, delivering


def _delivery(row: Any) -> DeliveryFact:
    return DeliveryFact(
        operation=row.id,
        environment=row.environment,
        mode=row.mode,
        trigger=Trigger(row.trigger),
        phase=Phase(row.phase),
        outcome=Outcome(row.outcome) if row.outcome else None,
        revision=row.revision,
        webhook_missed=row.webhook_missed,
        initiated_by=row.initiated_by,
        pushed_at=row.pushed_at,
        subject=row.subject,
        **{name: getattr(row, name) for name in _TIMES if name != "visible_after"},
        visible_after=max((one for one in (row.visible_after, row.seen_after) if one), default=None),
    )


def _overtaken(row: Any) -> CommitFact:
    return CommitFact(
        row.environment, row.mode, row.revision, row.ended_at, row.committed_at, row.superseded_by, row.operation,
        row.seen, row.noticed_at, row.visible_after, row.pushed_at, row.noticed_by,
    )  # fmt: skip


def _commit(row: Any) -> CommitFact:
    committed = row.data.get("committed_at")
    return CommitFact(
        environment=row.environment or "",
        mode=row.data.get("mode", ""),
        revision=row.data["revision"],
        at=row.at,
        committed_at=datetime.fromisoformat(committed) if committed else None,
        by=row.data.get("by"),
    )
