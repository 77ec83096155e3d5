"""Contents in Git LFS, over a real Git server and a small LFS server beside it."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.desired.files import FileRenderer, FileState
from app.domain.environment import Content, SourceSpec
from app.domain.errors import (
    ContentNotFetched,
    Problem,
    SourceBusy,
    SourceRefused,
    SourceUnreachable,
    Terminated,
    WriteBackNotPossible,
)
from app.domain.state.git_files import EXECUTABLE, blob_id, file_item
from app.git import stoppable
from app.sources import GitSources, Limits, Patience
from app.sources.lfs import lfs_answers, lfs_server
from app.sources.lfs.lfs_pointers import parse_pointer
from tests.sources.conftest import Place
from tests.support.lfsserver import LfsGitServer, ObjectServer, pointer
from tests.support.repo import GitRepo, script, submodule

LFS = Content(lfs=True)
TOKEN = "hunter2-hunter2"
BIG = b"\0movie\r\n" * 1000


@pytest.fixture(autouse=True)
def operation() -> Iterator[None]:
    """As in an operation, which may ask the network."""
    with stoppable(lambda: False):
        yield


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LfsGitServer]:
    (tmp_path / "repos").mkdir(exist_ok=True)
    with LfsGitServer(tmp_path / "repos") as running:
        yield running


@pytest.fixture
def place(repo: GitRepo, sources: GitSources, server: LfsGitServer) -> Place:
    return Place(repo, server.url(repo.path), sources)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other server of a test has an address of its own, as far as the check can tell."""
    monkeypatch.setattr(lfs_answers, "_expect_outside", lambda *_: None)


def state(place: Place, revision: str, content: Content = LFS) -> FileState:
    spec = SourceSpec(place.url, credential=place.credential, content=content)
    return FileRenderer().at(place.fetched(), spec, revision, None)  # type: ignore[return-value]


def contents(state: FileState) -> dict[bytes, bytes]:
    found = {}
    with state.contents() as reader:
        for key, item in state.items():
            parts: list[bytes] = []
            reader.write_to(key, item, parts.append)
            found[key] = b"".join(parts)
    return found


def refused(place: Place, sha: str, why: str) -> Problem:
    """The problem that the state cannot be made for."""
    with pytest.raises((SourceRefused, SourceUnreachable), match=why) as problem:
        list(state(place, sha).items())
    assert TOKEN not in problem.value.detail
    return problem.value


def test_contents_take_the_place_of_their_pointers(place: Place, server: LfsGitServer) -> None:
    sha = place.repo.commit({
        ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
        "a.bin": server.hold(BIG), "b": server.hold(b"small"), "c.bin": script(server.hold(BIG).decode()), "d": "plain",
    })  # fmt: skip
    found = state(place, sha)
    assert found.id != state(place, sha, Content()).id
    assert contents(found) == {
        b".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n", b"a.bin": BIG, b"b": b"small", b"c.bin": BIG,
        b"d": b"plain",
    }  # fmt: skip
    assert dict(found.items())[b"c.bin"] == file_item(EXECUTABLE, blob_id(BIG))
    assert found.unsupported() == ()
    assert [one.kind for one in state(place, sha, Content()).unsupported()] == ["lfs_pointer"] * 3

    assert [len(one) for one in server.asked] == [2]
    server.stop()  # nothing is asked again, and the next revision only for what is new
    source = place.open()
    again = FileRenderer().at(source, SourceSpec(place.url, content=LFS), sha, None)
    assert (again.id, dict(again.items())) == (found.id, dict(found.items()))
    with pytest.raises(WriteBackNotPossible, match="Git LFS"):
        again.write_back({b"a.bin": (file_item("100644", "1" * 40), b"x")})
    with pytest.raises(WriteBackNotPossible, match="Git LFS"):
        again.write_back({b"new.bin": (file_item("100644", "1" * 40), b"x")})


def test_the_next_revision_fetches_only_what_is_new(place: Place, server: LfsGitServer) -> None:
    first = place.repo.commit({"a": server.hold(b"one" * 50)})
    second = place.repo.commit({"b": server.hold(b"two" * 50)})
    before = state(place, first)
    list(before.items())
    after = state(place, second)
    changes = after.changes_since(before.id)
    assert changes is not None
    assert [(one.key, one.after) for one in changes] == [(b"b", file_item("100644", blob_id(b"two" * 50)))]
    assert [len(one) for one in server.asked] == [1, 1]


def test_a_submodules_contents_come_from_its_own_server(place: Place, server: LfsGitServer, tmp_path: Path) -> None:
    inner = GitRepo(tmp_path / "repos" / "lib.git").commit({"model": server.hold(BIG)})
    text = '[submodule "m"]\n\tpath = m\n\turl = ../lib.git\n'
    sha = place.repo.commit({".gitmodules": text, "m": submodule(inner)})
    assert contents(state(place, sha, Content(lfs=True, submodules=True)))[b"m/model"] == BIG
    assert [one.path for one in server.seen if "lfs" in one.path] == ["/lib.git/info/lfs/objects/batch"]


def test_the_credential_is_shown_to_the_repositorys_own_server_alone(
    place: Place, server: LfsGitServer, secrets: dict[str, Mapping[str, str]], elsewhere: None
) -> None:
    secrets["deploy"] = {"kind": "token", "username": "ann", "token": TOKEN}
    server.user, server.password, place.credential = "ann", TOKEN, "deploy"
    sha = place.repo.commit({"a": server.hold(BIG)})
    assert contents(state(place, sha))[b"a"] == BIG

    other = place.repo.commit({"a": server.hold(b"other" * 30)})
    with ObjectServer(server.objects) as away:
        server.link, server.header = (
            lambda oid: f"{away.address}/{oid}?signature=s3cret",
            {"X-Amz": "1", "Host": "evil"},
        )
        assert contents(state(place, other))[b"a"] == b"other" * 30
    (seen,) = away.seen
    assert "authorization" not in seen.headers
    assert seen.headers["x-amz"] == "1"
    assert seen.headers["host"] == away.address.removeprefix("http://")

    third = place.repo.commit({"a": server.hold(b"third" * 30)})
    with ObjectServer(server.objects) as away:
        server.header = {"Authorization": "RemoteAuth given"}
        list(state(place, third).items())
    assert away.seen[0].headers["authorization"] == "RemoteAuth given"


def test_without_the_right_credential_it_is_told(place: Place, server: LfsGitServer) -> None:
    sha = place.repo.commit({"a": server.hold(BIG)})
    place.fetched()
    server.user, server.password = "ann", TOKEN
    with pytest.raises(SourceUnreachable, match=r"did not accept the credential.*source\.lfs"):
        list(FileRenderer().at(place.open(), SourceSpec(place.url, content=LFS), sha, None).items())


# --- hostile servers ---
def test_another_content_than_git_names_is_refused(place: Place, server: LfsGitServer) -> None:
    sha = place.repo.commit({"a": server.hold(BIG)})
    (oid,) = server.objects
    for sent, why in ((BIG[:-1] + b"x", "not the one that Git names"), (BIG + b"x", "sent more"), (b"", "sent 0")):
        server.objects[oid] = sent
        refused(place, sha, f"'a' .*{why}")
    server.objects[oid] = BIG
    assert contents(state(place, sha))[b"a"] == BIG


def test_an_object_that_the_server_does_not_have_is_named(place: Place) -> None:
    sha = place.repo.commit({"deploy/big.iso": pointer(BIG)})
    refused(place, sha, "'deploy/big.iso' lies in Git LFS, and the LFS server does not have it")


def _changed(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], bytes]:
    def answer(said: dict[str, Any]) -> bytes:
        made = change(said["objects"][0])
        return json.dumps({"objects": [made]}).encode()

    return answer


def _href(text: str) -> Callable[[dict[str, Any]], bytes]:
    return _changed(lambda one: {**one, "actions": {"download": {"href": text}}})


ODD: list[tuple[Any, str]] = [
    (lambda said: b"x" * (5 << 20), "more than 4,194,304 bytes"),
    (lambda said: b"<html>", "is not JSON"),
    (lambda said: b"[" * 100_000, "is not JSON"),
    (lambda said: b"[]", "does not list objects"),
    (lambda said: b'{"objects": [1, {"oid": 2}]}', "leaves out 'a'"),
    (lambda said: b'{"transfer": "tus", "objects": []}', "another way of transfer"),
    (_changed(lambda one: {**one, "size": 1}), "another size"),
    (_changed(lambda one: {**one, "error": {"code": "secret " + TOKEN}}), "tells of an error"),
    (_changed(lambda one: {**one, "actions": {}}), "does not have it"),
    (_changed(lambda one: {**one, "actions": {"download": {"href": "http://x/", "header": {"A": "b\r\nC: d"}}}}),
     "headers that cannot be sent"),
    (_href("file:///etc/passwd"), "names no address"),
    (_href("http://[::1/"), "names no address"),
    (_href("http://ann:x@127.0.0.1/"), "log-in"),
    (_href("http://127.0.0.1:1/x"), "not asked from here"),
    (_href("http://169.254.169.254/latest"), "not asked from here"),
    (_href("http://[::ffff:127.0.0.1]:1/x"), "not asked from here"),
    (_href("http://0.0.0.0:1/x"), "not asked from here"),
    (_href("http://localhost:1/x"), "not asked from here"),
]  # fmt: skip


def test_odd_answers_are_refused(place: Place, server: LfsGitServer) -> None:
    found = state(place, place.repo.commit({"a": server.hold(BIG)}))
    for answer, why in ODD:
        server.answer = answer
        with pytest.raises((SourceRefused, SourceUnreachable), match=why) as problem:
            list(found.items())
        assert TOKEN not in problem.value.detail
    assert not any(one.path.startswith("/objects/") for one in server.seen)


def test_redirects_are_not_followed(place: Place, server: LfsGitServer, elsewhere: None) -> None:
    sha = place.repo.commit({"a": server.hold(BIG)})
    with ObjectServer(server.objects, redirect=server.address + "/objects/") as away:
        server.link = lambda oid: f"{away.address}/{oid}"
        refused(place, sha, "redirects are not followed")
    server.instead = (307, [("Location", "http://169.254.169.254/")])
    with pytest.raises(SourceRefused, match="redirects are not followed"):
        list(FileRenderer().at(place.open(), SourceSpec(place.url, content=LFS), sha, None).items())


def test_a_server_that_asks_to_wait_is_left_alone(place: Place, server: LfsGitServer) -> None:
    sha = place.repo.commit({"a": server.hold(BIG)})
    found = state(place, sha)
    server.instead = (429, [("Retry-After", "120")])
    with pytest.raises(SourceBusy) as busy:
        list(found.items())
    assert busy.value.pause_s == 120


def test_a_silent_server_ends_the_wait(place: Place, server: LfsGitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lfs_server, "_SILENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sha = place.repo.commit({"a": server.hold(BIG)})
        monkeypatch.setattr(lfs_answers, "_expect_outside", lambda *_: None)
        server.link = lambda oid: f"http://127.0.0.1:{silent.getsockname()[1]}/{oid}"
        refused(place, sha, "did not answer in time")


@pytest.mark.parametrize("stopped", [True, False])
def test_a_server_that_drips_ends_with_the_operation_and_with_the_time(
    place: Place, server: LfsGitServer, elsewhere: None, new_sources: Callable[..., GitSources], tmp_path: Path,
    stopped: bool,
) -> None:  # fmt: skip
    place.sources = new_sources("short", patience=Patience(transfer=60.0 if stopped else 0.6))
    found, ended = state(place, place.repo.commit({"a": server.hold(BIG)})), threading.Event()
    begun = threading.Event()

    def drip() -> None:
        client, _ = dripping.accept()
        with client:
            begun.set()
            while not ended.wait(0.05):
                try:
                    client.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as dripping:
        thread = threading.Thread(target=drip)
        thread.start()
        server.link = lambda oid: f"http://127.0.0.1:{dripping.getsockname()[1]}/{oid}"
        kind, why = (Terminated, "terminated") if stopped else (SourceUnreachable, "took longer than 0.6 s")
        with stoppable(lambda: stopped and begun.is_set()), pytest.raises(kind, match=why):
            list(found.items())
        ended.set()
        thread.join()
    assert not list((tmp_path / "short" / "mirrors").glob(".passing.*"))


def test_what_a_killed_process_left_is_swept(place: Place, server: LfsGitServer, tmp_path: Path) -> None:
    place.repo.commit({"a": "1"})
    place.fetched()
    for name, age in ((".passing.old", 2 * 86400.0), (".passing.new", 0.0)):
        folder = tmp_path / "data" / "mirrors" / name
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    place.repo.commit({"a": "2"})
    place.fetched()
    assert [one.name for one in (tmp_path / "data" / "mirrors").glob(".passing.*")] == [".passing.new"]


def test_more_bytes_than_allowed_are_not_fetched(
    place: Place, server: LfsGitServer, new_sources: Callable[..., GitSources]
) -> None:
    sha = place.repo.commit({"a": server.hold(b"x" * 600), "b": server.hold(b"y" * 600)})
    place.sources = new_sources("one", limits=Limits(blob=500))
    refused(place, sha, "'a' in Git LFS has 600 bytes; more than 500")
    place.sources = new_sources("all", limits=Limits(lfs=1000))
    refused(place, sha, "have 1,200 bytes; more than 1,000")
    assert server.asked == []


def test_a_termination_ends_a_download(place: Place, server: LfsGitServer) -> None:
    sha = place.repo.commit({"a": server.hold(BIG)})
    found = state(place, sha)
    with stoppable(lambda: True), pytest.raises(Terminated):
        list(found.items())


def test_a_page_does_not_wait_for_contents(place: Place, server: LfsGitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = place.repo.commit({"a": server.hold(BIG)})
    monkeypatch.setattr("app.sources.network_need.in_operation", lambda: False)
    with pytest.raises(ContentNotFetched, match="Refresh the environment"):
        list(state(place, sha).items())


def test_another_way_than_http_is_refused(local: Place) -> None:
    sha = local.repo.commit({"a": pointer(BIG)})
    refused(local, sha, "only fetched over http and https")


def test_what_is_no_pointer_stays_a_file_and_is_told(place: Place) -> None:
    texts = [
        pointer(BIG).replace(b"sha256", b"md5"),
        pointer(BIG).replace(b"size 8000", b"size -1"),
        pointer(BIG).replace(b"size 8000", b"size 99999999999999999999"),
        pointer(BIG) + b"ext-0-x sha256:" + b"0" * 64 + b"\n",
        pointer(BIG)[:-1],
        pointer(BIG).replace(b"\noid", b"\n../oid"),
    ]
    assert [parse_pointer(text) for text in texts] == [None] * len(texts)
    found = state(place, place.repo.commit({"a": texts[0]}))
    assert contents(found) == {b"a": texts[0]}
    assert [one.kind for one in found.unsupported()] == ["lfs_pointer"]
