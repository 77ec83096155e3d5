"""Many agents on one control plane: what their reports cost it, how long they wait, and whether any gets lost.

The agents are simulated: each keeps one request for news open and reports a quiet look at every interval, now and then
a delivery. They speak the real protocol to a real server process.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app import __version__
from app.domain.agents.protocol import FIRST_HASH, Report, ReportKind, chained
from app.domain.agents.wire import encode
from app.domain.environment import Status
from app.domain.status import Health, SyncStatus
from bench.ground import Ground
from bench.measuring import Result, Verdict, spread
from tests.support.server import ServerProcess

INTERVAL_S = 30.0
EVENTS = 4  # of a delivery
DELIVERIES = 0.1  # share of the reports that tell of one
TOLD = """Simulated agents, each with one environment and an interval of 30 s, over a real server process with SQLite,
both on the same cores. Every agent keeps a request for news open and reports a look at each interval, every tenth time
with a delivery's events. Measured after all have enrolled."""
NOTES = (
    "The control plane's share is its user and system time over the time measured; the agents' own is not in it.",
    "Lost: events that were acknowledged or sent and are not in the ledger exactly once, in order.",
)


@dataclass
class Simulated:
    """One agent's state. `told`: ids of the events that it has sent."""

    id: str
    credential: str
    environment: int
    seq: int = 0
    chain: str = FIRST_HASH
    told: list[str] = field(default_factory=list)


class Wire:
    """A kept connection that speaks just enough HTTP/1.1."""

    def __init__(self, port: int, credential: str) -> None:
        self._port, self._credential = port, credential
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request; its JSON. Raises AssertionError for an answer that is no success."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        content = json.dumps(body).encode() if body is not None else b""
        head = (
            f"{method} /api/v1{path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self._credential}\r\n"
            f"PushPull-Agent-Version: {__version__}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        size = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        answer = await reader.readexactly(size)
        assert lines[0].split(" ")[1].startswith("2"), f"{method} {path}: {lines[0]} {answer[:300]!r}"
        return json.loads(answer) if answer else None

    def close(self) -> None:
        """Hang up; the next call connects anew."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


def run(ground: Ground) -> Result:
    """Measure."""
    number, seconds = ground.of(500, 5), float(ground.of(90, 3))
    interval = INTERVAL_S if not ground.quick else 1.0
    with ServerProcess(ground.folder) as place:
        fleet = enrolled(place, number)
        delays, share = asyncio.run(_measured(place, fleet, interval, seconds))
        lost = missing(place, fleet)
    waits = spread("a report, sent to answered", delays)
    return Result(
        title=f"{number} agents",
        told=TOLD,
        figures=[waits, spread("control plane's share of one core", [100 * share], "%"),
                 spread("reports per second", [len(delays) / seconds], "/s")],
        verdicts=[
            Verdict("control plane's share of one core", 100 * share, "%", goal=50.0),
            Verdict("a report, p99", waits.percentile(0.99), "s", goal=0.2),
            Verdict("events lost, doubled or out of order", float(lost), "", goal=0.0),
        ],
        notes=list(NOTES),
    )  # fmt: skip


def enrolled(place: ServerProcess, number: int) -> list[Simulated]:
    """Agents with an environment each."""
    fleet = []
    for index in range(number):
        name = f"site-{index:04}"
        place.call("POST", "/environments", {
            "name": name, "mode": "pull", "runs_on": "agent",
            "source": {"repo_url": "https://git.example.org/shop.git"},
            "target": {"kind": "directory", "path": f"/srv/{name}"}, "policy": {"interval_s": 30},
        })  # fmt: skip
        token = place.call("POST", "/agents/enrollments", {"environments": [name]})["token"]
        made = _as(place, token, "POST", "/agents", {"name": name, "version": __version__})
        assigned = _as(place, made["credential"], "GET", "/agents/self/assignment?wait_s=0")
        fleet.append(Simulated(made["id"], made["credential"], assigned["environments"][0]["id"]))
    return fleet


def _as(place: ServerProcess, secret: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {secret}", "PushPull-Agent-Version": __version__}
    answer = place.anonymous.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def _cpu_s(pid: int) -> float:
    """Seconds that a process has computed, in user and system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _measured(
    place: ServerProcess, fleet: list[Simulated], interval: float, seconds: float
) -> tuple[list[float], float]:
    """How long each report took, and the server's share of a core, after a warm-up of one interval."""
    delays: list[float] = []
    dice, port = random.Random(4), urlsplit(place.url).port or 0
    listening = [asyncio.create_task(_listen(port, one)) for one in fleet]
    reporting = [asyncio.create_task(_report(port, one, interval, dice, delays)) for one in fleet]
    await asyncio.sleep(interval)
    delays.clear()
    spent, begun = _cpu_s(place.process.pid), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (_cpu_s(place.process.pid) - spent) / (time.perf_counter() - begun)
    measured = list(delays)
    for task in reporting:
        task.cancel()
    broken = [one for one in await asyncio.gather(*reporting, return_exceptions=True) if isinstance(one, Exception)]
    for task in listening:
        task.cancel()
    broken += [one for one in await asyncio.gather(*listening, return_exceptions=True) if isinstance(one, Exception)]
    if broken:
        raise broken[0]
    return measured, share


async def _listen(port: int, one: Simulated) -> None:
    """Keep a request for news open."""
    wire, known, after = Wire(port, one.credential), "", 0
    with closed(wire):
        while True:
            query = f"wait_s=20&after={after}" + (f"&known={known}" if known else "")
            news = await wire.call("GET", f"/agents/self/assignment?{query}")
            known = news["version"]
            after = max([after, *(command["seq"] for command in news["commands"])])


async def _report(port: int, one: Simulated, interval: float, dice: random.Random, delays: list[float]) -> None:
    """Report a look at every interval, at a moment of its own that a late answer does not shift: agents look by their
    own clocks. A batch that was begun is ended."""
    wire, due = Wire(port, one.credential), time.perf_counter() + dice.random() * interval
    await asyncio.sleep(due - time.perf_counter())
    with closed(wire):
        while True:
            body = batch(one, delivery=dice.random() < DELIVERIES)
            begun = time.perf_counter()
            answer = await asyncio.shield(asyncio.ensure_future(wire.call("POST", "/agents/self/reports", body)))
            delays.append(time.perf_counter() - begun)
            wire.close()  # the server would, long before the next report
            assert answer["through"] == one.seq, answer
            assert not answer["refused"], answer
            due += interval
            await asyncio.sleep(due - time.perf_counter())


def batch(one: Simulated, *, delivery: bool) -> dict[str, Any]:
    """What an agent sends after a look."""
    now = datetime.now(UTC)
    status = Status(SyncStatus.SYNCED, Health.HEALTHY, checked_at=now, expires_at=now + timedelta(seconds=600))
    reports = [_next(one, now, ReportKind.STATUS, encode(status))]
    for _ in range(EVENTS if delivery else 0):
        id = f"{one.seq + 1}"
        facts = {"outcome": "no_op", "mode": "pull", "trigger": "schedule"}
        data = {"id": id, "type": "decision", "reason": "measured", "operation": None, "data": facts}
        reports.append(_next(one, now, ReportKind.EVENT, data))
        one.told.append(id)
    clock = {"sent_at": now.isoformat(), "mono_s": time.monotonic(), "boot": "bench"}
    return {**clock, "offset_s": 0.0, "offset_error_s": 0.001, "reports": reports}


def _next(one: Simulated, at: datetime, kind: ReportKind, data: Any) -> dict[str, Any]:
    one.seq += 1
    report = Report(one.seq, at, time.monotonic(), "bench", one.environment, kind, data)
    one.chain = chained(one.chain, report)
    return {**encode(report), "hash": one.chain}


def missing(place: ServerProcess, fleet: list[Simulated]) -> int:
    """Events of the agents that the ledger does not hold once and in order."""
    found: dict[str, list[str]] = {one.id: [] for one in fleet}
    after = 0
    while page := place.call("GET", f"/events?limit=1000&after={after}")["items"]:
        after = page[-1]["id"]
        for event in page:
            origin = event.get("origin") or {}
            if event["reason"] == "measured":
                found[origin["agent"]].append(str(origin["id"]))
    return sum(found[one.id] != one.told for one in fleet)


@contextmanager
def closed(wire: Wire) -> Iterator[None]:
    """Hang up at the end."""
    with suppress(asyncio.CancelledError):
        try:
            yield
        finally:
            wire.close()
