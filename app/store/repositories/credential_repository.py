"""Secrets, encrypted with a key that is not in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.errors import CredentialExists, CredentialNotFound
from app.ports import Credential, Page
from app.store import tables
from app.store.cipher import Cipher, WrongKey

c = tables.credentials
_PUBLIC: Select[Any] = select(c.c.name, c.c.kind, c.c.created_at, c.c.created_by, c.c.used_at, c.c.public)


class SqlCredentials:
    """Implements the port Credentials."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._db = connection
        self._cipher = cipher

    def put(self, credential: Credential, secret: Mapping[str, str]) -> None:
        names = ("name", "kind", "created_at", "created_by", "used_at")
        values = {name: getattr(credential, name) for name in names}
        locked = self._cipher.lock(json.dumps(dict(secret)))
        try:
            with self._db.begin_nested():
                self._db.execute(insert(c).values(**values, public=dict(credential.public), secret=locked))
        except IntegrityError:
            raise CredentialExists(f"A credential named '{credential.name}' exists already.") from None

    def replace(self, credential: Credential, secret: Mapping[str, str]) -> None:
        locked = self._cipher.lock(json.dumps(dict(secret)))
        change = update(c).where(c.c.name == credential.name)
        if not self._db.execute(change.values(public=dict(credential.public), secret=locked)).rowcount:
            raise CredentialNotFound(f"There is no credential '{credential.name[:80]}'.")

    def secret(self, name: str) -> Mapping[str, str]:
        locked = self._db.execute(select(c.c.secret).where(c.c.name == name)).scalar()
        if locked is None:
            raise CredentialNotFound(f"There is no credential '{name[:80]}'.")
        try:
            opened: dict[str, str] = json.loads(self._cipher.open(bytes(locked)))
        except WrongKey:
            raise CredentialNotFound(
                f"The credential '{name}' was stored with another key; store it again, or bring back secret.key."
            ) from None
        return opened

    def get(self, name: str) -> Credential:
        row = self._db.execute(_PUBLIC.where(c.c.name == name)).first() if "\0" not in name else None
        if row is None:
            raise CredentialNotFound(f"There is no credential '{name[:80]}'.")
        return Credential(*row)

    def exists(self, name: str) -> bool:
        return self._db.execute(select(c.c.name).where(c.c.name == name)).first() is not None

    def page(self, limit: int, after: str | None) -> Page[Credential]:
        query = _PUBLIC.order_by(c.c.name)
        query = query.where(c.c.name > after) if after else query
        rows = self._db.execute(query.limit(limit + 1)).all()
        next = rows[limit - 1].name if len(rows) > limit else None
        return Page(tuple(Credential(*row) for row in rows[:limit]), next)

    def remove(self, name: str) -> None:
        if not self._db.execute(delete(c).where(c.c.name == name)).rowcount:
            raise CredentialNotFound(f"There is no credential '{name[:80]}'.")

    def touch(self, name: str, at: datetime) -> None:
        self._db.execute(update(c).where(c.c.name == name).values(used_at=at))
