"""A host that never ends, never answers or answers without measure: the wait ends, and what it says steers nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.errors import TargetRefused, TargetUnreachable, Terminated
from app.ssh import Pool, ssh_connection
from app.targets.ssh.remote_shell import host
from tests.support.delivery import deliver
from tests.support.repo import GitRepo
from tests.support.sshd import SshServer, ready
from tests.targets.conftest import SshReleaseSite, SshSite, environment
from tests.targets.test_contract import FIRST, drift, hashed, tree

pytestmark = pytest.mark.skipif(not ready(), reason="no sshd here (Debian: apt-get install openssh-server)")
# what an account runs before each command; the first line that comes is the word that our script begins with
SILENT = "exec sleep 1000"
ENDLESS = "exec yes greeting"
BEGUN = "read -r w; echo $w; "
ENDLESS_ANSWER = BEGUN + "exec yes answer"
SILENT_ANSWER = BEGUN + "exec sleep 1000"
ENDLESS_ERRORS = BEGUN + "exec yes error >&2"


@contextlib.contextmanager
def behaving(folder: Path, greeting: str):  # type: ignore[no-untyped-def]
    with SshServer(folder / "sshd", greeting=greeting) as server:
        pool = Pool()
        site = SshSite(folder, server)
        site.registry = site.connect(pool)
        try:
            yield site
        finally:
            pool.close()


def test_a_host_whose_shell_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "ANSWER_S", 0.3)
    with behaving(tmp_path, SILENT) as site, pytest.raises(TargetUnreachable, match="let us in, but no shell answered"):
        site.open().look()


@pytest.mark.parametrize(("greeting", "said"), [(ENDLESS, "without end"), (ENDLESS_ANSWER, "more than")])
def test_a_host_that_answers_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, greeting: str, said: str
) -> None:
    monkeypatch.setattr(host, "ANSWER", 3 << 20)
    with behaving(tmp_path, greeting) as site, pytest.raises(TargetRefused, match=said):
        site.open().look()


@pytest.mark.parametrize("greeting", [SILENT, SILENT_ANSWER, ENDLESS_ERRORS])
def test_a_stop_ends_the_wait_for_a_host(tmp_path: Path, greeting: str) -> None:
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise Terminated

    with behaving(tmp_path, greeting) as site:
        target = site.registry.open(site.environment, stop)
        for act in (target.look, lambda: target.read(b"index.html", 10)):
            with pytest.raises(Terminated):
                act()


def _listening(accepted: list[socket.socket]) -> tuple[socket.socket, int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                accepted.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    return listener, listener.getsockname()[1]


def _all(act: Callable[[], object], count: int) -> list[BaseException]:
    problems: list[BaseException] = []

    def one() -> None:
        try:
            act()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return problems


def test_who_waits_for_one_silent_host_waits_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_connection, "CONNECTED_S", 0.5)
    accepted: list[socket.socket] = []
    listener, port = _listening(accepted)
    site = SshSite(tmp_path)
    pool = Pool()
    site.registry = site.connect(pool)
    site.environment = environment(7, "ssh", **{**site.environment.target.options, "port": port})
    problems = _all(lambda: site.registry.open(site.environment).look(), 4)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for one in accepted:
        one.close()
    assert [type(problem) for problem in problems] == [TargetUnreachable] * 4
    assert len(accepted) == 1


def test_what_a_host_says_steers_nothing(tmp_path: Path) -> None:
    says = r"printf '\033[31mno\000 \007way\033]0;title\007 \302\233 \342\200\256 here\n'; exit 1"
    with behaving(tmp_path, says) as site, pytest.raises(TargetRefused, match=r"no way\s+here") as refused:
        site.open().look()
    assert [one for one in refused.value.detail if unicodedata.category(one) in ("Cc", "Cf")] == []


def test_the_accounts_farewell_is_no_answer(quick_path: Path, repo: GitRepo, tmp_path: Path) -> None:
    farewell = '( eval "$SSH_ORIGINAL_COMMAND" ); c=$?; echo no thanks; printf "Bye"; echo Bye >&2; exit $c'
    with SshServer(tmp_path / "sshd", greeting=farewell) as server:
        for site in (SshSite(quick_path / "a", server), SshReleaseSite(quick_path / "b", server)):
            for revision in (repo.commit(FIRST), repo.commit({"index.html": "two"}, onto=None, branch="two")):
                deliver(site.open(), repo, revision)
                assert hashed(site) == tree(repo, revision)
                (site.folder / "index.html").write_text("by hand")
                assert [*drift(site, repo, revision)] == [b"index.html"]
                assert site.open().read(b"index.html", 99) == b"by hand"
                deliver(site.open(), repo, revision)
            runner = site.registry.runner(site.environment)
            assert runner is not None
            assert runner.run(["echo", "out"], {}, 5).output == "out\n"
            assert runner.run(["false"], {}, 5).exit_code == 1


# --- why it failed ---
def test_a_full_disk_is_named(tmp_path: Path, repo: GitRepo) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    full = tools / "tar"
    full.write_text(
        "#!/bin/sh\ncat >/dev/null\necho 'tar: d0/big: Cannot write: No space left on device' >&2\n"
        "echo 'tar: Exiting with failure status due to previous errors' >&2\necho 'Have a nice day' >&2\nexit 2\n"
    )
    full.chmod(0o755)
    with SshServer(tmp_path / "sshd", path=f"{tools}:{os.environ['PATH']}") as server:
        for site in (SshSite(tmp_path / "a", server), SshReleaseSite(tmp_path / "b", server)):
            with pytest.raises(TargetUnreachable, match=r"No space left on device\. Make room and sync again") as told:
                deliver(site.open(), repo, repo.commit(FIRST))
            assert "reached" not in told.value.detail


def test_a_directory_that_we_may_not_enter_is_named(tmp_path: Path, repo: GitRepo) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    closed = tools / "find"
    said = ("'./new': Permission denied", "'./new/q': No such file or directory")
    lines = "".join(f'echo "find: {line}" >&2\n' for line in said)
    with SshServer(tmp_path / "sshd", path=f"{tools}:{os.environ['PATH']}") as server:
        site = SshSite(tmp_path / "a", server)
        deliver(site.open(), repo, repo.commit(FIRST))
        (site.path / "index.html").unlink()
        closed.write_text(f'#!/bin/sh\n{lines}exec {shutil.which("find")} "$@"\n')
        closed.chmod(0o755)
        with pytest.raises(TargetRefused, match=r"find: '\./new': Permission denied"):
            site.open().look()
