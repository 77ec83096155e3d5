"""`pushpull demo`: everything from nothing, then the server with its story."""

from __future__ import annotations

import secrets
import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.client import Client, Failure
from app.config import Settings
from app.demo.chance import Chance
from app.demo.past_commits import past_steps
from app.demo.seeded_past import DAYS, write_past
from app.demo.story import Story
from app.laboratory.bundled_repository import BundledRepository
from app.laboratory.bundled_site import HISTORY

MARKER = ".pushpull-demo"
PASSWORD = "demo-password"  # noqa: S105 - printed on purpose; the demo listens on loopback only
PAUSE_S = 40.0


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """How a demo is told. `pause_s`: seconds between the things that happen, by which pipelines are scaled too;
    `experiment`: whether a short twin experiment runs at its beginning."""

    folder: Path
    host: str
    port: int
    pause_s: float = PAUSE_S
    seed: int = 7
    experiment: bool = True


def fresh_folder(folder: Path) -> None:
    """Empty a demo's folder; refuses one that is not a demo's."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise Failure(f"{folder} holds something that is no demo; choose another with --data-dir", 2)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARKER).touch()


def check_port(host: str, port: int) -> None:
    """Say at once that the port is taken, and how to take another."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            other = port + 1 if port < 65535 else port - 1
            mend = f"PUSHPULL_PORT={other} make demo, or pushpull demo --port {other}"
            raise Failure(f"port {port} is taken; stop what uses it, or take another one: {mend}", 2) from None


def run(plan: DemoPlan, show: Callable[[str], None]) -> None:
    """Prepare, serve, and tell the story until stopped."""
    from app.main import serve

    check_port(plan.host, plan.port)
    fresh_folder(plan.folder)
    show("[1/5] Making a Git repository with six weeks of commits by four people")
    now = datetime.now(UTC).replace(microsecond=0)
    chance = Chance(plan.seed, plan.pause_s / PAUSE_S)
    repository = BundledRepository(plan.folder / "git")
    steps = past_steps(now, chance, DAYS)
    commits = repository.create(steps, len(HISTORY) - 1)
    token = "pp_" + secrets.token_urlsafe(32)
    settings = _settings(plan, now, token)
    show(f"[2/5] Making up {DAYS} days of deliveries, drift and rollbacks (seed {plan.seed})")
    write_past(settings, repository.path, commits[len(HISTORY) :], now, Chance(plan.seed), _note(plan))
    stories: list[Story] = []

    def begin(address: str) -> None:
        show(f"\n  The dashboard:  {address}\n  Log in as:      admin / {PASSWORD}\n  For scripts:    "
             f"export PUSHPULL_URL={address} PUSHPULL_TOKEN={token}\n")  # fmt: skip
        client, told = Client(address, token), len(steps) - len(HISTORY)
        stories.append(Story(client, repository, plan.folder / "servers", chance, show, told))
        seed = plan.seed if plan.experiment else None
        threading.Thread(target=stories[0].run, args=(plan.pause_s, seed), daemon=True).start()

    show("[3/5] Starting the server")
    try:
        serve(settings, begin, lambda _password: None)
    finally:
        for story in stories:
            story.stop()


def _note(plan: DemoPlan) -> str:
    return f"made up by the demo, seed {plan.seed}"


def _settings(plan: DemoPlan, now: datetime, token: str) -> Settings:
    """Nothing but what is given here: the demo keeps away from an installation that the environment describes."""
    given: dict[str, Any] = {
        "data_dir": plan.folder / "data",
        "host": plan.host,
        "port": plan.port,
        "source_roots": str(plan.folder / "git"),
        "target_roots": str(plan.folder / "servers"),
        "bootstrap_token": SecretStr(token),
        "admin_password": SecretStr(PASSWORD),
        "log_level": "warning",
        "notice": f"This is a demo. What is older than {now:%-d %b %Y %H:%M} UTC was made up (seed {plan.seed}); "
        "everything since is real, but the pipeline, which only waits.",
    }
    return Settings(_env_prefix="PUSHPULL_DEMO_", **given)
