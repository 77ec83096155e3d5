"""Filling an empty database in bulk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, Self

import psycopg
from psycopg import sql
from sqlalchemy import Table, make_url

Rows = Iterator[tuple[Any, ...]]


def loader(url: str) -> SqliteLoader | PostgresLoader:
    """A loader for a database that has its tables."""
    return SqliteLoader(url) if url.startswith("sqlite") else PostgresLoader(url)


class SqliteLoader:
    """Loads a SQLite file; the indexes of a table are made again after it is filled."""

    def __init__(self, url: str) -> None:
        self._db = sqlite3.connect(str(make_url(url).database), isolation_level=None)

    def __enter__(self) -> Self:
        for pragma in ("synchronous=OFF", "cache_size=-500000", "temp_store=MEMORY"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        return self

    def __exit__(self, raised: object, *_: object) -> None:
        if raised is None:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._db.close()

    def fill(self, table: Table, rows: Rows) -> None:
        """Write all rows in one transaction."""
        found = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
        indexes = self._db.execute(found, (table.name,)).fetchall()
        names, places = ", ".join(f'"{one.name}"' for one in table.columns), ", ".join("?" * len(table.columns))
        self._db.execute("BEGIN")
        for name, _ in indexes:
            self._db.execute(f"DROP INDEX {name}")
        self._db.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", _plain(rows))
        for _, statement in indexes:
            self._db.execute(statement)
        self._db.execute("COMMIT")


def _plain(rows: Iterable[tuple[Any, ...]]) -> Rows:
    for row in rows:
        yield tuple(str(value) if hasattr(value, "isoformat") else value for value in row)


class PostgresLoader:
    """Loads a PostgreSQL database with COPY."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.commit()
        self._db.autocommit = True
        self._db.execute("VACUUM ANALYZE")
        self._db.close()

    def fill(self, table: Table, rows: Rows) -> None:
        """Write all rows."""
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
        with closing(self._db.cursor()) as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)
        if "id" in table.columns and table.columns["id"].autoincrement is True:
            most = sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), max(id)) FROM {}")
            self._db.execute(most.format(sql.Literal(table.name), sql.Identifier(table.name)))
