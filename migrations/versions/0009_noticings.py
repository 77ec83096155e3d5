"""Noticed commits and their ends, as far as what was recorded before tells of them; when a delivery was rendered."""

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

AT_ONCE = 1000  # events that are read and written in one go
KEPT = (
    "environment_id, environment, mode, revision, noticed_at, noticed_by, seen, observe, committed_at, visible_after, "
    "ending, ended_at, operation, superseded_by"
)
# What became of a commit is what became of its best delivery: an operation that brought it live counts most.
RANKED = (
    "ROW_NUMBER() OVER (PARTITION BY environment_id, revision ORDER BY CASE"
    " WHEN outcome IN ('deployed', 'rolled_back', 'healed', 'no_op', 'filtered', 'observed') THEN 0"
    " WHEN phase = 'superseded' THEN 2 ELSE 1 END, id) AS place"
)
ENDED = (
    "CASE WHEN outcome = 'rolled_back' THEN 'deployed' WHEN outcome = 'healed' THEN 'no_op'"
    " WHEN outcome IN ('deployed', 'no_op', 'filtered', 'observed', 'superseded', 'held', 'refused') THEN outcome"
    " WHEN phase = 'superseded' THEN 'superseded' ELSE 'failed' END"
)
NOTICER = (
    "CASE \"trigger\" WHEN 'pipeline' THEN 'pipeline' WHEN 'webhook' THEN 'webhook' WHEN 'manual' THEN 'person'"
    " WHEN 'agent' THEN 'agent' ELSE '' END"
)


def upgrade() -> None:
    op.add_column("operations", sa.Column("rendered_at", sa.BigInteger(), nullable=True))
    op.add_column("deliveries", sa.Column("pushed_at", sa.BigInteger(), nullable=True))
    noticings = op.create_table(
        "noticings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("environment_id", sa.BigInteger(), nullable=False),
        sa.Column("environment", sa.String(length=63), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.Column("noticed_by", sa.String(length=12), nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("observe", sa.Boolean(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=True),
        sa.Column("visible_after", sa.BigInteger(), nullable=True),
        sa.Column("pushed_at", sa.BigInteger(), nullable=True),
        sa.Column("ending", sa.String(length=12), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("operation", sa.String(length=26), nullable=False),
        sa.Column("superseded_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment_id", "revision", name="uq_noticings_once"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_noticings_without_end",
        "noticings",
        ["environment_id", "id"],
        sqlite_where=sa.text("ending IS NULL"),
        postgresql_where=sa.text("ending IS NULL"),
    )
    op.create_index("ix_noticings_environment", "noticings", ["environment_id", "id"])
    op.create_index("ix_noticings_ended", "noticings", ["ending", "ended_at"])
    _delivered()
    _told(noticings)


def _delivered() -> None:
    """Commits that a sync was about."""
    op.execute(
        f"INSERT INTO noticings ({KEPT}) "  # noqa: S608 - names from above
        f"SELECT environment_id, environment, mode, revision, COALESCE(noticed_at, created_at), {NOTICER}, true,"
        f" COALESCE(outcome, '') = 'observed', committed_at, visible_after, {ENDED}, finished_at, id, NULL"
        f" FROM (SELECT o.*, {RANKED} FROM operations o WHERE kind = 'sync' AND finished_at IS NOT NULL"
        " AND revision IS NOT NULL AND \"trigger\" NOT IN ('rollback', 'self_heal')"
        " AND phase NOT IN ('queued', 'running')) ended WHERE place = 1 ORDER BY id"
    )


def _told(noticings: sa.Table) -> None:
    """Commits that the ledger tells of and no sync was about. What became of them is what it says, or unknown."""
    connection = op.get_bind()
    heads = connection.execute(sa.text("SELECT id, noticed FROM environments WHERE noticed IS NOT NULL"))
    present: dict[int, str] = {row.id: row.noticed for row in heads}
    after = 0
    query = sa.text(
        "SELECT id, at, type, environment, environment_id, data FROM events WHERE id > :after"
        " AND type IN ('revision.noticed', 'pipeline.missed', 'decision') ORDER BY id LIMIT :limit"
    )
    modes: dict[int, str] = {
        row.id: row.mode for row in connection.execute(sa.text("SELECT id, mode FROM environments"))
    }
    while rows := connection.execute(query, {"after": after, "limit": AT_ONCE}).all():
        after = rows[-1].id
        for row in rows:
            found = _noticing(row, present, modes)
            if found:
                _put(connection, noticings, found, told=row.type != "revision.noticed")


def _put(connection: sa.Connection, noticings: sa.Table, found: dict[str, Any], *, told: bool) -> None:
    """Store what an event tells; one that says what became of a commit completes what is not known yet."""
    here = (noticings.c.environment_id == found["environment_id"]) & (noticings.c.revision == found["revision"])
    known = connection.execute(sa.select(noticings.c.ending, noticings.c.seen).where(here)).first()
    if known is None:
        connection.execute(noticings.insert().values(found))
    elif told and known.ending in (None, "unknown"):
        ends = {name: found[name] for name in ("ending", "ended_at", "superseded_by")}
        connection.execute(noticings.update().where(here).values(ends))


def _noticing(row: Any, present: dict[int, str], modes: dict[int, str]) -> dict[str, Any] | None:
    try:
        data = json.loads(row.data)
        sha, outcome = str(data["revision"]), str(data.get("outcome", ""))
        committed = data.get("committed_at")
        moment = datetime.fromisoformat(committed) if committed else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # damaged, or about no commit
    if row.environment_id is None or not row.environment or len(sha) not in (40, 64):
        return None
    if row.type == "decision" and (outcome not in ("superseded", "held") or "delivery" in data):
        return None
    found = {
        "environment_id": row.environment_id, "environment": row.environment, "revision": sha, "operation": "",
        "mode": str(data.get("mode") or modes.get(row.environment_id, "")), "noticed_at": row.at, "noticed_by": "",
        "seen": not (row.type == "decision" and outcome == "superseded"), "observe": bool(data.get("observe")),
        "committed_at": _micros(moment), "ending": None, "ended_at": None, "superseded_by": None,
    }  # fmt: skip
    if row.type == "revision.noticed":
        waits = present.get(row.environment_id) == sha
        return found if waits else {**found, "ending": "unknown"}
    by = data.get("by")
    ended = {"ending": outcome or "superseded", "ended_at": row.at}
    return {**found, **ended, "superseded_by": str(by)[:64] if by else None}


def _micros(at: datetime | None) -> int | None:
    if at is None:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    seconds = (aware - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    return round(seconds * 1_000_000) if seconds > 0 else None


def downgrade() -> None:
    op.drop_table("noticings")
    op.drop_column("deliveries", "pushed_at")
    op.drop_column("operations", "rendered_at")
