"""How long the server takes to be ready, and what it needs when it has nothing to do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from bench.ground import GIT_ENVIRONMENT, ROOT, Ground
from bench.measuring import Result, Verdict, spread

PATIENCE_S = 30.0
TOLD = """`pushpull serve` with SQLite, from the start of the process to the first good answer of `/readyz`, over a
fresh data directory (which is migrated) and over one that exists; and the resident memory of the process left alone."""
NOTES = (
    """The peer is an empty Python process that imports the server's libraries: nothing is quicker with them.""",
    """Bytecode is there, as after an installation with pip and a first start; compiling takes seconds more.""",
)
PARTS = "import fastapi, sqlalchemy, uvicorn, jinja2, pydantic_settings, apscheduler.schedulers.background"


def run(ground: Ground) -> Result:
    """Starts in turns."""
    rounds, idle_s = ground.of(9, 1), ground.of(10, 1)
    fresh, again, bare, memory = [], [], [], []
    variables = _variables(ground.folder / "bytecode")
    for number in range(rounds + 1):
        folder = ground.folder / f"data-{number}"
        with _served(folder, variables) as (_, seconds):
            fresh.append(seconds)
        with _served(folder, variables) as (process, seconds):
            again.append(seconds)
            if number == rounds:
                for _ in range(ground.of(5, 1)):
                    time.sleep(idle_s)
                    memory.append(resident(process.pid))
        bare.append(_bare(variables))
    figures = [
        spread("start to ready, fresh", fresh[1:]),
        spread("start to ready, again", again[1:]),
        spread("importing the libraries alone", bare[1:]),
        spread(f"resident memory, idle for {idle_s} s and more", memory, "MB"),
    ]
    return Result(
        title="Start and memory",
        told=TOLD,
        figures=figures,
        verdicts=[
            Verdict("start to ready, fresh (median)", figures[0].median, "s", goal=1.0),
            Verdict("start to ready, again (median)", figures[1].median, "s", goal=1.0),
            Verdict("start to ready, again / the imports alone", figures[1].median / figures[2].median, goal=1.4),
            Verdict("idle memory", memory[0], "MB", goal=120.0),
        ],
        notes=list(NOTES),
    )


def _variables(bytecode: Path) -> dict[str, str]:
    """A user's environment, with bytecode in a place of its own."""
    return {**GIT_ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bytecode)}


@contextmanager
def _served(data: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """A running server, and how long it took to be ready."""
    port = _free_port()
    variables = {**environment, "PUSHPULL_DATA_DIR": str(data), "PUSHPULL_PORT": str(port)}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _ready(port):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE_S:
                raise AssertionError("the server did not become ready")
            time.sleep(0.005)
        yield process, time.perf_counter() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _ready(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def _bare(environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", PARTS], check=True, env=environment)
    return time.perf_counter() - begun


def resident(pid: int) -> float:
    """Megabytes (10^6 bytes) of a process in memory, its children included."""
    pages = sum(int(Path(f"/proc/{one}/statm").read_text("ascii").split()[1]) for one in (pid, *_children(pid)))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in found for child in file.read_text("ascii").split()]
