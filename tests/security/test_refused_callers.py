"""Who is refused again and again is told to wait; who is let in never is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.errors import AgentRevoked
from app.web.listening import refused_callers
from app.web.listening.refused_callers import PLACES, REFUSALS, WINDOW_S, RefusedCallers
from tests.support.server import LiveServer


@pytest.fixture
def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    """A server that is out of patience soon."""
    monkeypatch.setattr(refused_callers, "REFUSALS", 3)
    with LiveServer(tmp_path) as running:
        yield running


def test_wrong_tokens_are_slowed_down_and_good_ones_never(strict: LiveServer) -> None:
    wrong = httpx.Client(base_url=strict.url, headers={"Authorization": "Bearer wrong"})
    for left in (2, 1, 0):
        answer = wrong.get("/api/v1/environments")
        assert answer.status_code == 401
        assert answer.headers["ratelimit"].startswith(f'"refused";r={left};t=')
        assert answer.headers["ratelimit-policy"].startswith('"refused";q=')
    for ask in (wrong.get, strict.anonymous.get, wrong.delete):
        answer = ask("/api/v1/tokens/x" if ask == wrong.delete else "/api/v1/environments")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts"), answer.text
        assert 0 < int(answer.headers["retry-after"]) <= WINDOW_S
        assert answer.headers["content-type"] == "application/problem+json"
        assert "www-authenticate" not in answer.headers
        assert "content-security-policy" in answer.headers
        good = strict.http.get("/api/v1/environments")
        assert good.status_code == 200
        assert "ratelimit" not in good.headers
    assert wrong.head("/api/v1/environments").status_code == 429
    assert strict.anonymous.get("/healthz").status_code == 200
    wrong.close()


class Stage:
    """The middleware over an application that refuses everybody, with a clock of the test's."""

    def __init__(self) -> None:
        self.now = 0.0
        self.middleware = RefusedCallers(self._refuse, now=lambda: self.now)

    async def _refuse(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": b"no"})

    def ask(self, address: str, problem: object = None) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "path": "/api/v1/x", "client": (address, 1), "state": {"problem": problem}}
        asyncio.run(self.middleware(scope, None, send))  # type: ignore[arg-type]
        assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
        return int(sent[0]["status"])


def test_each_address_has_its_own_count_which_ends_with_its_window() -> None:
    stage = Stage()
    assert {stage.ask("192.0.2.1") for _ in range(REFUSALS)} == {401}
    assert stage.ask("192.0.2.1") == 429
    assert stage.ask("192.0.2.2") == 401
    stage.now = WINDOW_S - 0.001
    assert stage.ask("192.0.2.1") == 429
    stage.now = WINDOW_S
    assert stage.ask("192.0.2.1") == 401


def test_a_revoked_agent_always_hears_that_it_is() -> None:
    stage = Stage()
    assert {stage.ask("192.0.2.1", AgentRevoked()) for _ in range(REFUSALS + 1)} == {401}


def test_what_is_remembered_is_bounded() -> None:
    stage = Stage()
    for number in range(PLACES + 10):
        stage.middleware._refused(str(number))
    assert len(stage.middleware._counts) == PLACES
