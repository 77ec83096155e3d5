"""The contents that drift episodes keep, encrypted with the key of stored secrets."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select

from app.domain.state.episode_report import CONTENTS, WITH_CONTENTS, KeptContent
from app.domain.state.items import Item
from app.store import tables
from app.store.cipher import Cipher, WrongKey

c = tables.episode_contents
e = tables.episodes


class SqlEpisodeContents:
    """A part of the port Episodes: what stood at keys, a row for each."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._db, self._cipher = connection, cipher

    def keep(self, id: int, found: Sequence[KeptContent]) -> None:
        """Replace what is kept of these keys, within the bounds of an episode."""
        rows = self._db.execute(select(c.c.name, c.c.mark, c.c.size).where(c.c.episode_id == id)).all()
        marks, sizes = {row.name: row.mark for row in rows}, {row.name: row.size for row in rows}
        for one in found:
            name = sha256(one.key).hexdigest()
            others = sum(size for kept, size in sizes.items() if kept != name)
            if marks.get(name) == _mark(one) or others + one.size > CONTENTS:
                continue
            self._db.execute(delete(c).where(c.c.episode_id == id, c.c.name == name))
            values = {"episode_id": id, "name": name, "mark": _mark(one), "size": one.size}
            self._db.execute(insert(c).values(**values, locked=self._cipher.lock(_text(one))))
            sizes[name] = one.size
        if not rows:
            self._forget_older(id)

    def read(self, id: int) -> tuple[KeptContent, ...]:
        """What is kept, sorted by key; what another key encrypted is left out."""
        found = []
        for locked in self._db.execute(select(c.c.locked).where(c.c.episode_id == id)).scalars():
            try:
                found.append(_read(self._cipher.open(bytes(locked))))
            except WrongKey:
                continue
        return tuple(sorted(found, key=lambda one: one.key))

    def _forget_older(self, id: int) -> None:
        """Drop the contents of all but the newest episodes of the same environment; their differences stay."""
        of = select(e.c.environment_id).where(e.c.id == id).scalar_subquery()
        newest = select(e.c.id).where(e.c.environment_id == of).order_by(e.c.id.desc()).limit(WITH_CONTENTS)
        oldest = min(self._db.execute(newest).scalars(), default=id)
        older = select(e.c.id).where(e.c.environment_id == of, e.c.id < oldest)
        self._db.execute(delete(c).where(c.c.episode_id.in_(older)))


def _mark(one: KeptContent) -> str:
    return f"{one.there[0].digest} {one.there[0].traits}" if one.there else ""


def _text(one: KeptContent) -> str:
    said: dict[str, object] = {"key": b64encode(one.key).decode(), "secret_lines": one.secret_lines}
    if one.there:
        item, content = one.there
        said |= {"digest": item.digest, "traits": item.traits, "content": b64encode(content).decode()}
    return json.dumps(said)


def _read(text: str) -> KeptContent:
    said = json.loads(text)
    there = (Item(said["digest"], said["traits"]), b64decode(said["content"])) if "content" in said else None
    return KeptContent(b64decode(said["key"]), there, said["secret_lines"])
