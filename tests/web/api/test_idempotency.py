"""A change that is sent again under its Idempotency-Key is made once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.main import application
from app.ports import KeyedRequest
from app.services.security.repeated_requests import KEPT, LEASE
from tests.support.server import LiveServer

REPLAYED = "idempotency-replayed"


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Iterator[LiveServer]:
    """A server over either database."""
    with LiveServer(tmp_path, database_url=database_url) as running:
        yield running


def ask(
    server: LiveServer, key: str | list[str], method: str = "POST", path: str = "/tokens", body: Any = None
) -> httpx.Response:
    given = [("Idempotency-Key", one) for one in ([key] if isinstance(key, str) else key)]
    body = {"name": "ci"} if body is None and path == "/tokens" else body
    return server.http.request(method, f"/api/v1{path}", json=body, headers=given)


def test_eight_with_one_key_are_one_operation(either: LiveServer) -> None:
    either.environment("shop", either.repo("shop"))
    before = len(either.call("GET", "/operations")["items"])
    together = threading.Barrier(8)

    def one(_: int) -> httpx.Response:
        together.wait()
        while True:
            answer = ask(either, "race", path="/environments/shop/refreshes")
            if answer.status_code != 409:
                return answer
            assert (answer.json()["code"], answer.headers["retry-after"]) == ("request_in_progress", "1")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get(REPLAYED, "") for answer in answers) == ["", *["true"] * 7]
    assert len(either.call("GET", "/operations")["items"]) == before + 1


def test_the_first_answer_comes_back_and_its_secret_lies_nowhere_in_the_clear(either: LiveServer) -> None:
    first, again = ask(either, "token"), ask(either, '"token"')
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    passing = {"date", "x-request-id", REPLAYED}
    assert {k: v for k, v in first.headers.items() if k not in passing} == {
        k: v for k, v in again.headers.items() if k not in passing
    }
    assert len([one for one in either.call("GET", "/tokens")["items"] if one["name"] == "ci"]) == 1
    store = either.installation.store
    with store.engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM request_keys").all()
    assert not [part for part in row if first.json()["token"] in str(part) or "ci" in str(part)[:20]]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/tokens", {"name": "ci2"}), ("POST", "/tokens?x=1", {"name": "ci"}), ("DELETE", "/tokens/x", None)],
)
def test_a_key_stands_for_one_request(server: LiveServer, method: str, path: str, body: Any) -> None:
    ask(server, "one-request")
    other = ask(server, "one-request", method, path, body)
    assert (other.status_code, other.json()["code"]) == (422, "request_key_reused")


def test_a_key_is_its_holders_own(server: LiveServer) -> None:
    mine = ask(server, "whose")
    theirs = httpx.post(
        f"{server.url}/api/v1/tokens",
        json={"name": "ci"},
        headers={"Authorization": f"Bearer {mine.json()['token']}", "Idempotency-Key": "whose"},
    )
    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]
    assert REPLAYED not in theirs.headers


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256, '""', ["a", "b"]])
def test_a_key_that_is_none_is_refused_by_name(server: LiveServer, key: str | list[str]) -> None:
    keys = [one.encode().decode("latin-1") for one in ([key] if isinstance(key, str) else key)]
    answer = server.http.post(
        "/api/v1/tokens",
        json={"name": "ci"},
        headers=[(b"Idempotency-Key", one.encode("latin-1")) for one in keys],
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_what_passes_is_not_kept_and_a_refusal_is(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(server, "refused", body={"name": ""}).status_code == 422
    assert ask(server, "refused", body={"name": ""}).headers[REPLAYED] == "true"
    from app.services.security.access import Access

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(Access, "create_token", broken)
        assert ask(server, "ours").status_code == 500
    mended = ask(server, "ours")
    assert mended.status_code == 201
    assert REPLAYED not in mended.headers


def test_who_is_nobody_hears_only_that(server: LiveServer) -> None:
    headers = {"Authorization": "Bearer bogus", "Idempotency-Key": "a b"}
    assert httpx.post(f"{server.url}/api/v1/tokens", json={"name": "x"}, headers=headers).status_code == 401


def test_who_died_in_the_middle_blocks_the_key_for_a_minute(either: LiveServer) -> None:
    made = ask(either, "died")
    keys, store, now = either.installation.use_cases.request_keys, either.installation.store, datetime.now(UTC)
    with store.read() as tx:
        (holder,) = tx._connection.exec_driver_sql("SELECT holder FROM request_keys").scalars()
        done = tx.request_keys.get(holder, "died")
    assert done is not None

    def left_behind(seen_at: datetime) -> None:
        with store.write() as tx:
            tx.request_keys.put(KeyedRequest(holder, "died", done.fingerprint, done.claim, seen_at))

    for at in (now, now - LEASE / 2, now + LEASE / 2):
        left_behind(at)
        assert ask(either, "died").status_code == 409
    left_behind(now - LEASE)
    again = ask(either, "died")
    assert again.status_code == 201
    assert again.json()["id"] != made.json()["id"]
    left_behind(now + 2 * LEASE)  # the clock was set back
    assert ask(either, "died").status_code == 201
    keys.sweep()
    assert ask(either, "died").headers[REPLAYED] == "true"
    left_behind(now - KEPT - timedelta(seconds=1))
    keys.sweep()
    with store.read() as tx:
        assert tx.request_keys.get(holder, "died") is None


def test_every_change_takes_a_key(server: LiveServer) -> None:
    """Sent twice to every changing route, whatever its answer is; the second is the first one's again, or its key is
    free because nothing came of it."""
    document = application(server.installation).openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            named = [one["name"] for one in operation.get("parameters", ())]
            ours = path.startswith("/api/v1/") and "agent" not in operation["tags"]
            assert ("Idempotency-Key" in named) == (ours and method != "get"), (method, path)
            if "Idempotency-Key" not in named:
                continue
            there = (
                path.removeprefix("/api/v1").replace("{name}", "nowhere").replace("{id}", "01KATV2Q8Z3V8M6D3T0F8Y1N4R")
            )
            body: Any = {} if "requestBody" in operation else None
            first, again = (ask(server, f"{method}-{path}", method.upper(), there, body) for _ in range(2))
            assert first.status_code == again.status_code, (method, path, first.text, again.text)
            if first.status_code not in (401, 403, 424):
                assert again.headers[REPLAYED] == "true", (method, path, first.text)
                assert first.content == again.content
