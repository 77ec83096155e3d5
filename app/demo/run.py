"""`pushpull demo`: everything from nothing, then the server with its story."""

from __future__ import annotations

import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from app.client import Client, Failure
from app.config import Settings
from app.demo.repository import Repository
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


def run(folder: Path, host: str, port: int, pause_s: float, tell: Callable[[str], None]) -> None:
    """Prepare, serve, and tell the story until stopped."""
    from app.main import serve

    check_port(host, port)
    fresh_folder(folder)
    tell("[1/5] Making a Git repository with a dozen commits by four people")
    repository = Repository(folder / "git")
    repository.create()
    token = "pp_" + secrets.token_urlsafe(32)
    settings = Settings(
        data_dir=folder / "data",
        host=host,
        port=port,
        source_roots=str(folder / "git"),
        target_roots=str(folder / "servers"),
        bootstrap_token=SecretStr(token),
        admin_password=SecretStr(PASSWORD),
        log_level="warning",
    )
    tell("[2/5] Starting the server")
    story = Story(Client(f"http://{host}:{port}", token), repository, folder / "servers", tell, pause_s)
    thread = threading.Thread(target=_when_ready, args=(story, host, port, token, tell), daemon=True)
    thread.start()
    try:
        serve(settings, lambda _address: None, lambda _password: None)
    finally:
        story.stop()


def _when_ready(story: Story, host: str, port: int, token: str, tell: Callable[[str], None]) -> None:
    client = Client(f"http://{host}:{port}", token)
    for _ in range(100):
        try:
            client.call("GET", "/environments", limit=1)
            break
        except Failure:
            time.sleep(0.1)
    tell(f"\n  The dashboard:  http://{host}:{port}\n  Log in as:      admin / {PASSWORD}\n  For scripts:    "
         f"export PUSHPULL_URL=http://{host}:{port} PUSHPULL_TOKEN={token}\n")  # fmt: skip
    story.run()
