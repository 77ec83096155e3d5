"""Backups: every table as JSON lines out of one snapshot, the keys, and the inventories, in one archive with digests.

The same archive goes into SQLite and PostgreSQL, so it is also the way from one to the other. Mirrors are left out:
they are cloned again.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, Date, Engine, LargeBinary, Table, func, insert, select, text
from sqlalchemy.exc import StatementError

from app.domain.audit import verify
from app.domain.errors import InvalidInput
from app.store import tables
from app.store.columns import DAMAGED
from app.store.migrate import newest, upgrade
from app.store.repositories.audit_repository import SqlAudit
from app.store.rows import log

FORMAT = 1
KEYS = ("secret.key", "signing.key", "known_hosts")
INVENTORIES = "inventories/*/inventory.db"  # what lies beside them is made again from them
MEMBER = re.compile(r"tables/[a-z_]{1,40}\.jsonl|files/(?:secret\.key|signing\.key|known_hosts)"
                    r"|files/inventories/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/inventory\.db")  # fmt: skip
RATIO, SMALL = 100, 100_000_000  # an archive may unfold to so many times its size, and to so many bytes in any case
BATCH = 2000
MANIFEST = "manifest.json"


def backup(engine: Engine, data_dir: Path, out: Path) -> int:
    """Write an archive (mode 0600) while the server runs; returns the number of rows."""
    digests: dict[str, str] = {}
    descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)  # new, ours, and of no foreseeable name
    temporary = Path(name)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=5) as archive:
        rows = 0
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            for table in tables.metadata.sorted_tables:
                lines = list(_dump(connection, table))
                rows += len(lines)
                _add(archive, digests, f"tables/{table.name}.jsonl", b"".join(lines))
        for name, content in _files(data_dir):
            _add(archive, digests, f"files/{name}", content)
        manifest = {"format": FORMAT, "version": newest(), "rows": rows, "sha256": digests}
        _put(archive, MANIFEST, json.dumps(manifest, indent=1).encode())
    temporary.replace(out)
    return rows


def _dump(connection: Connection, table: Table) -> Iterator[bytes]:
    keys = list(table.primary_key.columns)
    for row in connection.execution_options(yield_per=BATCH).execute(select(table).order_by(*keys)):
        if any(value is DAMAGED for value in row):
            details = {"table": table.name, "id": str(row[0])[:60]}
            log.error("a row cannot be read and is not in the backup", extra=details)
            continue
        values = {column.name: _plain(value, column) for column, value in zip(table.columns, row, strict=True)}
        yield json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any, column: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, LargeBinary):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(column.type, Date):
        return value.isoformat()
    if hasattr(value, "isoformat"):
        return column.type.process_bind_param(value, None)
    return value


def _files(data_dir: Path) -> Iterator[tuple[str, bytes]]:
    for name in KEYS:
        if (data_dir / name).is_file():
            yield name, (data_dir / name).read_bytes()
    for path in sorted(data_dir.glob(INVENTORIES)):
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as inventory:
            yield str(path.relative_to(data_dir)), inventory.serialize()  # as of one moment, whatever is being written


def _add(archive: tarfile.TarFile, digests: dict[str, str], name: str, content: bytes) -> None:
    digests[name] = hashlib.sha256(content).hexdigest()
    _put(archive, name, content)


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    facts = tarfile.TarInfo(name)
    facts.size, facts.mode = len(content), 0o600
    archive.addfile(facts, io.BytesIO(content))


def restore(archive: Path, engine: Engine, data_dir: Path, *, force: bool = False) -> int:
    """Fill an empty installation from an archive; returns the number of rows.

    Raises InvalidInput where the archive is damaged, made by a newer version, or the installation is not empty (`force`
    does not overwrite a database; it only lets files be replaced).
    """
    members = _checked(archive)
    manifest = json.loads(members[MANIFEST])
    if str(manifest.get("version")) > (newest() or ""):
        raise InvalidInput("The backup was made by a newer version of PushPull; restore it with that version.")
    upgrade(engine)
    existing = [name for name in KEYS if (data_dir / name).exists()]
    if existing and not force:
        raise InvalidInput(f"{data_dir} holds {', '.join(existing)} already; restore into an empty data directory.")
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        try:
            rows = _fill(connection, members)
        except StatementError as problem:
            text = f"The backup does not fit into the database ({type(problem).__name__}). Nothing was restored."
            raise InvalidInput(text) from None
        result = verify(entry.as_dict() for entry in SqlAudit(connection).walk())
        if not result.valid:
            raise InvalidInput(f"The backup's audit log is not intact: {result.problem}. Nothing was restored.")
    for name, content in members.items():
        if name.startswith("files/"):
            _place(data_dir / PurePosixPath(name.removeprefix("files/")), content)
    return rows


def _checked(path: Path) -> Mapping[str, bytes]:
    """The archive's members, each with a known name and the digest that the manifest gives it."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            found = dict(_members(archive, max(SMALL, RATIO * path.stat().st_size)))
        digests = dict(json.loads(found[MANIFEST])["sha256"])
    except (OSError, tarfile.TarError, KeyError, ValueError, TypeError, EOFError, RecursionError, zlib.error):
        raise InvalidInput(f"{path} is not a backup of PushPull, or is damaged.") from None
    for name, content in found.items():
        if name != MANIFEST and digests.get(name) != hashlib.sha256(content).hexdigest():
            raise InvalidInput(f"{path} is damaged: '{name}' does not match its digest.")
    return found


def _members(archive: tarfile.TarFile, most: int) -> Iterator[tuple[str, bytes]]:
    """Plain files of known names, read one by one: what is not a backup of ours is refused before it unfolds."""
    for one in archive:
        if not one.isfile() or not (one.name == MANIFEST or MEMBER.fullmatch(one.name)):
            raise InvalidInput(f"The archive holds {one.name[:100]!r}, which no backup has.")
        most -= one.size
        if most < 0:
            raise InvalidInput("The archive unfolds to more than a backup of its size can hold.")
        file = archive.extractfile(one)
        yield one.name, file.read() if file else b""


def _fill(connection: Connection, members: Mapping[str, bytes]) -> int:
    rows = 0
    for table in tables.metadata.sorted_tables:
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise InvalidInput(f"The database is not empty (table {table.name}); restore into an empty one.")
        lines = members.get(f"tables/{table.name}.jsonl", b"").splitlines()
        try:
            values = [_typed(json.loads(line), table) for line in lines]
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            raise InvalidInput(f"The backup's table {table.name} is damaged. Nothing was restored.") from None
        for start in range(0, len(values), BATCH):
            connection.execute(insert(table), values[start : start + BATCH])
        rows += len(values)
        _advance(connection, table)
    return rows


def _typed(values: dict[str, Any], table: Table) -> dict[str, Any]:
    for name, value in values.items():
        kind = table.columns[name].type
        if value is None:
            continue
        if isinstance(kind, LargeBinary):
            values[name] = base64.b64decode(value)
        elif isinstance(kind, Date):
            values[name] = date.fromisoformat(value)
        elif hasattr(kind, "process_result_value") and isinstance(value, int):
            values[name] = kind.process_result_value(value, None)
    return values


def _advance(connection: Connection, table: Table) -> None:
    """PostgreSQL's sequences go on behind the highest restored id."""
    if (
        connection.dialect.name != "postgresql"
        or "id" not in table.columns
        or table.columns["id"].autoincrement is not True
    ):
        return
    highest = connection.execute(select(func.max(table.columns["id"]))).scalar()
    if highest:
        sequence = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :highest)")
        connection.execute(sequence, {"name": table.name, "highest": highest})


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # a link there is not followed, and nobody else's rights stay on a key
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
