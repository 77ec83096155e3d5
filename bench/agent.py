"""What an agent costs when nothing happens: processor time of one poll, and resident memory."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from app.agent import local_commands
from app.agent.agent_launch import command as launched
from app.agent.agent_runtime import AgentAdapters, parts
from app.agent.agent_settings import AgentSettings
from app.domain.operation import Operation
from app.services.agent_side.assignments import Assignments
from bench.ground import GIT_ENVIRONMENT, Ground
from bench.measuring import Figure, Result, Verdict, ratio, spread
from bench.stand import expect
from bench.trees import PATH, repository
from tests.support.controlplane import ControlPlane
from tests.support.repo import GitRepo

TOLD = """Processor time, ours and our children's, of one poll without news as the agent does it (`Poller.poll` over its
own store), against `git pull` in a clone as cron starts it (`sh -c`), over `git://` on loopback and from a local
repository, and against `ansible-pull` where that is installed; and the resident memory of a `pushpull agent run` with
one directory environment that polls once a second."""
NOTES = (
    """`git pull` is what cron would run; it compares nothing, heals nothing and tells nobody.""",
    """Memory is in MB of 10^6 bytes, over plain HTTP on loopback; TLS adds the trusted certificates, about 1 MB.""",
)
EDGE = 1
ANSIBLE = "ansible-pull, local"


def run(ground: Ground) -> Result:
    """Ticks in turns, then a process left alone."""
    repo = repository(ground.folder / "git" / "shop.git", 20)
    with ControlPlane() as plane:
        specification = _specification(ground, repo)
        plane.assign(EDGE, specification)
        settings = AgentSettings(ground.folder / "agent", (ground.folder / "git",), (ground.folder / "live",))
        mask = os.umask(0o022)
        local_commands.enroll(plane.url, "once", settings.folder, "edge")
        os.umask(mask)
        figures = _ticks(ground, repo, settings, specification)
        memory = spread("resident memory of an idle agent", _idle(ground, plane, settings), "MB")
    return Result("The agent", TOLD, [*figures.values(), memory], _verdicts(figures, memory), _notes(figures))


def _specification(ground: Ground, repo: GitRepo) -> dict[str, Any]:
    return {
        "name": "shop", "mode": "pull", "runs_on": "agent",
        "source": {"repo_url": repo.url, "ref": "main", "path": PATH},
        "target": {"kind": "directory", "path": str(ground.folder / "live" / "shop")},
        "policy": {"interval_s": 1, "refresh_interval_s": 3600},
    }  # fmt: skip


def _ticks(ground: Ground, repo: GitRepo, settings: AgentSettings, given: dict[str, Any]) -> dict[str, Figure]:
    made = parts(settings)
    Assignments(made.use_cases.ports, made.store).take([{"id": EDGE, "specification": given, "seed": {}}])
    made.use_cases.poller.poll(repo.url)
    expect([one.phase.value for one in _drained(made)] == ["succeeded"], "the first poll delivered nothing")
    taken: dict[str, list[float]] = {}
    with _daemon(ground.folder / "git") as address:
        use_cases = {
            **_pair(made, ground, repo.url, "local"),
            **_pair(made, ground, f"{address}/shop.git", "git://"),
            **_ansible(ground, repo),
        }
        for number in range(ground.of(30, 2) + 1):
            for name, case in use_cases.items():
                seconds = _processor(case)
                if number:
                    taken.setdefault(name, []).append(seconds)
    made.store.close()
    return {name: spread(name, values) for name, values in taken.items()}


def _pair(made: AgentAdapters, ground: Ground, url: str, how: str) -> dict[str, Callable[[], None]]:
    """A poll, and what cron would do instead, over one transport."""
    clone = ground.folder / f"clone-{how[:3]}"
    subprocess.run(["git", "clone", "--quiet", url, str(clone)], check=True, env=GIT_ENVIRONMENT)
    made.use_cases.poller.poll(url)
    return {
        f"the agent's poll, {how}": lambda: expect(made.use_cases.poller.poll(url) == "unchanged", "there was news"),
        f"git pull from cron, {how}": lambda: _shell(f"cd {clone} && git pull --quiet"),
    }


def _ansible(ground: Ground, repo: GitRepo) -> dict[str, Callable[[], None]]:
    if not shutil.which("ansible-pull"):
        return {}
    where = f"--url {repo.url} --directory {ground.folder / 'ansible'}"
    return {ANSIBLE: lambda: _shell(f"ansible-pull {where} --only-if-changed -i localhost, local.yml")}


@contextmanager
def _daemon(folder: Path) -> Iterator[str]:
    """Git's own server, whose processor time is nobody's of ours until it has ended."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    argv = ["git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen([*argv, f"--base-path={folder}", str(folder)], env=GIT_ENVIRONMENT)
    try:
        while subprocess.run(["git", "ls-remote", f"git://127.0.0.1:{port}/shop.git"], capture_output=True).returncode:
            time.sleep(0.05)
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _drained(made: AgentAdapters) -> list[Operation]:
    ended: list[Operation] = []
    while True:
        with made.store.write() as tx:
            operation = tx.queue.claim("bench", made.use_cases.ports.clock.now())
        if operation is None:
            return ended
        ended.append(made.use_cases.reconciler.run(operation))


def _shell(line: str) -> None:
    subprocess.run(["sh", "-c", line], check=False, env=GIT_ENVIRONMENT, capture_output=True)


def _processor(call: Callable[[], None]) -> float:
    """Seconds of processor time that a call takes, its children's included."""
    before = _used()
    call()
    return _used() - before


def _used() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _idle(ground: Ground, plane: ControlPlane, settings: AgentSettings) -> list[float]:
    roots = {"PUSHPULL_SOURCE_ROOTS": str(ground.folder / "git"), "PUSHPULL_TARGET_ROOTS": str(ground.folder / "live")}
    argv, variables = launched(settings.folder, {**GIT_ENVIRONMENT, **roots})
    process = subprocess.Popen(argv, env=variables, stderr=subprocess.DEVNULL)
    try:
        plane.until(lambda: plane.of("status"), "the agent at work")
        found = []
        for _ in range(ground.of(5, 1)):
            time.sleep(ground.of(10, 2))
            pages = int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1])
            found.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        return found
    finally:
        process.terminate()
        process.wait(10)


def _verdicts(figures: dict[str, Figure], memory: Figure) -> list[Verdict]:
    verdicts = []
    for how in ("git://", "local"):
        share = ratio(figures[f"the agent's poll, {how}"], figures[f"git pull from cron, {how}"])
        verdicts.append(Verdict(f"the agent's poll / git pull from cron ({how}), processor time", share, goal=0.5))
    if ANSIBLE in figures:
        share = ratio(figures["the agent's poll, local"], figures[ANSIBLE])
        verdicts.append(Verdict("the agent's poll / ansible-pull, processor time", share, goal=0.02))
    return [*verdicts, Verdict("idle memory", max(memory.values), "MB", goal=60.0)]


def _notes(figures: dict[str, Figure]) -> list[str]:
    absent = [] if ANSIBLE in figures else ["`ansible-pull` is not installed here, so it was not measured."]
    return [*NOTES, *absent, f"Python {sys.version.split()[0]}."]
