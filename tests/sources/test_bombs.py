"""What a repository or its server can blow up: messages, names, commits. Each is cut or refused in bounded work."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from app.desired.files import FileState
from app.domain.environment import SourceSpec
from app.domain.errors import SourceRefused
from app.domain.revision import LONGEST_SUBJECT
from app.domain.state.items import Item, Key
from app.git import GitFailed
from app.services.operations.refresh import READ_LIMIT, beginning
from app.sources import GitSources
from app.sources.git import Repository
from app.sources.objects.commits import LONGEST_MESSAGE, LONGEST_NAME
from app.sources.remote import git_messages
from tests.sources.conftest import Place
from tests.support.states import MemoryReader

NOISE = "yes repository | tr '\\n' ' ' | head -c 3000000 >&2"
PATIENCE_S = 3.0  # a tenth of a second; without a bound, minutes


def _noisy(repository: Repository) -> GitFailed:
    with pytest.raises(GitFailed) as failure:
        repository.run("-c", f"alias.noise=!{NOISE}; exit 1", "noise")
    return failure.value


def test_a_talkative_server_is_heard_only_so_far(local: Place) -> None:
    failure = _noisy(Repository(local.repo.path))
    started = time.perf_counter()
    assert git_messages.known(failure, with_credential=True) is None
    assert len(git_messages.unknown(failure, ["secret"]).detail) < 400
    assert len(git_messages.rejected(failure, "main", ["secret"]).detail) < 800
    assert time.perf_counter() - started < PATIENCE_S
    assert len(failure.stderr) < 20_000


def test_a_transfers_reports_are_not_kept_for_ever(local: Place) -> None:
    repository = Repository(local.repo.path)
    both = f"!{NOISE}; {NOISE.replace('>&2', '')}"
    out, said = repository.transfer("-c", f"alias.noise={both}", "noise", environment={}, timeout=30, stall=30)
    assert len(said) < 20_000
    assert len(out) <= 1 << 20


@pytest.mark.parametrize("text", ["a" * 300_000, "authorization" * 20_000, "a://" * 80_000])
def test_masking_a_message_takes_bounded_time(text: str) -> None:
    started = time.perf_counter()
    assert len(git_messages.mask(text, ["secret"])) <= 300
    assert time.perf_counter() - started < PATIENCE_S


def test_a_secret_is_not_cut_in_two_by_the_bound() -> None:
    token = "hunter2" * 10
    for before in range(16_300, 16_400, 7):
        assert "hunter2" not in git_messages.mask(f"{' ' * before}{token}", [token])


def test_an_endless_message_is_cut(local: Place) -> None:
    sha = local.repo.commit({"a": "1"}, "ü" * 200_000 + "\n\nbody", author="A" * 5000 + " <a@example.org>")
    revision = local.fetched().resolve(sha)
    assert len(revision.message) <= LONGEST_MESSAGE
    assert len(revision.subject) == LONGEST_SUBJECT
    assert revision.subject.startswith("üüü")
    assert len(revision.author.name) <= LONGEST_NAME


def test_an_endless_name_is_refused(local: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sources.git.LONGEST_RECORD", 100_000)
    blob = local.repo.git("hash-object", "-w", "--stdin", input=b"x")
    raw = b"100644 " + b"n" * 300_000 + b"\0" + bytes.fromhex(blob)  # fast-import would cut the name
    tree = local.repo.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input=raw)
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    local.repo.git("update-ref", "refs/heads/main", local.repo.git(*who, "commit-tree", "-m", "m", tree))
    source = local.fetched()
    with pytest.raises(SourceRefused, match="a million bytes"):
        list(source.entries(source.tree(source.resolve("main").sha, "")))


def test_a_name_that_leads_to_a_link_local_address_is_not_asked(
    sources: GitSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for url in ("http://metadata.example.org/computeMetadata/v1", "ssh://git@metadata.example.org/x"):
        with pytest.raises(SourceRefused, match="Link-local"):
            sources.open(url).fetch()


def test_of_a_huge_file_only_the_beginning_is_read_for_a_diff(local: Place) -> None:
    local.repo.commit({"huge": b"a\n" * 4_000_000, "small": b"b"})
    source = local.fetched()
    revision = source.resolve("main").sha
    state = FileState(source, SourceSpec(""), revision, source.tree(revision, ""))
    items = dict(state.items())
    largest = 0

    with state.contents() as contents:

        class Watched(MemoryReader):
            def write_to(self, key: Key, item: Item, write: Callable[[bytes], object]) -> int:
                def passed(chunk: bytes) -> None:
                    nonlocal largest
                    largest += len(chunk)
                    write(chunk)

                return contents.write_to(key, item, passed)

        assert len(beginning(Watched({}), b"huge", items[b"huge"]) or b"") == READ_LIMIT
        assert largest <= 2 * READ_LIMIT
        assert beginning(contents, b"small", items[b"small"]) == b"b"
