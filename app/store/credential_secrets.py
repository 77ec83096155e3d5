"""The secrets of credentials, for connections to repositories and hosts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.ports import Clock
from app.store.engine import SqlStore

TOUCH = timedelta(minutes=1)


class Secrets:
    """Secrets of credentials for those who reach repositories; their last use is noted, once a minute at most."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._touched: dict[str, datetime] = {}

    def __call__(self, name: str) -> Mapping[str, str]:
        """A credential's fields. Raises CredentialNotFound."""
        with self._store.read() as tx:
            found = tx.credentials.secret(name)
        now = self._clock.now()
        if now - self._touched.get(name, datetime.min.replace(tzinfo=UTC)) > TOUCH:
            self._touched[name] = now
            with self._store.write() as tx:
                tx.credentials.touch(name, now)
        return found
