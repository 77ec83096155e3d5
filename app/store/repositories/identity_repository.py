"""Users, sessions, tokens, failed log-ins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from app.ports import Session, Token, User
from app.store import tables

u, s, t, f = tables.users, tables.sessions, tables.tokens, tables.failed_logins


class SqlIdentities:
    """Implements the port Identities."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add_user(self, user: User) -> User:
        names = ("name", "password_hash", "role", "must_change", "created_at")
        result = self._db.execute(insert(u).values({name: getattr(user, name) for name in names}))
        made = self.user_by_id(result.inserted_primary_key[0])  # type: ignore[index]
        assert made is not None
        return made

    def user(self, name: str) -> User | None:
        return self._user(u.c.name == name) if "\0" not in name else None

    def user_by_id(self, id: int) -> User | None:
        return self._user(u.c.id == id)

    def _user(self, condition: Any) -> User | None:
        row = self._db.execute(select(u).where(condition)).first()
        return User(*row) if row else None

    def users(self) -> tuple[User, ...]:
        return tuple(User(*row) for row in self._db.execute(select(u).order_by(u.c.id)))

    def set_password(self, user_id: int, password_hash: str, must_change: bool) -> None:
        self._db.execute(
            update(u).where(u.c.id == user_id).values(password_hash=password_hash, must_change=must_change)
        )

    def add_session(self, session: Session) -> None:
        self._db.execute(delete(s).where(s.c.expires_at < session.created_at))
        names = ("hash", "user_id", "created_at", "expires_at", "ip")
        self._db.execute(insert(s).values({name: getattr(session, name) for name in names}))

    def session(self, hash: str) -> Session | None:
        row = self._db.execute(select(s).where(s.c.hash == hash)).first()
        return Session(*row) if row else None

    def end_session(self, hash: str) -> None:
        self._db.execute(delete(s).where(s.c.hash == hash))

    def end_sessions(self, user_id: int) -> None:
        self._db.execute(delete(s).where(s.c.user_id == user_id))

    def add_token(self, token: Token) -> None:
        self._db.execute(insert(t).values({column.name: getattr(token, column.name) for column in t.columns}))

    def token(self, hash: str) -> Token | None:
        row = self._db.execute(select(t).where(t.c.hash == hash)).first()
        return Token(*row) if row else None

    def tokens(self) -> tuple[Token, ...]:
        return tuple(Token(*row) for row in self._db.execute(select(t).order_by(t.c.id)))

    def revoke_token(self, id: str, at: datetime) -> bool:
        done = self._db.execute(update(t).where(t.c.id == id, t.c.revoked_at.is_(None)).values(revoked_at=at))
        return bool(done.rowcount)

    def touch_token(self, id: str, at: datetime) -> None:
        self._db.execute(update(t).where(t.c.id == id).values(used_at=at))

    def failed_logins(self, key: str, since: datetime) -> int:
        query = select(func.count()).select_from(f).where(f.c.key == key, f.c.at >= since)
        return self._db.execute(query).scalar_one()

    def add_failed_login(self, key: str, at: datetime) -> None:
        self._db.execute(delete(f).where(f.c.at < at - timedelta(days=1)))
        self._db.execute(insert(f).values(key=key[:200], at=at))

    def failed_login_times(self, key: str, since: datetime, now: datetime) -> tuple[datetime, ...]:
        if self._db.dialect.name == "postgresql":  # SQLite has one writer at a time
            self._db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
        self._db.execute(update(f).where(f.c.key == key, f.c.at > now).values(at=now))
        found = self._db.execute(select(f.c.at).where(f.c.key == key, f.c.at >= since).order_by(f.c.at))
        return tuple(at for (at,) in found)

    def forgive_failed_login(self, key: str) -> None:
        last = select(func.max(f.c.id)).where(f.c.key == key).scalar_subquery()
        self._db.execute(delete(f).where(f.c.id == last))

    def clear_failed_logins(self, key: str, *, below: bool = False) -> None:
        self._db.execute(delete(f).where(f.c.key.startswith(key, autoescape=True) if below else f.c.key == key))
