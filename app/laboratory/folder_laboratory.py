"""Benches in a folder of the data directory, with targets below the first of the target roots."""

from __future__ import annotations

import http.client
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.domain.experiments.experiment_parameters import FaultKind
from app.laboratory.bench_server import HOST, MODES, REPOSITORY, BenchServer
from app.laboratory.bundled_repository import BundledRepository
from app.laboratory.bundled_site import HISTORY, SiteStep, next_step, page
from app.ports.laboratory import PushAnswer

FOLDER, MADE = "experiments", "made"
EDITED, BY_HAND = "nginx.conf", "# edited by hand in an experiment\n"
BUILDS = "https://ci.example/experiment/"
PATIENCE_S = 30.0


class FolderLaboratory:
    """Implements the port Laboratory. `control`: the address of this server, as soon as it is known."""

    def __init__(self, data_dir: Path, targets: Path, control: Callable[[], str]) -> None:
        self._folder, self._targets, self._control = data_dir / FOLDER, targets / FOLDER, control

    def target(self, id: str, mode: str) -> str:
        return str(self._targets / id / mode)

    def holds(self, id: str) -> bool:
        return (self._folder / id / MADE).exists()

    def open(self, id: str, port: int, delay_s: float) -> FolderBench:
        folder = self._folder / id
        repository = BundledRepository(folder)
        if not self.holds(id):
            shutil.rmtree(folder, ignore_errors=True)
            now = datetime.now(UTC).replace(microsecond=0)
            steps = [(now - timedelta(hours=step.hours_ago + 1), step) for step in HISTORY]
            repository.create(sorted(steps, key=lambda one: one[0]), 0)
            (folder / MADE).touch()
        server = BenchServer(repository.path, self._control(), port)
        return FolderBench(repository, server, {mode: Path(self.target(id, mode)) for mode in MODES}, delay_s)

    def remove(self, id: str) -> None:
        for folder in (self._folder / id, self._targets / id):
            shutil.rmtree(folder, ignore_errors=True)


class FolderBench:
    """Implements the port Bench."""

    def __init__(
        self, repository: BundledRepository, server: BenchServer, targets: Mapping[str, Path], delay_s: float
    ) -> None:
        self._repository, self._server, self._targets, self._delay_s = repository, server, targets, delay_s

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def address(self) -> str:
        return f"{self._server.url}/git{REPOSITORY}"

    def accept(self, mode: str, token: str) -> None:
        self._server.weather.tokens[mode] = token

    def commit(self, number: int, *, bad: bool) -> str:
        change = next_step(number)
        subject = f"{change.message} (change {number})"
        return self._repository.found(subject) or self._repository.add(_content(change, subject, number, bad))

    def announce(self, number: int, *, lost: bool) -> bool:
        self._server.weather.hooks_lost = lost
        try:
            self._ask(f"/hooks/{number}", "", {"commit": number})
        except (OSError, http.client.HTTPException):
            return False
        finally:
            self._server.weather.hooks_lost = False
        return number in self._server.weather.announced

    def push(self, token: str, environment: str, revision: str, number: int) -> PushAnswer:
        body = {"revision": revision, "pipeline": {"id": str(number), "url": f"{BUILDS}{number}"}}
        try:
            status, said = self._ask(f"/control/push/api/v1/environments/{environment}/syncs", token, body)
        except (OSError, http.client.HTTPException):
            return PushAnswer(False, said="the control plane could not be reached")
        try:
            answer = json.loads(said)
        except ValueError:
            answer = {}
        if status < 400:
            return PushAnswer(True, str(answer.get("id", "")))
        return PushAnswer(False, said=f"{status}: {str(answer.get('detail', ''))[:200]}")

    def _ask(self, path: str, token: str, body: Mapping[str, object]) -> tuple[int, bytes]:
        way = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            way.request("POST", path, json.dumps(body), headers)
            answer = way.getresponse()
            return answer.status, answer.read()
        finally:
            way.close()

    def edit(self, mode: str) -> None:
        file = self._targets[mode] / EDITED
        if file.exists() and not self.edited(mode):
            with file.open("a", encoding="utf-8") as opened:
                opened.write(BY_HAND)

    def edited(self, mode: str) -> bool:
        try:
            return BY_HAND in (self._targets[mode] / EDITED).read_text("utf-8")
        except (OSError, UnicodeError):
            return False

    def fault(self, kind: FaultKind, on: bool) -> None:
        weather = self._server.weather
        if kind is FaultKind.GIT_OUTAGE:
            weather.git_down = on
        elif kind is FaultKind.CONTROL_PLANE_DOWN:
            weather.control_down = on
        elif kind is FaultKind.SLOW_NETWORK:
            weather.delay_s = self._delay_s if on else 0.0
        elif kind is FaultKind.EXPIRED_CREDENTIAL:
            weather.expired = on

    def requests(self) -> Mapping[str, Mapping[str, int]]:
        return self._server.counts()

    def close(self) -> None:
        self._server.close()


def _content(change: SiteStep, subject: str, number: int, bad: bool) -> SiteStep:
    """A commit that changes something that is delivered, and whose first page is whole unless it is bad."""
    whole = page("Corner Bakery", "<p>Fresh bread from six in the morning.</p>")
    files = {
        **change.files,
        "deploy/release.txt": f"change {number}\n",
        "deploy/site/index.html": whole.replace("</html>", "") if bad else whole,
    }
    return replace(change, message=subject, files=files)
