"""Two running servers for the pages: one with two environments and a past that has everything, one that is new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.support.repo import GitRepo
from tests.support.server import PATIENCE_S, LiveServer

HOSTILE = "Fix <script>alert('x')</script> & \"quotes\""
LABEL = "<img src=x onerror=alert(1)>"
PATH = "site/a b & <b>.txt"
LONG = "without-any-place-to-break_" * 3
SUBJECT = "d" + "x" * 300
NAME = "a" + "n" * 61 + "z"


@dataclass(frozen=True)
class Filled:
    """A server with "shop" (pushed, drifted, once rolled back) and "docs" (pulled, held), and who looks at it."""

    server: LiveServer
    person: httpx.Client
    repo: GitRepo
    shas: tuple[str, ...]
    operation: str
    failed: str

    @property
    def pages(self) -> tuple[str, ...]:
        """Every page that needs no further thought."""
        views = (
            "",
            "/drift",
            "/history",
            "/what-if",
            "/advice",
            "/pipeline",
            "/settings",
            "/rollback",
            "/plan",
            "/resume",
        )
        return (
            *("/", "/?q=shop+tier%3Dprod&mode=push", "/environments/new", "/operations", "/drift", "/audit"),
            *("/compare", "/settings", "/settings/tokens", "/settings/credentials", "/patterns", "/search?q=shop"),
            *("/audit/3", f"/operations/{self.operation}", f"/operations/{self.failed}"),
            *(f"/environments/{name}{view}" for name in ("shop", "docs") for view in views),
            f"/environments/{NAME}",
            "/drift/1",
        )  # fmt: skip


@contextmanager
def logged_in(server: LiveServer) -> Iterator[httpx.Client]:
    """A browser's client with a session."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE_S, headers={"Accept": "text/html"}) as client:
        answer = client.post("/login", data={"name": "admin", "password": "correct horse battery"})
        assert answer.status_code == 303, answer.text
        yield client


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """See Filled."""
    with LiveServer(tmp_path_factory.mktemp("filled")) as server:
        repo = server.repo("shop", {"site/index.html": "one\n", "site/config": "password = hunter2\n", PATH: "x\n"})
        shas = [repo.sha("main") or ""]
        shas += [
            repo.commit({"site/index.html": text}, subject) for text, subject in (("two\n", HOSTILE), ("3\n", "c"))
        ]
        server.environment(
            "shop", repo, labels={"tier": "prod", "x": LABEL, "owner": LONG}, policy={"auto_sync": False}
        )
        server.environment("docs", repo, mode="pull", labels={"tier": "prod"}, policy={"auto_sync": False})
        run = {"url": "javascript:alert(1)", "id": "<b>7</b>"}
        for sha in shas:
            done = server.sync("shop", revision=sha, pipeline=run)
            server.sync("docs", revision=sha)
        back = {"last_good": True, "reason": LABEL}
        server.end(server.call("POST", "/environments/docs/rollbacks", back))
        hook = [{"when": "pre", "command": ["sh", "-c", f"echo {LONG}{LONG}; false"]}]
        server.call("PATCH", "/environments/shop", {"policy": {"hooks": hook}})
        failed = server.sync("shop", revision=repo.commit({"site/index.html": "4\n"}, SUBJECT))
        server.call("PATCH", "/environments/shop", {"policy": {"hooks": []}})
        (server.live / "shop" / "index.html").write_text("<b>changed</b>\n")
        server.refresh("shop")
        server.environment(NAME, repo, policy={"hooks": hook})
        server.sync(NAME)
        with logged_in(server) as person:
            yield Filled(server, person, repo, tuple(shas), done["id"], failed["id"])


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that nobody has used yet."""
    with LiveServer(tmp_path_factory.mktemp("fresh")) as server:
        yield server
