"""Requests with a key of their sender's. Fingerprint and answer are encrypted: a body may hold a password, an answer a
token."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from app.ports import KeptAnswer, KeyedRequest
from app.store import tables
from app.store.cipher import Cipher, WrongKey

r = tables.request_keys


class SqlRequestKeys:
    """Implements the port RequestKeyStore."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._db, self._cipher = connection, cipher

    def get(self, holder: str, key: str) -> KeyedRequest | None:
        row = self._db.execute(select(r).where(r.c.holder == holder, r.c.key == key)).first()
        if row is None:
            return None
        fingerprint, answer = self._opened(bytes(row.content))
        return KeyedRequest(row.holder, row.key, fingerprint, row.claim, row.seen_at, answer)

    def put(self, request: KeyedRequest) -> None:
        self._db.execute(delete(r).where(r.c.holder == request.holder, r.c.key == request.key))
        names = ("holder", "key", "claim", "seen_at")
        values = {name: getattr(request, name) for name in names}
        self._db.execute(insert(r).values(**values, content=self._locked(request)))

    def renew(self, claim: str, at: datetime) -> None:
        self._db.execute(update(r).where(r.c.claim == claim).values(seen_at=at))

    def forget(self, claim: str) -> None:
        self._db.execute(delete(r).where(r.c.claim == claim))

    def sweep(self, before: datetime) -> None:
        self._db.execute(delete(r).where(r.c.seen_at < before))

    def _locked(self, request: KeyedRequest) -> bytes:
        content: dict[str, Any] = {"fingerprint": request.fingerprint}
        if (answer := request.answer) is not None:
            body = base64.b64encode(answer.body).decode()
            content["answer"] = {"status": answer.status, "headers": answer.headers, "body": body}
        return self._cipher.lock(json.dumps(content))

    def _opened(self, locked: bytes) -> tuple[str, KeptAnswer | None]:
        try:
            content = json.loads(self._cipher.open(locked))
        except WrongKey:
            return "", None
        given = content.get("answer")
        if given is None:
            return content["fingerprint"], None
        headers = tuple((name, value) for name, value in given["headers"])
        return content["fingerprint"], KeptAnswer(given["status"], headers, base64.b64decode(given["body"]))
