"""Installations that an older version left behind, unpacked and moved to a place of this test's own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from tests.support.postgres import Postgres
from tests.support.repo import ENVIRONMENT
from tests.support.server import Json, LiveServer, ServerProcess

CHECKOUT = Path(__file__).resolve().parents[2]
FIXTURES = CHECKOUT / "tests" / "fixtures"
MOVED = ("environments", "repositories", "polls")  # tables of the old version that say where things lie now


@dataclass(frozen=True)
class Older:
    """One old installation. `said`: what its own version answered, in its own places."""

    place: Path
    database_url: str
    said: Json

    @property
    def live(self) -> Path:
        return self.place / "live"

    @property
    def names(self) -> list[str]:
        return [one["name"] for one in self.said["environments"]]

    @property
    def roots(self) -> dict[str, str]:
        return {"PUSHPULL_SOURCE_ROOTS": str(self.place / "git"), "PUSHPULL_TARGET_ROOTS": str(self.live)}

    def here(self, value: Any) -> Any:
        """What was said, with the old places replaced by those of this test."""
        return json.loads(json.dumps(value).replace(self.said["root"], str(self.place)))

    def environment(self, name: str) -> Json:
        found: Json = next(one for one in self.said["environments"] if one["name"] == name)
        return found

    def operations(self, name: str) -> list[str]:
        return [one["id"] for one in self.said["operations"] if one["environment"] == name]

    def start(self, *, scheduler: bool = False) -> LiveServer:
        """The present version over it, in this process; without a schedule unless told otherwise."""
        known = {"database_url": self.database_url, "bootstrap_token": self.said["token"]}
        given = {name: SecretStr(text) for name, text in known.items()}
        server = LiveServer(self.place, scheduler=scheduler, **given)
        server.token = self.said["token"]
        server.http.headers["Authorization"] = f"Bearer {server.token}"
        return server

    def serve(self) -> ServerProcess:
        """`pushpull serve` over it, as whoever upgrades starts it."""
        given = {"PUSHPULL_SCHEDULER": "false", "PUSHPULL_DATABASE_URL": self.database_url}
        return ServerProcess(self.place, PUSHPULL_BOOTSTRAP_TOKEN=self.said["token"], **given)

    def command(self, *args: str | Path) -> str:
        """A command of the present version that has to succeed, over the server's or the agent's data; what it says."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *map(str, args)], cwd=CHECKOUT, capture_output=True, text=True, check=False,
            env={**ENVIRONMENT, **self.roots, "PUSHPULL_DATA_DIR": str(self.place / "data"),
                 "PUSHPULL_DATABASE_URL": self.database_url},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, name: str, files: Mapping[str, str | None], message: str) -> str:
        """A new commit of a repository's main branch."""
        at = "Ann Author <ann@example.org> 1795000000 +0000"
        lines = [f"commit refs/heads/main\nmark :1\nauthor {at}\ncommitter {at}\n{_data(message)}"]
        lines += ["from refs/heads/main^0\n"]
        lines += [f"M 644 inline {path}\n{_data(text)}" if text is not None else f"D {path}\n"
                  for path, text in files.items()]  # fmt: skip
        done = subprocess.run(
            ["git", "fast-import", "--quiet", "--done"], cwd=self.place / "git" / f"{name}.git", check=True,
            input="".join([*lines, "get-mark :1\ndone\n"]), capture_output=True, text=True, env=ENVIRONMENT,
        )  # fmt: skip
        return done.stdout.strip()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def versions() -> list[str]:
    """Every old version that fixtures were made of."""
    return sorted(one.name for one in FIXTURES.glob("version_*"))


def unpack(version: str, kind: str, place: Path, postgres: Postgres | None) -> Older:
    """Unpack a version's installation on one kind of database ("sqlite", "postgresql") into an empty folder."""
    with tarfile.open(FIXTURES / version / f"{kind}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    said: Json = json.loads((place / "expected.json").read_text("utf-8"))
    root, url = said["root"], f"sqlite:///{place / 'data' / 'pushpull.db'}"
    for inventory in place.glob("*/inventories/*/inventory.db"):
        _move(inventory, ["facts"], root, place)
    _move(place / "agent" / "pushpull.db", MOVED, root, place)
    if postgres is None:
        _move(place / "data" / "pushpull.db", MOVED, root, place)
    else:
        url = postgres.create()
        _load((place / "dump.sql").read_text("utf-8"), url, root, place)
    return Older(place, url, said)


def _move(file: Path, tables: Iterable[str], root: str, place: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        for table in tables:
            for _, column, kind, *_ in database.execute(f"PRAGMA table_info({table})").fetchall():
                if kind.upper().startswith(("TEXT", "VARCHAR", "JSON")):
                    swap = f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?)"
                    database.execute(swap, (root, str(place), root))


def _load(dump: str, url: str, root: str, place: Path) -> None:
    """Run a dump; its lines for psql alone begin with a backslash."""
    moved = tuple(f"INSERT INTO public.{table} " for table in MOVED)
    lines = (line.replace(root, str(place)) if line.startswith(moved) else line for line in dump.split("\n"))
    script = "\n".join(line for line in lines if not line.startswith("\\"))
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(script.encode())


def covers(found: Any, said: Any) -> bool:
    """Whether everything that was said is still said; more may be said now."""
    if isinstance(said, dict):
        return isinstance(found, dict) and all(key in found and covers(found[key], one) for key, one in said.items())
    if isinstance(said, list):
        return isinstance(found, list) and len(found) == len(said) and all(map(covers, found, said))
    return bool(found == said)
