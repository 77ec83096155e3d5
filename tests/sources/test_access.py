"""Logging in: what is sent where, what is seen by whom, and what people are told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from app.domain.environment import SourceSpec
from app.domain.errors import CredentialNotFound, Problem, SourceBusy, SourceRefused, SourceUnreachable
from app.domain.revision import Person
from app.domain.state.git_files import FILE
from app.git import GitFailed
from app.sources import GitSources, Patience
from app.sources.remote import address as addresses
from app.sources.remote import git_messages
from app.sources.remote.repository_login import GitLogins
from tests.sources.conftest import Place
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo
from tests.support.sshd import SshServer, new_key

TOKEN = "hunter2-hunter2"
Secrets = dict[str, Mapping[str, str]]


@pytest.fixture
def private(web: Place, server: GitServer, secrets: Secrets) -> Place:
    """The repository behind a log-in that the credential "deploy" has."""
    server.user, server.password = "ann", TOKEN
    secrets["deploy"] = {"kind": "token", "username": "ann", "token": TOKEN}
    web.credential = "deploy"
    return web


# --- tokens ---
def test_a_token_opens_a_private_repository(private: Place) -> None:
    parent = private.repo.commit({"a": "1"})
    source = private.fetched()
    made = source.commit("main", parent, {b"a": (FILE, b"2")}, "m", Person("Ann"))
    assert private.repo.sha("main") == made.sha
    assert private.sources.probe(SourceSpec(private.url, "main", credential="deploy")).files == 1


def test_the_name_may_stand_in_the_address(private: Place, secrets: Secrets) -> None:
    sha = private.repo.commit({"a": "1"})
    secrets["deploy"] = {"kind": "token", "token": TOKEN}
    private.url = private.url.replace("http://", "http://ann@")
    assert private.open().remote_heads()["refs/heads/main"] == sha


def test_a_password_is_as_good_as_a_token(private: Place, secrets: Secrets) -> None:
    sha = private.repo.commit({"a": "1"})
    secrets["deploy"] = {"kind": "password", "username": "ann", "password": TOKEN}
    assert private.open().remote_heads()["refs/heads/main"] == sha


def test_a_new_token_takes_effect_without_opening_again(private: Place, secrets: Secrets) -> None:
    sha = private.repo.commit({"a": "1"})
    secrets["deploy"] = {"kind": "token", "username": "ann", "token": "old"}
    source = private.open()
    with pytest.raises(SourceUnreachable, match="credential was not accepted") as problem:
        source.remote_heads()
    assert "source.repo_url" in problem.value.fields or "source.credential" in problem.value.fields
    secrets["deploy"] = {"kind": "token", "username": "ann", "token": TOKEN}
    assert source.remote_heads()["HEAD"] == sha


def test_without_a_credential_people_learn_what_may_be_missing(private: Place) -> None:
    private.repo.commit({"a": "1"})
    with pytest.raises(SourceUnreachable, match="does not exist or needs a log-in"):
        private.sources.open(private.url).remote_heads()
    with pytest.raises(SourceUnreachable, match="does not exist or needs a log-in"):
        private.sources.probe(SourceSpec(private.url, "main"))


def test_a_mirror_shows_nothing_in_a_probe_without_the_credential(private: Place) -> None:
    private.repo.commit({"a": "1"})
    private.fetched()
    with pytest.raises(SourceUnreachable):
        private.sources.probe(SourceSpec(private.url, "main"))


def test_a_token_is_on_no_command_line_and_in_no_file(private: Place, server: GitServer, tmp_path: Path) -> None:
    private.repo.commit({"a": "1"})
    source = private.fetched()
    server.held = threading.Event()
    asking = threading.Thread(target=source.remote_heads)
    count = len(server.seen)
    asking.start()
    while len(server.seen) == count:
        threading.Event().wait(0.01)
    lines = [_read(folder / "cmdline") for folder in Path("/proc").glob("[0-9]*")]
    server.held.set()
    asking.join()
    mine = [line for line in lines if private.url.encode() in line]
    assert mine
    secret = server.seen[-1].headers["authorization"].split()[1].encode()
    for text in (TOKEN.encode(), secret):
        assert not any(text in line for line in mine)
        assert not any(text in _read(file) for file in (tmp_path / "data").rglob("*") if file.is_file())


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def test_a_redirect_is_not_followed_and_no_token_goes_there(private: Place, server: GitServer, tmp_path: Path) -> None:
    private.repo.commit({"a": "1"})
    with GitServer(tmp_path / "repos") as other:
        server.user, server.redirect = "", other.address
        for ask in (private.open().remote_heads, private.open().fetch):
            with pytest.raises(SourceRefused, match="redirects are not followed"):
                ask()
        assert other.seen == []


@pytest.mark.parametrize(
    ("values", "way"),
    [({"kind": "ssh-key", "private_key": "x"}, "web"), ({"kind": "kubeconfig"}, "web"), ({}, "web")],
)
def test_a_credential_of_another_kind_is_refused(
    values: Mapping[str, str], way: str, secrets: Secrets, request: pytest.FixtureRequest, server: GitServer
) -> None:
    place: Place = request.getfixturevalue(way)
    secrets["deploy"] = values
    with pytest.raises(SourceRefused) as problem:
        place.sources.open(place.url, "deploy").fetch()
    assert "source.credential" in problem.value.fields
    assert server.seen == []


def test_a_credential_that_is_gone_does_not_stop_reading(tmp_path: Path, server: GitServer, repo: GitRepo) -> None:
    sha = repo.commit({"a": "1"})

    known = [{"kind": "token", "token": TOKEN}]

    def secret(name: str) -> Mapping[str, str]:
        if not known:
            raise CredentialNotFound(f"There is no credential '{name}'.")
        return known[0]

    sources = GitSources(tmp_path / "data", [tmp_path / "repos"], secret)
    sources.open(server.url(repo.path), "gone").fetch()
    known.clear()
    source = sources.open(server.url(repo.path), "gone")
    assert source.resolve("main").sha == sha
    with pytest.raises(CredentialNotFound):
        source.fetch()


@pytest.mark.parametrize(
    ("url", "credential", "held"),
    [
        ("https://host/x", None, "none"),
        ("https://host/x", "token", "token"),
        ("git@host:x", "key", "ssh-key"),
        ("ssh://host/x", None, "ambient"),
        ("git://host/x", None, "none"),
        ("{repos}/site.git", None, "none"),
    ],
)
def test_git_logs_in_by_what_the_address_and_the_credential_say(
    url: str, credential: str | None, held: str, tmp_path: Path
) -> None:
    secrets = {"token": {"kind": "token", "token": "x"}, "key": {"kind": "ssh-key", "private_key": "x"}}
    address = addresses.parse(url.format(repos=tmp_path / "repos"), [tmp_path / "repos"])
    assert GitLogins(address, credential, secrets.__getitem__, tmp_path / "known_hosts").login().kind == held


# --- SSH ---
def test_the_key_is_private_memory_that_is_there_only_while_it_is_needed(
    shell: Place, secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.repo.commit({"a": "1"})
    seen = tmp_path / "seen"
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(
        '#!/bin/sh\nreal=\nfor a; do [ "$last" = -i ] && stat -Lc \'%a %n\' "$a" >> '
        f'{seen}; last=$a; done\nPATH=${{PATH#*:}} exec ssh "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    shell.open().remote_heads()
    mode, _, key = seen.read_text().strip().partition(" ")
    assert mode == "600"
    assert key.startswith(f"/proc/{os.getpid()}/fd/")
    assert not os.path.exists(key) or "pushpull-key" not in os.readlink(key)


def test_a_server_is_known_again_by_its_key(shell: Place, ssh_server: SshServer, tmp_path: Path) -> None:
    shell.repo.commit({"a": "1"})
    source = shell.open()
    source.remote_heads()
    assert (tmp_path / "data" / "known_hosts").exists()
    ssh_server.change_host_key()
    for ask in (source.remote_heads, source.fetch):
        with pytest.raises(SourceRefused, match="host key"):
            ask()


def test_a_given_host_key_must_be_the_servers(
    shell: Place, ssh_server: SshServer, secrets: Secrets, tmp_path: Path
) -> None:
    sha = shell.repo.commit({"a": "1"})
    values = {"kind": "ssh-key", "private_key": ssh_server.private_key.replace("\n", "\r\n")}
    secrets["deploy"] = {**values, "known_hosts": ssh_server.known_hosts}
    assert shell.open().remote_heads()["HEAD"] == sha
    other = new_key(tmp_path / "other").with_suffix(".pub").read_text()
    secrets["deploy"] = {**values, "known_hosts": f"[127.0.0.1]:{ssh_server.port} {other}"}
    with pytest.raises(SourceRefused, match="host key"):
        shell.open().remote_heads()


def test_other_keys_are_not_accepted(shell: Place, secrets: Secrets, tmp_path: Path) -> None:
    shell.repo.commit({"a": "1"})
    for key in (new_key(tmp_path / "stranger").read_text(), "no key at all"):
        secrets["deploy"] = {"kind": "ssh-key", "private_key": key}
        with pytest.raises(SourceUnreachable, match="did not accept the SSH key"):
            shell.open().remote_heads()


# --- what people read ---
def test_what_is_not_there_reads_like_what_needs_a_log_in(web: Place, server: GitServer, shell: Place) -> None:
    with pytest.raises(SourceUnreachable, match="does not exist or needs a log-in"):
        web.sources.open(server.url("nothing.git")).fetch()
    with pytest.raises(SourceUnreachable, match="does not exist, or the credential was not accepted"):
        shell.sources.open(shell.url + "nothing", shell.credential).fetch()


@pytest.mark.parametrize(
    ("said", "kind", "reads"),
    [
        ("fatal: unable to access 'http://x/': Could not resolve host: x", SourceUnreachable, "name could not be"),
        ("ssh: Could not resolve hostname x: Name or service not known", SourceUnreachable, "name could not be"),
        ("Failed to connect to x port 443: Connection refused", SourceUnreachable, "refused the connection"),
        ("ssh: connect to host x port 22: Connection timed out", SourceUnreachable, "did not answer in time"),
        ("ssh: connect to host x port 22: No route to host", SourceUnreachable, "no network route"),
        ("server certificate verification failed. CAfile: none", SourceUnreachable, "certificate is not trusted"),
        ("The requested URL returned error: 502", SourceUnreachable, "internal error"),
        ("The requested URL returned error: 503", SourceBusy, "asks to wait"),
        ("The requested URL returned error: 403", SourceUnreachable, "denies access"),
        ("fatal: repository 'https://tls.example/ssl.git/' not found", SourceUnreachable, "needs a log-in"),
        ("remote: The project you were looking for could not be found", SourceUnreachable, "needs a log-in"),
        ("ERROR: Repository not found.", SourceUnreachable, "needs a log-in"),
        ("fatal: mismatched algorithms: client sha1; server sha256", SourceRefused, "SHA-256"),
        ("fatal: x/info/refs not valid: is this a git repository?", SourceUnreachable, "not as a Git repository"),
    ],
)
def test_failures_are_told_in_words(said: str, kind: type[Problem], reads: str) -> None:
    problem = git_messages.known(GitFailed(128, said), with_credential=False)
    assert type(problem) is kind
    assert reads in problem.detail
    assert next(iter(problem.fields.values())) in problem.detail


def test_secrets_are_masked_wherever_git_shows_them() -> None:
    said = (
        "fatal: https://ann:hunter2@host/x and ssh://tok3n@host/x\n"
        "Authorization: Basic YW5uOmh1bnRlcjI=\nplain s3cret s3\n\x1b[31mred"
    )
    masked = git_messages.mask(said, ["s3", "s3cret"])
    for secret in ("hunter2", "tok3n", "YW5uOmh1bnRlcjI", "s3", "\x1b", "\n"):
        assert secret not in masked
    problem = git_messages.unknown(GitFailed(128, "error: odd https://a:hunter2@h/x " + "long " * 200), ["odd"])
    assert "hunter2" not in problem.detail
    assert "odd" not in problem.detail
    assert len(problem.detail) < 400


def test_a_repository_with_other_object_names_is_refused(local: Place, tmp_path: Path) -> None:
    other = tmp_path / "repos" / "new.git"
    local.repo.git("init", "--quiet", "--bare", "--object-format=sha256", str(other), check=False)
    _clone_of_sha256(local.repo, other)
    with pytest.raises(SourceRefused, match="SHA-256"):
        local.sources.open(str(other)).fetch()
    with pytest.raises(SourceRefused, match="SHA-256"):
        local.sources.probe(SourceSpec(str(other), "main"))


def _clone_of_sha256(repo: GitRepo, path: Path) -> None:
    other = GitRepo.__new__(GitRepo)
    other.path = path
    if not path.exists():
        path.mkdir()
        other.git("init", "--quiet", "--bare", "--object-format=sha256", "--initial-branch=main")
    tree = other.git("mktree", input=b"")
    who = ("-c", "user.name=a", "-c", "user.email=a@x")
    other.git("update-ref", "refs/heads/main", other.git(*who, "commit-tree", "-m", "m", tree))


def test_a_broken_server_is_not_asked_for_ever(
    web: Place, server: GitServer, new_sources: Callable[..., GitSources]
) -> None:
    web.repo.commit({"a": "1"})
    server.held = threading.Event()
    sources = new_sources(patience=Patience(listing=0.2))
    with pytest.raises(SourceUnreachable, match="did not answer in time"):
        sources.probe(SourceSpec(web.url, "main"))
