"""The real server for tests: in a thread of this process, or as a process of its own. Ports are the system's choice."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

import httpx
import uvicorn
from pydantic import SecretStr

from app.config import Settings
from app.main import Installation, Server, build
from app.web.listening.bounded_protocol import ConnectionLimits
from tests.support.repo import GitRepo

Json = dict[str, Any]
FINAL = ("succeeded", "failed", "error", "terminated", "superseded")
PATIENCE_S = 30.0


class Place:
    """A folder with repositories (`git/`), targets (`live/`) and data (`data/`), and a client of the server over it."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.folder, self.url, self.token = folder, url, token
        self.live = folder / "live"
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)
        self.anonymous = httpx.Client(base_url=url, timeout=PATIENCE_S)

    def call(self, method: str, path: str, body: Any = None, *, status: int | None = None, **params: Any) -> Any:
        """A request below /api/v1 that has to succeed (or answer `status`); its JSON."""
        answer = self.http.request(method, f"/api/v1{path}", json=body, params=params or None)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json() if answer.content else None

    def repo(self, name: str, files: dict[str | bytes, Any] | None = None) -> GitRepo:
        """A new repository with one commit of some files."""
        made = GitRepo(self.folder / "git" / f"{name}.git")
        made.commit(files or {"site/index.html": "one\n", "site/style.css": "body {}\n", "README": "x\n"}, "first")
        return made

    def spec(self, name: str, repo: GitRepo, **fields: Any) -> Json:
        """A specification: the repository's site/ into live/NAME, pushed, quiet unless told otherwise."""
        policy = {"interval_s": 3600, "refresh_interval_s": 3600, **fields.pop("policy", {})}
        source = {"repo_url": repo.url, "ref": "main", "path": "site", **fields.pop("source", {})}
        target = {"kind": "directory", "path": str(self.live / name)}
        return {"name": name, "mode": "push", "source": source, "target": target, "policy": policy, **fields}

    def environment(self, name: str, repo: GitRepo, **fields: Any) -> Json:
        """Register an environment."""
        made: Json = self.call("POST", "/environments", self.spec(name, repo, **fields), status=201)
        return made

    def sync(self, name: str, **body: Any) -> Json:
        """Sync and wait for the end."""
        return self.end(self.call("POST", f"/environments/{name}/syncs", body, status=202))

    def refresh(self, name: str) -> Json:
        """Refresh and wait for the end."""
        return self.end(self.call("POST", f"/environments/{name}/refreshes", status=202))

    def end(self, operation: Json) -> Json:
        """Follow an operation to its end by the ledger's stream."""
        ended = self.until(lambda: _final(self.call("GET", f"/operations/{operation['id']}")))
        assert isinstance(ended, dict)
        return ended

    def until(self, look: Any) -> Any:
        """Look again after every event of the ledger until there is something to see."""
        with self.http.stream("GET", "/api/v1/events/stream", params={"after": 0}) as events:
            for line in events.iter_lines():
                if not line and (found := look()):
                    return found
        raise AssertionError("the stream ended before anything was seen")

    def close(self) -> None:
        """Close the clients."""
        self.http.close()
        self.anonymous.close()


def _final(operation: Json) -> Json | None:
    return operation if operation["phase"] in FINAL else None


def folders(folder: Path) -> Path:
    """Make the folders of a place."""
    for name in ("git", "live", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


class LiveServer(Place):
    """The server in a thread of this process. `installation` is at hand for looking inside."""

    limits: ConnectionLimits | None = None

    def __init__(self, folder: Path, **settings: Any) -> None:
        folders(folder)
        token = "pp_" + secrets.token_urlsafe(24)
        given: dict[str, Any] = {
            "data_dir": folder / "data",
            "source_roots": str(folder / "git"),
            "target_roots": str(folder / "live"),
            "bootstrap_token": SecretStr(token),
            "admin_password": SecretStr("correct horse battery"),
            "port": 0,
            **settings,
        }
        self.installation: Installation = build(Settings(**given))
        heard, address = threading.Event(), [""]

        def told(url: str) -> None:
            address[0] = url
            heard.set()

        self._server: uvicorn.Server = Server(self.installation, told, self.limits)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert heard.wait(PATIENCE_S), "the server did not start"
        super().__init__(folder, address[0], token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.installation.quiet()
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the server did not stop"


class ServerProcess(Place):
    """`pushpull serve` as a process of its own, started by `before`. `said` are its lines on standard output so far."""

    before: tuple[str, ...] = ()

    def __init__(self, folder: Path, **variables: str) -> None:
        folders(folder)
        token = variables.setdefault("PUSHPULL_BOOTSTRAP_TOKEN", "pp_" + secrets.token_urlsafe(24))
        self.errors = folder / f"server-{secrets.token_hex(4)}.log"
        given = {
            "PUSHPULL_DATA_DIR": str(folder / "data"),
            "PUSHPULL_SOURCE_ROOTS": str(folder / "git"),
            "PUSHPULL_TARGET_ROOTS": str(folder / "live"),
            "PUSHPULL_PORT": "0",
            **variables,
        }
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, "-m", "app", "serve"], stdout=subprocess.PIPE, stderr=errors, text=True,
                env={**os.environ, **given}, cwd=Path(__file__).resolve().parents[2],
            )  # fmt: skip
        self.said: list[str] = []
        super().__init__(folder, self._address(), token)

    def _address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())
            if "listens on " in line:
                return line.split("listens on ")[1].strip()
        raise AssertionError(f"the server did not start: {self.errors.read_text()}")

    def stop(self, number: int = signal.SIGTERM, patience_s: float = PATIENCE_S) -> int:
        """Send a signal and wait for the end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(patience_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
