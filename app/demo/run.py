"""`pushpull demo`: everything from nothing, then the server with its story."""

from __future__ import annotations

import secrets
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from app.client import Client, Failure
from app.config import Settings
from app.demo.demo_repository import DemoRepository
from app.demo.story import Story

MARKER = ".pushpull-demo"
PASSWORD = "demo-password"  # noqa: S105 - printed on purpose; the demo listens on loopback only


def fresh_folder(folder: Path) -> None:
    """Empty a demo's folder; refuses one that is not a demo's."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).exists():
        raise Failure(f"{folder} holds something that is no demo; choose another with --data-dir", 2)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARKER).touch()


def check_port(host: str, port: int) -> None:
    """Say at once that the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise Failure(f"port {port} is taken; stop what uses it, or give --port", 2) from None


def run(folder: Path, host: str, port: int, pause_s: float, show: Callable[[str], None]) -> None:
    """Prepare, serve, and tell the story until stopped."""
    from app.main import serve

    check_port(host, port)
    fresh_folder(folder)
    show("[1/5] Making a Git repository with a dozen commits by four people")
    repository = DemoRepository(folder / "git")
    repository.create()
    token = "pp_" + secrets.token_urlsafe(32)
    stopping = threading.Event()

    def begin(address: str) -> None:
        show(f"\n  The dashboard:  {address}\n  Log in as:      admin / {PASSWORD}\n  For scripts:    "
             f"export PUSHPULL_URL={address} PUSHPULL_TOKEN={token}\n")  # fmt: skip
        story = Story(Client(address, token), repository, folder / "servers", show, pause_s, stopping)
        threading.Thread(target=story.run, daemon=True).start()

    show("[2/5] Starting the server")
    try:
        serve(_settings(folder, host, port, token), begin, lambda _password: None)
    finally:
        stopping.set()


def _settings(folder: Path, host: str, port: int, token: str) -> Settings:
    """Nothing but what is given here: the demo keeps away from an installation that the environment describes."""
    given: dict[str, Any] = {
        "data_dir": folder / "data",
        "host": host,
        "port": port,
        "source_roots": str(folder / "git"),
        "target_roots": str(folder / "servers"),
        "bootstrap_token": SecretStr(token),
        "admin_password": SecretStr(PASSWORD),
        "log_level": "warning",
    }
    return Settings(_env_prefix="PUSHPULL_DEMO_", **given)
