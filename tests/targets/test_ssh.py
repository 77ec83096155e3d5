"""What is particular to a target behind SSH: who it is, how it is logged in to, what its tools can do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.checks import LocalChecks
from app.domain.environment import HealthCheck
from app.domain.errors import InvalidInput, TargetRefused, TargetUnreachable, Terminated
from app.domain.state.plan import Drift
from app.domain.status import Health
from app.ssh import Pool, fingerprint, host_key
from app.targets.ssh.ssh_kind import SshKind
from app.targets.target_dependencies import TargetDependencies, no_secret
from app.targets.target_registry import CATALOGUE, TargetRegistry
from tests.support.delivery import Watcher, deliver, desired, planned
from tests.support.repo import GitRepo, link
from tests.support.sshd import SshServer, new_key, ready
from tests.targets.conftest import ReleaseSite, Site, SshReleaseSite, SshSite, login
from tests.targets.test_contract import FIRST, ODD, drift, hashed, tree

pytestmark = pytest.mark.skipif(not ready(), reason="no sshd here (Debian: apt-get install openssh-server)")


@pytest.fixture
def ssh(quick_path: Path) -> SshSite:
    return SshSite(quick_path)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SshServer]:
    """A server of this test's own."""
    with SshServer(tmp_path / "other") as server:
        yield server


# --- options ---
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "-oProxyCommand=touch /tmp/x"), ("host", "a b"), ("host", "a\nProxyCommand x"), ("host", "$(id)"),
        ("host", "a..b"), ("host", ""), ("user", "-l root"), ("user", "a b"), ("user", "`id`"), ("user", ""),
        ("port", 0), ("port", "22"), ("path", "relative"), ("path", "/a/../b"), ("path", "/"), ("path", "/a\nb"),
        ("path", ""), ("layout", "other"), ("keep_releases", 0), ("host_key", "ssh-ed25519 nonsense"),
        ("jump", {"host": "-x", "user": "u"}), ("jump", "host"), ("jump", {"host": "h", "user": "u", "path": "/x"}),
    ],
)  # fmt: skip
def test_options_that_could_be_taken_for_something_else_are_refused(tmp_path: Path, field: str, value: Any) -> None:
    registry = TargetRegistry(tmp_path, [tmp_path])
    good = {"host": "web1.example.com", "user": "deploy", "path": "/srv/shop"}
    assert registry.check("ssh", good) == {**good, "port": 22, "layout": "in_place"}
    with pytest.raises(InvalidInput) as refused:
        registry.check("ssh", {**good, field: value})
    assert all(name.startswith(f"target.{field}") for name in refused.value.fields)


def test_options_are_kept_in_one_order_however_they_are_given(tmp_path: Path) -> None:
    """The store compares targets as texts, and older versions stored them in this order."""
    kept = ["host", "port", "user", "credential", "path", "layout", "keep_releases", "jump"]
    jump = {"user": "u", "host": "j", "credential": "k"}
    given = {"jump": jump, "layout": "releases", "path": "/srv/shop", "credential": "k", "user": "u", "host": "h"}
    checked = TargetRegistry(tmp_path, [tmp_path]).check("ssh", given)
    assert list(checked) == kept
    assert list(checked["jump"]) == ["host", "port", "user", "credential"]
    assert {*kept, "host_key"} == {field.name for field in CATALOGUE["ssh"].fields}


def test_the_same_place_on_one_host_is_an_overlap_whoever_logs_in(tmp_path: Path) -> None:
    kind = SshKind(TargetDependencies.of(tmp_path, [tmp_path], no_secret))
    one = {"host": "h", "port": 22, "user": "a", "path": "/srv/shop"}
    assert kind.overlap(one, {**one, "user": "b", "path": "/srv/shop/sub"})
    assert not kind.overlap(one, {**one, "path": "/srv/shop2"})
    assert not kind.overlap(one, {**one, "port": 2222})


def test_hosts_that_show_one_key_are_one_place_whatever_they_are_called(tmp_path: Path) -> None:
    kind = SshKind(TargetDependencies.of(tmp_path, [tmp_path], no_secret))
    one = {"host": "127.0.0.1", "port": 22, "user": "a", "path": "/srv/shop", "host_key": "ssh-ed25519 AAAA"}
    assert kind.overlap(one, {**one, "host": "::1", "port": 2222, "path": "/srv"})
    assert not kind.overlap(one, {**one, "host": "::1", "path": "/srv/other"})
    assert not kind.overlap(one, {**one, "host": "h", "host_key": "ssh-ed25519 BBBB"})
    assert not kind.overlap({**one, "host_key": None}, {**one, "host": "h", "host_key": None})


def test_a_directory_here_and_one_over_ssh_to_this_machine_are_one_place(
    ssh: SshSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = TargetRegistry(tmp_path / "data", [ssh.roots])
    far = ssh.environment.target
    near = replace(far, kind="directory", options={"path": str(ssh.path / "sub")})
    for known in (frozenset(), frozenset([far.option("host_key")])):
        monkeypatch.setattr("app.targets.ssh.ssh_kind.own_host_keys", lambda known=known: known)
        for mine, theirs in ((far, near), (near, far)):
            shared = registry.overlapping(replace(ssh.environment, target=mine), {"other": theirs})
            assert shared == ("other" if known else None)


def test_the_tools_of_posix_are_enough(quick_path: Path, repo: GitRepo, tmp_path: Path) -> None:
    with SshServer(tmp_path / "sshd", greeting="export POSIXLY_CORRECT=1") as server:
        for site in (SshSite(quick_path / "a", server), SshReleaseSite(quick_path / "b", server)):
            one = repo.commit({**FIRST, **ODD}, onto=None, branch="one")
            two = repo.commit({**FIRST, "index.html": "two", "bin": "a file now"}, onto=None, branch="two")
            for revision in (one, two, one):
                deliver(site.open(), repo, revision)
                assert hashed(site) == tree(repo, revision)
                assert drift(site, repo, revision) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory to another group")
@pytest.mark.parametrize("kind", [Site, ReleaseSite, SshSite, SshReleaseSite])
def test_what_a_directory_hands_down_is_kept(quick_path: Path, repo: GitRepo, kind: type[Site]) -> None:
    site = kind(quick_path)
    site.path.mkdir(parents=True)
    os.chown(site.path, -1, 33)
    site.path.chmod(0o2775)
    deliver(site.open(), repo, repo.commit({"a": "1", "css/deep/b": "1", "css/c": "1"}))
    for folder in ("css", "css/deep"):
        found = (site.folder / folder).stat()
        assert (found.st_mode & 0o7777, found.st_gid) == (0o2755, 33)
    for file in ("a", "css/deep/b", "css/c"):
        assert (site.folder / file).stat().st_gid == 33
    if site.in_place:
        os.chown(site.folder / "css", -1, 34)
        (site.folder / "css").chmod(0o2755)
        deliver(site.open(), repo, repo.commit({"a": "1", "css/deep/b": "1", "css/c": "2"}, onto=None, branch="two"))
        assert (site.folder / "css/c").stat().st_gid == 34


# --- who it is ---
def test_the_host_key_is_looked_up_and_pinned(ssh: SshSite, other: SshServer) -> None:
    given = {name: value for name, value in ssh.environment.target.options.items() if name != "host_key"}
    found = ssh.registry.complete(type(ssh.environment.target)("ssh", given))
    assert found.options["host_key"] == host_key(ssh.server.known_hosts)
    moved = type(found)("ssh", {**found.options, "port": other.port})
    again = ssh.registry.complete(moved, found)
    assert again.options["host_key"] == host_key(other.known_hosts), "not the one of another address"
    gone = type(found)("ssh", {**given, "port": 1})
    with pytest.raises(InvalidInput) as refused:
        ssh.registry.complete(gone)
    assert "Check host and port" in refused.value.fields["target.host"]


def test_a_changed_host_key_stops_everything(quick_path: Path, repo: GitRepo, other: SshServer) -> None:
    site = SshSite(quick_path, other)
    pinned = fingerprint(str(site.environment.target.option("host_key")))
    other.change_host_key()
    for act in (lambda: site.open().look(), lambda: deliver(site.open(), repo, repo.commit(FIRST))):
        with pytest.raises(TargetRefused) as refused:
            act()
        shown = fingerprint(str(host_key(other.known_hosts)))
        assert pinned in refused.value.detail
        assert shown in refused.value.detail
        assert "target.host_key" in refused.value.detail
    assert not site.path.exists()


def test_a_key_that_is_not_let_in_is_told(quick_path: Path, tmp_path: Path) -> None:
    site = SshSite(quick_path)
    wrong = new_key(tmp_path / "wrong").read_text()
    pool = Pool()
    kinds = [lambda given: SshKind(replace(given, secret=lambda _: {"private_key": wrong}, pool=pool))]
    registry = TargetRegistry(site.data, [site.roots], kinds)
    with pytest.raises(TargetRefused, match=r"does not let us in with the credential 'key'.*authorized_keys"):
        registry.open(site.environment).look()
    kinds = [lambda given: SshKind(replace(given, secret=lambda _: {"private_key": "nonsense"}, pool=pool))]
    with pytest.raises(TargetRefused):
        TargetRegistry(site.data, [site.roots], kinds).open(site.environment).look()


def test_a_server_that_is_gone_can_be_tried_again(ssh: SshSite) -> None:
    options = {**ssh.environment.target.options, "port": 1}
    lost = type(ssh.environment)(7, "x", ssh.environment.mode, ssh.environment.source,
                                 type(ssh.environment.target)("ssh", options))  # fmt: skip
    with pytest.raises(TargetUnreachable, match=r"cannot be reached.*Nothing was sent"):
        ssh.registry.open(lost).look()


def test_through_a_jump_host(quick_path: Path, repo: GitRepo, other: SshServer) -> None:
    jump = {name: value for name, value in login(other).items() if name != "host_key"}
    site = SshSite(quick_path, jump=jump)
    keys = {"key": site.server.private_key, "other": other.private_key}
    options = {**site.environment.target.options, "jump": {**jump, "credential": "other"}}
    kinds = [lambda given: SshKind(replace(given, secret=lambda name: {"private_key": keys[name]}))]
    registry = TargetRegistry(site.data, [site.roots], kinds)
    found = registry.complete(type(site.environment.target)("ssh", {**options, "host_key": None}))
    assert found.options["host_key"] == host_key(site.server.known_hosts), "asked through the jump host"
    assert found.options["jump"]["host_key"] == host_key(other.known_hosts)
    there = type(site.environment)(7, "x", site.environment.mode, site.environment.source, found)
    first = repo.commit(FIRST)
    deliver(registry.open(there), repo, first)
    assert hashed(site) == tree(repo, first)
    other.change_host_key()
    registry.close()
    with pytest.raises((TargetRefused, TargetUnreachable)):
        registry.open(there).look()
    registry.close()


# --- what it holds ---
def test_a_host_without_findutils_is_listed_as_well(ssh: SshSite, repo: GitRepo) -> None:
    site = ssh.listed_as(b"stat")
    revision = repo.commit({**FIRST, **ODD})
    deliver(site.open(), repo, revision)
    assert hashed(site) == tree(repo, revision)
    looked, plan = planned(site.open(), repo, revision)
    assert (plan.items, looked.unmanaged_count) == ((), 0)
    site.write("new\nline.txt", b"moved")
    site.link("latest", "else\nwhere")
    site.write("theirs \n x", b"")
    looked, plan = planned(site.open(), repo, revision)
    assert {item.key: item.drift for item in plan.items} == {b"new\nline.txt": Drift.CHANGED, b"latest": Drift.CHANGED}
    assert looked.unmanaged == (b"theirs \n x",)


@pytest.mark.skipif(shutil.which("busybox") is None, reason="no busybox here: its tools were not tested")
def test_busybox_is_enough(quick_path: Path, repo: GitRepo, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    names = (
        "cat chmod cp date find head ln ls mkdir mv ps readlink rm rmdir sh sha1sum sha256sum sleep stat tail tar tr"
    )
    for name in [*names.split(), "wc", "xargs"]:
        (tools / name).symlink_to(str(shutil.which("busybox")))
    with SshServer(tmp_path / "sshd", path=str(tools)) as server:
        for site in (SshSite(quick_path, server), SshReleaseSite(quick_path, server)):
            one = repo.commit({**FIRST, **ODD}, onto=None, branch="one")
            two = repo.commit({"index.html": "two", "bin": "a file now", "latest/x": "deep"}, onto=None, branch="two")
            for revision in (one, two, one):
                deliver(site.open(), repo, revision)
                assert hashed(site) == tree(repo, revision)
                assert drift(site, repo, revision) == {}
            assert site.open().read(b"index.html", 5) == b"<h1>o"


def test_the_accounts_greeting_is_no_answer(quick_path: Path, repo: GitRepo, tmp_path: Path) -> None:
    with SshServer(tmp_path / "sshd", greeting="echo Welcome; echo $((6*7))") as server:
        site = SshSite(quick_path, server)
        first = repo.commit(FIRST)
        deliver(site.open(), repo, first)
        assert hashed(site) == tree(repo, first)
    closed = SshServer(tmp_path / "closed", greeting="echo This account is closed.; exit 1")
    with closed as server, pytest.raises(TargetRefused, match=r"no POSIX shell answered \(This account is closed"):
        SshSite(quick_path, server).open().look()


# --- nothing outside ---
def outside(site: SshSite) -> Path:
    folder = site.path.parent.parent / "outside"
    folder.mkdir()
    (folder / "f").write_text("not ours")
    return folder


def test_a_link_where_a_directory_of_ours_must_be_is_replaced_and_not_followed(ssh: SshSite, repo: GitRepo) -> None:
    away = outside(ssh)
    first = repo.commit({"d/f": "1", "d/e/g": "1", "x": "1"})
    deliver(ssh.open(), repo, first)
    shutil.rmtree(ssh.path / "d")
    (ssh.path / "d").symlink_to(away)
    (ssh.path / "x").unlink()
    (ssh.path / "x").symlink_to(away / "f")
    assert ssh.open().read(b"d/f", 10) is None
    assert drift(ssh, repo, first)[b"d/f"] is Drift.MISSING
    second = repo.commit({"d/f": "2", "d/new": "2", "x": "2", "d/e/g": None})
    deliver(ssh.open(), repo, second)
    assert hashed(ssh) == tree(repo, second)
    assert sorted(os.listdir(away)) == ["f"]
    assert (away / "f").read_text() == "not ours"


def test_what_is_swapped_for_a_link_after_the_look_leads_nowhere(ssh: SshSite, repo: GitRepo) -> None:
    away = outside(ssh)
    first = repo.commit({"d/f": "1", "keep": "1"})
    deliver(ssh.open(), repo, first)
    second = repo.commit({"d/f": "2", "d/g": "2"})
    target = ssh.open()
    _, plan = planned(target, repo, second)
    (ssh.path / "d").rename(ssh.path / "was")
    (ssh.path / "d").symlink_to(away)
    with pytest.raises(TargetRefused, match="was replaced while we worked"):
        target.apply(plan, desired(repo, second), Watcher())
    assert (away / "f").read_text() == "not ours"
    assert sorted(os.listdir(away)) == ["f"]
    deliver(ssh.open(), repo, second)
    assert hashed(ssh).items() >= tree(repo, second).items()


def test_the_root_itself_may_be_no_link(ssh: SshSite, repo: GitRepo) -> None:
    away = outside(ssh)
    ssh.path.symlink_to(away)
    with pytest.raises(TargetRefused, match="is a link"):
        deliver(ssh.open(), repo, repo.commit(FIRST))
    assert os.listdir(away) == ["f"]


def test_names_are_words_and_never_commands(ssh: SshSite, repo: GitRepo) -> None:
    marker = ssh.path.parent / "marker"
    evil = [f"$(touch {marker})".replace("/", "_"), "`id`", "a'; touch x; '", "\n#end 000\nrid ./x", "-rf", "--help",
            "~", "*", "a\\b", "\\n", "d d/$HOME/'/x", "plan", "o/1", "d0/f", "\x01\x02", "end", "say +5"]  # fmt: skip
    first = repo.commit({**dict.fromkeys(evil, "x"), "l": link("'; touch x; '"), "-t": link("-T")})
    deliver(ssh.open(), repo, first)
    assert hashed(ssh) == tree(repo, first)
    assert sorted(os.listdir(ssh.path.parent)) == ["site"]
    deliver(ssh.open(), repo, repo.commit({**dict.fromkeys(evil), "-t": None, "l": None, "y": "y"}))
    assert os.listdir(ssh.path) == ["y"]


def test_a_file_we_did_not_put_there_is_never_overwritten_by_a_directory(ssh: SshSite, repo: GitRepo) -> None:
    ssh.write("d", b"theirs")
    with pytest.raises(TargetRefused, match="must become a directory"):
        deliver(ssh.open(), repo, repo.commit({"d/f": "1"}))
    assert (ssh.path / "d").read_bytes() == b"theirs"
    ssh.remove("d")
    (ssh.path / "x" / "deep").mkdir(parents=True)
    ssh.write("x/deep/theirs", b"theirs")
    with pytest.raises(TargetRefused, match="is a directory that holds"):
        deliver(ssh.open(), repo, repo.commit({"x": "a file", "d/f": None}))
    assert (ssh.path / "x/deep/theirs").exists()


# --- secrets ---
def test_the_key_is_on_no_command_line_and_on_no_disk(quick_path: Path, repo: GitRepo) -> None:
    site = SshSite(quick_path)
    pool = Pool()
    site.registry = site.connect(pool)
    secret = site.server.private_key.splitlines()[2]
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for name in os.listdir("/proc"):
                if name.isdigit():
                    try:
                        line = Path(f"/proc/{name}/cmdline").read_bytes() + Path(f"/proc/{name}/environ").read_bytes()
                    except OSError:
                        continue
                    seen.add(line.decode("utf-8", "replace"))

    watching = threading.Thread(target=watch)
    watching.start()
    first = repo.commit(FIRST)
    deliver(site.open(), repo, first)
    stop.set()
    watching.join()
    ours = [line for line in seen if "pushpull-target" in line]
    assert ours
    assert not any(secret in line for line in seen)
    assert not any(str(site.path) in line for line in ours), "what a user chose is on no command line of ours"
    folder = pool.connection(next(iter(pool._kept)))._folder
    assert folder is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    assert not any(secret in file.read_text() for file in folder.iterdir() if file.is_file()), (
        "it went after the log-in"
    )
    pool.close()
    assert not folder.exists()


# --- commands ---
def test_commands_run_in_the_directory_that_readers_see(quick_path: Path, repo: GitRepo) -> None:
    for site in (SshSite(quick_path / "a"), SshReleaseSite(quick_path / "b")):
        runner = site.registry.runner(site.environment)
        assert runner is not None
        assert runner.run(["pwd"], {}, 5).output == "/\n"
        deliver(site.open(), repo, repo.commit({"f": "x"}))
        given = {"PUSHPULL_REVISION": "it's $(id)"}
        result = runner.run(
            ["sh", "-c", 'pwd -P; echo "$PUSHPULL_REVISION $1" >&2; cat f; exit 3', "-", "a 'b' $c"], given, 5
        )
        assert (result.exit_code, result.timed_out) == (3, False)
        assert result.output == f"{os.path.realpath(site.folder)}\nit's $(id) a 'b' $c\nx"
        assert runner.run(["no-such-command"], {}, 5).exit_code == 127
        assert runner.run(["-x"], {}, 5).exit_code == 127
        assert runner.run(["exit", "0"], {}, 5).exit_code == 127, "no word of the shell's own"
        long = runner.run(["sh", "-c", "yes token=hunter2hunter2 | head -c 200000"], {}, 10)
        assert len(long.output) <= 64 * 1024 + 100


def test_what_a_command_says_is_heard_while_it_runs(ssh: SshSite, tmp_path: Path) -> None:
    runner, gate, heard = ssh.registry.runner(ssh.environment), tmp_path / "gate", bytearray()
    assert runner is not None
    os.mkfifo(gate)
    opened: list[bytes] = []

    def check() -> None:
        if heard and not opened:
            opened.append(bytes(heard))
            gate.write_text("go\n")

    result = runner.run(["sh", "-c", 'echo one; read go < "$0"; printf two', str(gate)], {}, 30, check, heard.extend)
    assert (opened, bytes(heard).rstrip(), result.output) == ([b"one\n"], b"one\ntwo", "one\ntwo")


def _alive(mark: str) -> bool:
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark.encode() in Path(f"/proc/{name}/cmdline").read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


def test_a_command_is_ended_with_all_that_it_started(ssh: SshSite) -> None:
    runner = ssh.registry.runner(ssh.environment)
    assert runner is not None
    result = runner.run(["sh", "-c", "sleep 98761 & sleep 98761"], {}, 0.5)
    assert result.timed_out
    _gone("98761")
    assert runner.run(["sh", "-c", "sleep 98762 & echo out; exit 3"], {}, 5).output == "out\n"
    _gone("98762")

    def stop() -> None:
        raise Terminated

    with pytest.raises(Terminated):
        runner.run(["sleep", "98763"], {}, 60, stop)
    _gone("98763")


def test_what_a_command_left_running_lives_on_where_it_succeeded(ssh: SshSite) -> None:
    pool = Pool()
    ssh.registry = ssh.connect(pool)
    runner = ssh.registry.runner(ssh.environment)
    assert runner is not None
    result = runner.run(["sh", "-c", "sleep 98764 >/dev/null 2>&1 & echo $!"], {}, 77)
    pool.close()
    _gone("82")  # the watchers of the command, which allow it five seconds more
    os.kill(int(result.output), signal.SIGKILL)  # which fails where nothing lives


def _gone(mark: str) -> None:
    for _ in range(600):
        if not _alive(mark):
            return
        time.sleep(0.05)
    raise AssertionError(f"sleep {mark} lives on")


# --- services ---
def test_services_are_asked_from_where_the_target_is(ssh: SshSite) -> None:
    checks, runner = LocalChecks(allowed=False), ssh.registry.runner(ssh.environment)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=_answer, args=(listener,), daemon=True).start()
        tcp = HealthCheck("tcp", host="127.0.0.1", port=port, seen_from="target")
        http = HealthCheck("http", url=f"http://127.0.0.1:{port}/x", seen_from="target")
        assert checks.health(tcp, None, {}, runner).health is Health.HEALTHY
        found = checks.health(http, None, {}, runner)
        assert (found.health, found.detail) == (Health.HEALTHY, "answered 200")
        assert checks.health(replace(http, expect_status=404), None, {}, runner).health is Health.DEGRADED
        listener.shutdown(socket.SHUT_RDWR)
    closed = checks.health(tcp, None, {}, runner)
    assert closed.health is Health.DEGRADED
    assert "nothing accepts connections there" in closed.detail
    command = HealthCheck("command", command=("test", "-d", "/"))
    assert checks.health(command, None, {}, runner).health is Health.HEALTHY, "switched off is this machine's only"


def _answer(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            if connection.recv(1 << 16):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
