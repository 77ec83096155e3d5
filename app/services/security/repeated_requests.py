"""A request that is sent again under its Idempotency-Key is answered as the first one was, and carried out once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from app.domain.errors import DatabaseAway, RequestInProgress, RequestKeyReused
from app.domain.identity import Identity
from app.domain.ids import new_id
from app.ports import KeptAnswer, KeyedRequest, Ports

KEPT = timedelta(hours=24)
LEASE = timedelta(seconds=60)  # without a sign of life for so long, who carries a request out is taken for dead
RENEW_S = 20.0
log = logging.getLogger("request-keys")


class RequestKeys:
    """Claims requests for who carries them out, and keeps their answers for those who ask again."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._running: dict[str, KeyedRequest] = {}  # by claim; of this process, whatever its clock says

    def claim(self, who: Identity, key: str, fingerprint: str) -> KeyedRequest:
        """The first request under this key with its answer; or, without one, the caller's own claim to carry it out,
        which `end` has to follow. Raises RequestKeyReused, RequestInProgress."""
        now = self._ports.clock.now()
        holder = f"{who.actor.kind}:{who.id}"
        mine = KeyedRequest(holder, key, fingerprint, new_id(now), now)
        with self._ports.store.write() as tx:
            first = tx.request_keys.get(holder, key)
            if first is not None and self._stands(first, now):
                return _heard(first, fingerprint)
            tx.request_keys.put(mine)
            self._running[mine.claim] = mine
        return mine

    def _stands(self, first: KeyedRequest, now: datetime) -> bool:
        if first.answer is not None or not first.fingerprint:
            return now - first.seen_at < KEPT
        return first.claim in self._running or abs(now - first.seen_at) < LEASE

    def renew(self, mine: KeyedRequest) -> None:
        """Show that the request is still being carried out. Raises DatabaseAway."""
        with self._ports.store.write() as tx:
            tx.request_keys.renew(mine.claim, self._ports.clock.now())

    def end(self, mine: KeyedRequest, answer: KeptAnswer | None) -> None:
        """Keep the answer for who asks again; None: nothing came of the request, and its key is free."""
        now = self._ports.clock.now()
        done = KeyedRequest(mine.holder, mine.key, mine.fingerprint, mine.claim, now, answer)
        try:
            with self._ports.store.write() as tx:
                tx.request_keys.put(done) if answer else tx.request_keys.forget(mine.claim)
        except DatabaseAway:
            log.warning("the answer to a request with an Idempotency-Key could not be kept")
        finally:
            self._running.pop(mine.claim, None)

    def sweep(self) -> None:
        """Forget what is older than a day."""
        with self._ports.store.write() as tx:
            tx.request_keys.sweep(self._ports.clock.now() - KEPT)


def _heard(first: KeyedRequest, fingerprint: str) -> KeyedRequest:
    if first.fingerprint != fingerprint:
        raise RequestKeyReused()
    if first.answer is None:
        raise RequestInProgress()
    return first
