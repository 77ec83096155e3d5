"""What a repository or its server may cost, and say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.domain.errors import Problem, SourceRefused, Terminated
from app.git import command, stoppable
from app.sources import GitSources
from tests.sources.conftest import Place
from tests.sources.test_mirror import _processes_with

TOKEN = "ghp_" + "a1B2" * 9


def _line(text: bytes) -> bytes:
    return b"%04x%b" % (len(text) + 4, text)


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a git:// server that answers every request in its own way."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(4096)
                        answer(connection)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"git://127.0.0.1:{listening.getsockname()[1]}/r"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _endless(connection: socket.socket) -> None:
    number = 0
    connection.sendall(_line(b"1" * 40 + b" refs/heads/x\0side-band-64k\n"))
    while True:
        lines = (_line(b"%040x refs/heads/%d-%b\n" % (n + 1, n, b"b" * 100)) for n in range(number, number + 500))
        connection.sendall(b"".join(lines))
        number += 500


def test_a_server_that_lists_refs_without_end_is_given_up(sources: GitSources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "SMALL_MEMORY", 48 << 20)
    with answering(_endless) as url, pytest.raises(SourceRefused, match="takes more memory"):
        sources.open(url).remote_heads()


def _rude(connection: socket.socket) -> None:
    text = f"ERR \x1b[31mred\x1b[0m \x1b]0;title\x07 token {TOKEN} \u202egpj\u200b.exe \x9b1m\x07\n"
    connection.sendall(_line(text.encode()))


def test_what_a_server_says_is_shown_without_controls_and_secrets(sources: GitSources) -> None:
    with answering(_rude) as url:
        for ask in (sources.open(url).remote_heads, sources.open(url).fetch):
            with pytest.raises(Problem) as caught:
                ask()
            assert "red token" in caught.value.detail
            assert TOKEN not in caught.value.detail
            assert all(c.isprintable() for c in caught.value.detail)
            assert "[31m" not in caught.value.detail
            assert "title" not in caught.value.detail


@pytest.mark.parametrize("way", ["remote_heads", "fetch"])
def test_an_operation_that_is_stopped_does_not_wait_for_a_silent_server(sources: GitSources, way: str) -> None:
    asked, over = threading.Event(), threading.Event()

    def silent(_: socket.socket) -> None:
        asked.set()
        over.wait(30)

    with answering(silent) as url:
        with stoppable(asked.is_set), pytest.raises(Terminated):
            getattr(sources.open(url), way)()
        assert not _processes_with(url)
        over.set()


def test_an_operation_that_is_stopped_does_not_wait_for_anothers_fetch(local: Place) -> None:
    local.repo.commit({"a": "1"})
    source = local.open()
    with source._mirror.lock(), stoppable(lambda: True), pytest.raises(Terminated):
        local.open().fetch()


@pytest.mark.parametrize("depth", [300, 3000])
def test_a_tree_that_is_nested_too_deeply_is_refused(local: Place, depth: int) -> None:
    old = local.repo.commit({"a": "1"})
    local.repo.commit({"/".join(["d"] * depth): "x"})
    source = local.fetched()
    tree = source.tree(source.resolve("main").sha, "")
    reads: list[Callable[[], object]] = [
        lambda: list(source.entries(tree)),
        lambda: source.changes(source.tree(old, ""), tree),
        lambda: source.unsupported(tree),
    ]
    for read in reads:
        with pytest.raises(SourceRefused, match="nested too deeply"):
            read()


def test_a_long_but_possible_path_is_delivered(local: Place) -> None:
    path = "/".join(["n" * 200] * 15)
    local.repo.commit({path: "x", "/".join(["d"] * 200): "y"})
    source = local.fetched()
    tree = source.tree(source.resolve("main").sha, "")
    assert {key for key, _ in source.entries(tree)} == {path.encode(), "/".join(["d"] * 200).encode()}
