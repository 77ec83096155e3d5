"""Git servers that ask for a pause over HTTP get it, each for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import SourceBusy, SourceUnreachable
from app.sources.remote import courtesy
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_a_pause_is_not_asked_again(web: Place, server: GitServer, status: int) -> None:
    web.repo.commit({"a": "1"})
    web.fetched()
    server.instead = status, [("Retry-After", "120")]
    with pytest.raises(SourceBusy, match="2 min") as told:
        web.open().remote_heads()
    assert 119 <= told.value.pause_s <= 120
    asked = len(server.seen)
    server.instead = None
    for again in (web.open().remote_heads, web.open().fetch):
        with pytest.raises(SourceBusy):
            again()
    assert len(server.seen) == asked


def test_a_server_that_names_no_time_is_only_busy(web: Place, server: GitServer) -> None:
    web.repo.commit({"a": "1"})
    server.instead = 503, []
    with pytest.raises(SourceBusy, match="asks to wait"):
        web.open().remote_heads()
    server.instead = None
    assert web.open().remote_heads()


def test_another_credential_is_another_caller(web: Place, server: GitServer, secrets: dict[str, Any]) -> None:
    web.repo.commit({"a": "1"})
    secrets["other"] = {"kind": "token", "token": "t"}
    server.instead = 429, [("Retry-After", "60")]
    with pytest.raises(SourceBusy):
        web.open().remote_heads()
    server.instead = None
    assert web.sources.open(web.url, "other").remote_heads()


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ("120", 120.0),
        ("999999999", courtesy.LONGEST_S),
        ("0", courtesy.SHORTEST_S),
        ("Sun, 29 Nov 2026 20:02:00 GMT", 120.0),
        ("Sun, 29 Nov 2026 19:00:00 GMT", courtesy.SHORTEST_S),
        ("soon", None),
        ("-5", None),
    ],
)
def test_the_pause_is_read_from_the_last_answer_and_bounded(tmp_path: Path, after: str, seconds: float | None) -> None:
    trace = tmp_path / "trace"
    date = "<= Recv header: Date: Sun, 29 Nov 2026 20:00:00 GMT\r\n"
    trace.write_text(
        f"<= Recv header: HTTP/1.1 401 Unauthorized\r\n{date}"
        f"<= Recv header: HTTP/1.1 429 Too Many Requests\r\n{date}<= Recv header: Retry-After: {after}\r\n"
    )
    assert courtesy.wished(trace) == seconds


def test_other_failures_ask_for_nothing(web: Place, server: GitServer) -> None:
    web.repo.commit({"a": "1"})
    server.instead = 500, [("Retry-After", "60")]
    with pytest.raises(SourceUnreachable) as told:
        web.open().remote_heads()
    assert not isinstance(told.value, SourceBusy)
    server.instead = None
    assert web.open().remote_heads()
