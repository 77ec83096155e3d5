"""Two server processes over one PostgreSQL while many clients ask both for everything at once."""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.races.conftest import Pair
from tests.support.installation import Installation
from tests.support.invariants import broken, records_broken
from tests.support.server import Json, ServerProcess

THREADS, DEEDS, PLACES = 8, 24, 4
TOKEN = "pp_storm_" + "t" * 24
AWAY = 503  # the database has more writers than it takes in: nothing was changed, come again

Call = tuple[str, str, Json | None]


class Client:
    """One client's deeds. An environment that moves to another name stays at its place."""

    def __init__(self, here: Installation, servers: list[ServerProcess], seed: int) -> None:
        self._here, self._servers, self._random = here, servers, random.Random(seed)
        self.answers: Counter[int] = Counter()
        self.faults: list[str] = []

    def run(self) -> None:
        for _ in range(DEEDS):
            place = self._random.randrange(PLACES)
            for call in self._deed(place, f"e{place}-{self._random.choice('ab')}"):
                self._ask(*call)

    def _deed(self, place: int, name: str) -> list[Call]:
        at = f"/environments/{name}"
        other = name[:-1] + ("b" if name.endswith("a") else "a")
        deeds: list[list[Call]] = [
            [("POST", f"{at}/syncs", {})],
            [("POST", f"{at}/syncs", {"override_hold": True})],
            [("POST", f"{at}/refreshes", None)],
            [("PATCH", at, {"labels": {"by": f"x{self._random.randrange(99)}"}})],
            [("POST", f"{at}/switches", {"mode": "pull", "reason": "storm"})],
            [("POST", f"{at}/switches", {"mode": "push", "reason": "storm"})],
            [("POST", f"{at}/rollbacks", {"strategy": "pin", "reason": "storm"})],
            [("PUT", f"{at}/hold", {"reason": "storm"}), ("DELETE", f"{at}/hold", None)],
            [("DELETE", at, None), ("POST", "/environments", self.spec(place, other))],
            [("POST", "/environments", self.spec(place, name))],
        ]
        return self._random.choice(deeds)

    def spec(self, place: int, name: str) -> Json:
        return {
            "name": name, "mode": self._random.choice(["push", "pull"]),
            "source": {"repo_url": self._here.url, "ref": "main", "path": "deploy"},
            "target": {"kind": "directory", "path": str(self._here.servers / f"place-{place}")},
            "policy": {"interval_s": 3, "refresh_interval_s": 60},
        }  # fmt: skip

    def _ask(self, method: str, path: str, body: Json | None) -> None:
        server = self._random.choice(self._servers)
        try:
            answer = server.http.request(method, f"/api/v1{path}", json=body)
        except httpx.HTTPError as problem:
            self.faults.append(f"{method} {path}: {problem!r}")
            return
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != AWAY:
            self.faults.append(f"{method} {path}: {answer.status_code} {answer.text}")


def started(stack: ExitStack, here: Installation, number: int) -> ServerProcess:
    folder = here.folder / f"process-{number}"
    (folder / "data").mkdir(parents=True)
    shutil.copy(here.data / "secret.key", folder / "data")
    return stack.enter_context(
        ServerProcess(
            folder,
            PUSHPULL_DATABASE_URL=here.store.engine.url.render_as_string(hide_password=False),
            PUSHPULL_SOURCE_ROOTS=str(here.folder),
            PUSHPULL_TARGET_ROOTS=str(here.servers),
            PUSHPULL_BOOTSTRAP_TOKEN=TOKEN,
        )
    )


def logged(servers: list[ServerProcess]) -> list[str]:
    """Tracebacks in the servers' logs."""
    return [line for one in servers for line in Path(one.errors).read_text().splitlines() if "Traceback" in line]


def settled(here: Installation) -> bool:
    with here.store.read() as tx:
        return not any(tx.operations.active(tx.environments.get(name).id) for name in tx.environments.targets())


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_a_storm_over_two_servers_leaves_everything_true(pair: Pair) -> None:
    here, moved = pair.one, threading.Event()
    with ExitStack() as stack:
        servers = [started(stack, here, number) for number in range(2)]
        clients = [Client(here, servers, seed) for seed in range(THREADS)]
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(Client.run, clients))
            here.repo.commit({"deploy/index.html": "after the storm"})
        for name in list(_names(here)):
            servers[0].http.delete(f"/api/v1/environments/{name}/hold")
        for _ in range(1200):
            if settled(here):
                break
            moved.wait(0.1)
        assert settled(here)
        for one in servers:
            one.stop()
        found = logged(servers)
    here.use_cases.queue.recover(None)
    here.run()
    faults = [text for one in clients for text in one.faults]
    assert faults + found + broken(here) + records_broken(here) == []
    answers = sum((one.answers for one in clients), Counter[int]())
    assert answers[202] > THREADS, answers


def _names(here: Installation) -> list[str]:
    with here.store.read() as tx:
        return list(tx.environments.targets())
