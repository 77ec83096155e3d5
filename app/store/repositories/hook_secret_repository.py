"""Secrets of webhooks, encrypted as credentials are."""

from __future__ import annotations

import json

from sqlalchemy import Connection, delete, insert, select

from app.ports import HookSecret
from app.store import tables
from app.store.cipher import Cipher, WrongKey

h = tables.hook_secrets


class SqlHookSecrets:
    """Implements the port HookSecrets."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._db, self._cipher = connection, cipher

    def put(self, kept: HookSecret, secret: str) -> None:
        self.remove(kept.hook)
        names = ("hook", "environment_id", "created_at", "created_by")
        values = {name: getattr(kept, name) for name in names}
        self._db.execute(insert(h).values(**values, secret=self._cipher.lock(json.dumps({"secret": secret}))))

    def get(self, hook: str) -> HookSecret | None:
        columns = (h.c.hook, h.c.environment_id, h.c.created_at, h.c.created_by)
        row = self._db.execute(select(*columns).where(h.c.hook == hook)).first()
        return HookSecret(*row) if row else None

    def secret(self, hook: str) -> str | None:
        locked = self._db.execute(select(h.c.secret).where(h.c.hook == hook)).scalar()
        try:
            opened: dict[str, str] = json.loads(self._cipher.open(bytes(locked))) if locked else {}
        except WrongKey:
            return None
        return opened.get("secret")

    def remove(self, hook: str) -> bool:
        return bool(self._db.execute(delete(h).where(h.c.hook == hook)).rowcount)
