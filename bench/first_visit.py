"""What a browser with an empty cache loads, page and files, as it travels."""

from __future__ import annotations

import httpx

from bench.ground import Ground
from bench.measuring import Figure, Result, Verdict, spread
from bench.overview import PASSWORD
from bench.seed import Seed
from bench.stand import expect
from tests.support.server import ServerProcess
from tests.support.visit import first_visit

GOAL_KB = 60.0
PAGES = ("/", "/operations", "/drift", "/compare", "/audit", "/settings", "/environments/new")
NOTES = (
    """Bodies only, in KB of 1,000 bytes: the page and every file that it names. The next page costs the page alone.""",
)


def run(ground: Ground) -> Result:
    """Every page that the navigation leads to."""
    environments, each = ground.of(500, 20), ground.of(100, 5)
    (ground.folder / "data").mkdir()
    Seed(environments, each).into(f"sqlite:///{ground.folder / 'data' / 'pushpull.db'}")
    variables = {"PUSHPULL_SCHEDULER": "false", "PUSHPULL_ADMIN_PASSWORD": PASSWORD}
    with ServerProcess(ground.folder, **variables) as place:
        answer = place.anonymous.post("/login", data={"name": "admin", "password": PASSWORD})
        expect(answer.status_code == 303, f"log-in answered {answer.status_code}")
        packed = _sizes(place.anonymous, "gzip")
        plain = _sizes(place.anonymous, "identity")
    largest = max(packed, key=lambda figure: figure.median)
    return Result(
        title="First visit",
        told=f"{environments:,} environments, a page of 50; by a client that takes gzip, and by one that does not.",
        figures=[*packed, *plain],
        verdicts=[Verdict(f"the largest ({largest.name})", largest.median, "KB", goal=GOAL_KB)],
        notes=list(NOTES),
    )


def _sizes(client: httpx.Client, encoding: str) -> list[Figure]:
    client.headers["Accept-Encoding"] = encoding
    return [spread(f"{path}, {encoding}", [sum(first_visit(client, path).values()) / 1000], "KB") for path in PAGES]
