"""What is delivered beside files as they lie in Git: submodules and attributes, over real repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from app.desired.files import FileRenderer, FileState
from app.domain.environment import Content, SourceSpec
from app.domain.errors import (
    ContentNotFetched,
    RevisionNotFound,
    SourceRefused,
    SourceUnreachable,
    WriteBackNotPossible,
)
from app.domain.state.git_files import EXECUTABLE, FILE, file_item
from app.domain.state.items import Key
from app.git import stoppable
from app.sources import GitSources, Limits
from app.sources.content import line_ends, submodules
from app.sources.remote.address import Address
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo, link, script, submodule

ALL = Content(submodules=True, attributes=True)


@pytest.fixture(autouse=True)
def operation() -> Iterator[None]:
    """As in an operation, which may ask the network."""
    with stoppable(lambda: False):
        yield


def state(place: Place, revision: str, content: Content = ALL, path: str = "") -> FileState:
    """What is delivered."""
    spec = SourceSpec(place.url, path=path, content=content)
    return FileRenderer().at(place.open(), spec, revision, None)  # type: ignore[return-value]


def contents(state: FileState) -> dict[Key, bytes]:
    found = {}
    with state.contents() as reader:
        for key, item in state.items():
            parts: list[bytes] = []
            reader.write_to(key, item, parts.append)
            found[key] = b"".join(parts)
    return found


# --- attributes ---
def test_line_ends_and_left_out_paths_are_as_gitattributes_say(local: Place) -> None:
    sha = local.repo.commit({
        ".gitattributes": "*.bat text eol=crlf\n*.auto text=auto eol=crlf\n/deploy/docs/ export-ignore\n"
        "*.lf text eol=lf\n/deploy/top export-ignore\nplain.bat -text\n",
        "deploy/.gitattributes": "private.* export-ignore\n/.gitattributes export-ignore\n",
        "deploy/run.bat": script("one\ntwo\r\n"),
        "deploy/plain.bat": "one\n",
        "deploy/text.auto": "a\nb\n",
        "deploy/data.auto": b"\0\n\n",
        "deploy/same.lf": "x\n",
        "deploy/docs/b.md": "y",
        "deploy/sub/private.key": "z",
        "deploy/top": "t",
        "deploy/link.bat": link("run.bat"),
        "docs/c": "outside",
    })  # fmt: skip
    local.fetched()
    found = state(local, sha, Content(attributes=True), "deploy")
    assert contents(found) == {
        b"run.bat": b"one\r\ntwo\r\n", b"plain.bat": b"one\n", b"text.auto": b"a\r\nb\r\n", b"data.auto": b"\0\n\n",
        b"same.lf": b"x\n", b"link.bat": b"run.bat",
    }  # fmt: skip
    assert dict(found.items())[b"run.bat"].traits == EXECUTABLE
    assert found.unsupported() == ()
    plain = state(local, sha, Content(), "deploy")
    assert contents(plain)[b"text.auto"] == b"a\nb\n"
    assert plain.id != found.id


def test_the_id_changes_with_what_counts_outside_of_the_directory_and_with_nothing_else(
    local: Place, tmp_path: Path
) -> None:
    first = local.repo.commit({".gitattributes": "*.t eol=crlf\n", "deploy/a.t": "1\n", "README": "x"})
    other = local.repo.commit({"README": "y"})
    turned = local.repo.commit({".gitattributes": "*.t eol=lf\n"})
    local.fetched()
    states = [state(local, sha, Content(attributes=True), "deploy") for sha in (first, other, turned)]
    assert states[0].id == states[1].id != states[2].id
    assert states[2].changes_since(states[0].id) is None
    assert contents(states[0]) == {b"a.t": b"1\r\n"}
    changes = states[2].changes_since(states[0].id)
    assert changes is not None
    assert [one.key for one in changes] == [b"a.t"]
    assert contents(states[2]) == {b"a.t": b"1\n"}
    assert states[0].changes_since(local.repo.tree(first, "deploy")) is not None

    spec, source = SourceSpec(local.url, path="deploy"), local.open()  # the choice is taken back
    plain = FileRenderer().at(source, spec, first, None)
    changes = plain.changes_since(states[0].id)
    assert changes is not None
    assert [one.key for one in changes] == [b"a.t"]
    assert contents(FileState(source, spec, first, states[0].id)) == {b"a.t": b"1\r\n"}
    with pytest.raises(RevisionNotFound, match="other choices"):
        list(FileState(source, spec, first, "made-" + "1" * 40).items())
    assert not list((tmp_path / "data" / "mirrors").glob("*.damage"))


@pytest.mark.parametrize(
    ("content", "how", "delivered"),
    [
        (b"a\nb\r\nc", line_ends.ALWAYS, b"a\r\nb\r\nc"),
        (b"a\nb\r\n", line_ends.IF_TEXT, b"a\nb\r\n"),
        (b"a\n\x01\x02", line_ends.IF_TEXT, b"a\n\x01\x02"),
        (b"a\n" * 100 + b"\x1a", line_ends.IF_TEXT, b"a\r\n" * 100 + b"\x1a"),
        (b"a\n", "", b"a\n"),
    ],
)
def test_line_ends_are_converted_as_git_does(tmp_path: Path, content: bytes, how: str, delivered: bytes) -> None:
    assert line_ends.delivered(content, how) == delivered
    repo = GitRepo(tmp_path / "r.git")
    attributes = {line_ends.ALWAYS: "f text eol=crlf\n", line_ends.IF_TEXT: "f text=auto eol=crlf\n", "": "f eol=lf\n"}
    repo.commit({".gitattributes": attributes[how], "f": content})
    repo.git("archive", f"--output={tmp_path}/a.tar", "main")
    import tarfile

    with tarfile.open(tmp_path / "a.tar") as archive:
        file = archive.extractfile("f")
        assert file is not None
        assert file.read() == delivered


def test_what_stands_on_the_target_goes_back_in_the_form_of_the_repository(local: Place) -> None:
    sha = local.repo.commit({
        ".gitattributes": "*.bat text eol=crlf\nsecret export-ignore\n", "a.bat": "one\n", "b": "x"
    })  # fmt: skip
    local.fetched()
    found = state(local, sha, Content(attributes=True))

    def written(path: bytes, content: bytes) -> object:
        return found.write_back({path: (file_item("100644", "1" * 40), content)})[path]

    assert written(b"a.bat", b"one\r\ntwo\r\n") == (FILE, b"one\ntwo\n")
    assert written(b"b", b"y\r\n") == (FILE, b"y\r\n")
    assert written(b"new.bat", b"n\r\n") == (FILE, b"n\n")
    assert found.write_back({b"b": None}) == {b"b": None}
    with pytest.raises(WriteBackNotPossible, match="mixed line ends"):
        written(b"a.bat", b"one\r\ntwo\n")
    with pytest.raises(WriteBackNotPossible, match="export-ignore"):
        written(b"secret", b"s")


def test_only_what_nothing_applies_is_told(local: Place) -> None:
    sha = local.repo.commit({".gitattributes": "a eol=crlf\nb ident\n", "a": "1\n", "b": "2\n"})
    local.fetched()
    kinds = [[one.kind for one in state(local, sha, content).unsupported()] for content in (Content(), ALL)]
    assert kinds == [["gitattributes", "conversion"], ["conversion"]]


def test_a_file_that_is_too_large_to_be_converted_is_told(local: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_ends, "LARGEST", 10)
    sha = local.repo.commit({".gitattributes": "a eol=crlf\n", "a": "1\n" * 10})
    local.fetched()
    with pytest.raises(SourceRefused, match=r"'a' is larger than 10 bytes.*source\.attributes"):
        list(state(local, sha).items())


def test_a_directory_that_is_left_out_as_a_whole_is_empty(local: Place) -> None:
    sha = local.repo.commit({".gitattributes": "* export-ignore\n", "deploy/a": "1"})
    local.fetched()
    assert state(local, sha, ALL, "deploy").empty


# --- submodules ---
@pytest.fixture
def library(web: Place, tmp_path: Path) -> GitRepo:
    """Another repository of the server."""
    return GitRepo(tmp_path / "repos" / "lib.git")


def modules(**urls: str) -> str:
    """A .gitmodules."""
    return "".join(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n' for path, url in urls.items())


def test_the_files_of_a_submodule_are_delivered_at_its_commit(web: Place, server: GitServer, library: GitRepo) -> None:
    old = library.commit(
        {"src/a.c": "a", "run": script("r"), ".gitattributes": "tests export-ignore\n", "tests/t": "t"}
    )
    library.commit({"src/a.c": "newer"})
    sha = web.repo.commit({
        ".gitmodules": modules(lib="../lib.git"), "lib": submodule(old), "b": "b", ".gitattributes": "*.c eol=crlf\n",
    })  # fmt: skip
    web.fetched()
    found = state(web, sha)
    assert contents(found) == {
        b".gitmodules": modules(lib="../lib.git").encode(), b".gitattributes": b"*.c eol=crlf\n", b"b": b"b",
        b"lib/src/a.c": b"a", b"lib/run": b"r", b"lib/.gitattributes": b"tests export-ignore\n",
    }  # fmt: skip
    assert found.unsupported() == ()
    assert web.repo.git("for-each-ref", "refs/pushpull") == ""

    server.stop()  # nothing is asked again
    again = state(web, sha)
    assert (again.id, contents(again)) == (found.id, contents(found))
    with pytest.raises(WriteBackNotPossible, match="submodule"):
        again.write_back({b"lib/src/a.c": (file_item("100644", "1" * 40), b"x")})


def test_a_submodule_that_moves_is_a_change(web: Place, library: GitRepo) -> None:
    one, two = library.commit({"a": "1", "b": "1"}), library.commit({"a": "2"})
    first = web.repo.commit({".gitmodules": modules(lib="./../lib.git"), "lib": submodule(one)})
    second = web.repo.commit({"lib": submodule(two)})
    web.fetched()
    before, after = state(web, first), state(web, second)
    list(before.items())
    changes = after.changes_since(before.id)
    assert changes is not None
    assert [one.key for one in changes] == [b"lib/a"]
    with pytest.raises(WriteBackNotPossible, match="strategy pin"):
        FileRenderer().revert(web.open(), SourceSpec(web.url, content=ALL), second, first)


def test_submodules_of_submodules_are_delivered_to_a_small_depth(web: Place, tmp_path: Path) -> None:
    below = GitRepo(tmp_path / "repos" / "l0.git").commit({"end": "e"})
    for depth in range(1, submodules.DEEPEST + 1):
        repo = GitRepo(tmp_path / "repos" / f"l{depth}.git")
        below = repo.commit({".gitmodules": modules(m=f"../l{depth - 1}.git"), "m": submodule(below)})
        if depth == 2:
            fine = below
    sha = web.repo.commit({".gitmodules": modules(m="../l2.git"), "m": submodule(fine)})
    deep = web.repo.commit({".gitmodules": modules(m=f"../l{submodules.DEEPEST}.git"), "m": submodule(below)})
    web.fetched()
    assert contents(state(web, sha))[b"m/m/m/end"] == b"e"
    with pytest.raises(SourceRefused, match="nested more than"):
        list(state(web, deep).items())


def test_a_repository_may_be_its_own_submodule(web: Place) -> None:
    first = web.repo.commit({"a": "1"})
    sha = web.repo.commit({".gitmodules": modules(old="../site.git"), "old": submodule(first), "a": "2"})
    web.fetched()
    assert contents(state(web, sha))[b"old/a"] == b"1"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("--upload-pack=touch /tmp/x", "command line option"),
        ("../--upload-pack=x", "command line option"),
        ("ext::sh -c x", "not allowed"),
        ("/etc", "names a place on this machine"),
        ("file:///etc", "names a place on this machine"),
        ("../../../../etc", "leads out of the server"),
        ("https://elsewhere.example/lib.git", "another server"),
        ("http://127.0.0.1:1/lib.git", "another server"),
        ("http://169.254.169.254/lib.git", "not allowed"),
        ("https://ann:secret@elsewhere.example/x.git", "not allowed"),
        ("git@127.0.0.1:lib.git", "another server"),
        ("../gone.git", "does not exist"),
        ("", "names no address"),
    ],
)
def test_hostile_and_wrong_addresses_are_refused_with_path_and_mend(web: Place, url: str, why: str) -> None:
    sha = web.repo.commit({".gitmodules": modules(lib=url), "lib": submodule()})
    web.fetched()
    with pytest.raises((SourceRefused, SourceUnreachable), match=why) as problem:
        list(state(web, sha).items())
    assert "'lib'" in problem.value.detail
    assert "source.submodules" in problem.value.detail
    assert "secret" not in problem.value.detail


def test_a_commit_that_the_submodule_does_not_have_is_told(web: Place, library: GitRepo) -> None:
    library.commit({"a": "1"})
    sha = web.repo.commit({".gitmodules": modules(lib="../lib.git"), "lib": submodule("2" * 40)})
    web.fetched()
    with pytest.raises(SourceRefused, match=r"'lib' \(http://.*lib\.git\) cannot be delivered: "):
        list(state(web, sha).items())


def test_a_local_submodule_lies_below_the_roots(local: Place, tmp_path: Path) -> None:
    GitRepo(tmp_path / "outside.git").commit({"a": "secret"})
    inner = GitRepo(tmp_path / "repos" / "lib.git").commit({"a": "1"})
    fine = local.repo.commit({".gitmodules": modules(lib="../lib.git"), "lib": submodule(inner)})
    bad = local.repo.commit({".gitmodules": modules(lib="../../outside.git")})
    local.fetched()
    assert contents(state(local, fine))[b"lib/a"] == b"1"
    with pytest.raises(SourceRefused, match="not open for repositories"):
        list(state(local, bad).items())


def test_the_credential_goes_along_on_the_same_server(
    web: Place, server: GitServer, library: GitRepo, secrets: dict[str, Mapping[str, str]]
) -> None:
    secrets["deploy"] = {"kind": "token", "username": "ann", "token": "t0ken-t0ken"}
    server.user, server.password, web.credential = "ann", "t0ken-t0ken", "deploy"
    sha = web.repo.commit({".gitmodules": modules(lib="../lib.git"), "lib": submodule(library.commit({"a": "1"}))})
    web.fetched()
    assert contents(state(web, sha))[b"lib/a"] == b"1"


def test_a_page_does_not_wait_for_a_submodule(web: Place, library: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = web.repo.commit({".gitmodules": modules(lib="../lib.git"), "lib": submodule(library.commit({"a": "1"}))})
    web.fetched()
    monkeypatch.setattr("app.sources.network_need.in_operation", lambda: False)
    with pytest.raises(ContentNotFetched, match="Refresh the environment"):
        list(state(web, sha).items())


def test_more_files_than_allowed_are_refused(
    web: Place, library: GitRepo, new_sources: Callable[..., GitSources]
) -> None:
    web.sources = new_sources("small", limits=Limits(entries=4))
    inner = library.commit({"a": "1", "b": "1", "c": "1"})
    sha = web.repo.commit({".gitmodules": modules(lib="../lib.git"), "lib": submodule(inner), "x": "1"})
    web.fetched()
    with pytest.raises(SourceRefused, match="more than 4 files"):
        list(state(web, sha).items())


@pytest.mark.parametrize(
    ("base", "url", "whole"),
    [
        ("https://git.example/team/site.git", "../lib.git", "https://git.example/team/lib.git"),
        ("https://git.example/team/site", "./sub/x", "https://git.example/team/site/sub/x"),
        ("ssh://git@git.example:2222/~/a/b.git", "../../c.git", "ssh://git@git.example:2222/~/c.git"),
        ("git@git.example:team/site.git", "../lib.git", "git@git.example:team/lib.git"),
        ("git@git.example:/srv/site.git", "../lib.git", "git@git.example:/srv/lib.git"),
        ("git@git.example:team/site.git", "git@git.example:x.git", "git@git.example:x.git"),
    ],
)
def test_relative_addresses_are_resolved_against_the_repository(base: str, url: str, whole: str) -> None:
    scheme = base.partition("://")[0] if "://" in base else "ssh"
    assert submodules.resolved(Address(base, scheme), url, b"m") == whole
