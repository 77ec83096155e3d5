"""What an environment that has nothing to do costs in memory: a server with one against a server with a thousand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.ground import Ground
from bench.measuring import Result, Verdict, spread
from bench.stand import expect
from bench.start import resident
from bench.trees import PATH, repository
from tests.support.server import ServerProcess

GOAL_KB = 20.0
TOLD = """`pushpull serve` with SQLite and pulled environments over one repository, ten small files each, delivered and
then left alone: polled and refreshed by the schedule, and never opened in a browser. Resident memory of the process
after a restart and several rounds of refreshes; the difference between the two servers, for each environment."""
NOTES = (
    """Every environment is refreshed each two minutes and the repository polled every ten seconds: what is kept between
  them counts, and so does what the allocator does not give back.""",
)


def run(ground: Ground) -> Result:
    """One environment, then many."""
    many, settle_s = ground.of(1_000, 10), ground.of(180, 3)
    repo = repository(ground.folder / "repo.git", 10)
    few = _measured(ground.folder / "one", repo.url, 1, settle_s)
    full = _measured(ground.folder / "many", repo.url, many, settle_s)
    each = [(a - b) * 1000 / (many - 1) for a, b in zip(full, few, strict=True)]
    return Result(
        title="Memory of idle environments",
        told=TOLD,
        figures=[
            spread("resident memory, 1 environment", few, "MB"),
            spread(f"resident memory, {many:,} environments", full, "MB"),
        ],
        verdicts=[Verdict(f"each idle environment at {many:,}", sorted(each)[len(each) // 2], "KB", goal=GOAL_KB)],
        notes=list(NOTES),
    )


def _measured(folder: Path, url: str, count: int, settle_s: float) -> list[float]:
    folder.mkdir()
    _fill(folder, url, count)
    with ServerProcess(folder, PUSHPULL_SOURCE_ROOTS=str(folder.parent)) as place:
        time.sleep(settle_s)
        found = []
        for _ in range(5):
            time.sleep(1.0)
            found.append(resident(place.process.pid))
        expect(place.call("GET", "/environments")["items"] != [], "no environment")
    return found


def _fill(folder: Path, url: str, count: int) -> None:
    """Register and deliver by a server that ends afterwards."""
    with ServerProcess(folder, PUSHPULL_SOURCE_ROOTS=str(folder.parent)) as place:
        for number in range(count):
            name = f"env-{number:04d}"
            place.call("POST", "/environments", _specification(folder, name, url), status=201)
        _until_synced(place, count)


def _specification(folder: Path, name: str, url: str) -> dict[str, object]:
    return {
        "name": name,
        "mode": "pull",
        "source": {"repo_url": url, "ref": "main", "path": PATH},
        "target": {"kind": "directory", "path": str(folder / "live" / name)},
        "policy": {"interval_s": 10, "refresh_interval_s": 120},
    }


def _until_synced(place: ServerProcess, count: int) -> None:
    """Nothing is left that would differ from Git."""
    deadline = time.monotonic() + 10.0 + count
    while len(list(_synced(place))) < count:
        expect(time.monotonic() < deadline, "not everything was delivered")
        time.sleep(1.0)


def _synced(place: ServerProcess) -> Iterator[str]:
    after = ""
    while page := place.call("GET", "/environments", sync="Synced", limit=200, after=after)["items"]:
        yield from (one["name"] for one in page)
        after = page[-1]["name"]
