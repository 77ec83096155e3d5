"""Health checks and hooks on this machine: real commands, real sockets."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar, Self

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.checks import LocalChecks
from app.domain.environment import HealthCheck
from app.domain.errors import InvalidInput, Terminated
from app.domain.status import Health

CHECKS = LocalChecks()


class Answers(BaseHTTPRequestHandler):
    """200 at /, a redirect at /moved to where 200 would be, 503 at /down, and nothing at all at /silent."""

    hurry = threading.Event()
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.hurry.wait(10)
            return
        Answers.seen.append((self.path, dict(self.headers)))
        self.send_response({"/": 200, "/moved": 302, "/a%20b%C3%A4?c=%3F&d=1": 200}.get(self.path, 503))
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    """Address of a web server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Answers.hurry.set()
    server.shutdown()
    thread.join()
    server.server_close()
    Answers.hurry.clear()


def look(check: HealthCheck) -> tuple[Health, str]:
    result = CHECKS.health(check, None, {})
    return result.health, result.detail


@pytest.mark.parametrize(
    ("path", "expected", "health"),
    [
        ("/", 200, Health.HEALTHY),
        ("/down", 200, Health.DEGRADED),
        ("/down", 503, Health.HEALTHY),
        ("/moved", 200, Health.DEGRADED),
        ("/moved", 302, Health.HEALTHY),
    ],
)
def test_http_is_healthy_with_the_expected_status_only(site: str, path: str, expected: int, health: Health) -> None:
    assert look(HealthCheck("http", url=site + path, expect_status=expected))[0] is health


def test_http_that_stays_silent_is_degraded_when_its_time_is_up(site: str) -> None:
    health, detail = look(HealthCheck("http", url=f"{site}/silent", timeout_s=0.2))
    assert (health, detail) == (Health.DEGRADED, "no answer within 0.2 s")


def test_http_asks_once_for_what_the_address_says(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    Answers.seen.clear()
    assert look(HealthCheck("http", url=f"{site}/a bä?c=%3F&d=1"))[0] is Health.HEALTHY
    assert look(HealthCheck("http", url=f"{site}/moved", expect_status=302))[0] is Health.HEALTHY
    (path, headers), (other, _) = Answers.seen
    assert (path, other) == ("/a%20b%C3%A4?c=%3F&d=1", "/moved")
    assert headers["Host"] == site.removeprefix("http://")
    assert headers["User-Agent"] == "pushpull"


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 " + b"2" * 100_000, b""])
def test_http_that_is_none_is_degraded(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def say() -> None:
            with server.accept()[0] as line:
                line.recv(10_000)
                line.sendall(answer)

        thread = threading.Thread(target=say)
        thread.start()
        told = look(HealthCheck("http", url=f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_s=2))
        thread.join()
    assert told[0] is Health.DEGRADED
    assert told[1].startswith("not reachable: ")


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http://[::1/", "http://127.0.0.1:1/"])
def test_http_that_cannot_be_reached_says_so(url: str) -> None:
    health, detail = look(HealthCheck("http", url=url, timeout_s=1))
    assert health is Health.DEGRADED
    assert detail.startswith("not reachable: ")


def test_https_asks_only_whom_a_known_authority_vouches_for(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    port = server.server_address[1]
    try:
        health, detail = look(HealthCheck("http", url=f"https://localhost:{port}/"))
        assert health is Health.DEGRADED
        assert "CERTIFICATE_VERIFY_FAILED" in detail
        monkeypatch.setattr(certifi, "where", lambda: str(certificate))
        assert look(HealthCheck("http", url=f"https://localhost:{port}/")) == (Health.HEALTHY, "answered 200")
        assert "verify failed" in look(HealthCheck("http", url=f"https://127.0.0.1:{port}/"))[1]  # another name
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of a server named localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = made.sign(key, hashes.SHA256())
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "server.pem"
    path.write_bytes(plain + signed.public_bytes(Encoding.PEM))
    return path


def test_a_check_loads_no_client_library(site: str) -> None:
    code = (
        "import sys; from app.checks import LocalChecks; from app.domain.environment import HealthCheck; "
        f"print(LocalChecks().health(HealthCheck('http', url={site + '/'!r}), None, {{}}).health.value, "
        "'httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "Healthy False\n"


def test_http_never_shows_the_password_in_its_address() -> None:
    health, detail = look(HealthCheck("http", url="http://user:hunter2hunter2@127.0.0.1:1/", timeout_s=1))
    assert health is Health.DEGRADED
    assert "hunter2" not in detail


def test_tcp_tells_an_open_port_from_a_closed_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert look(HealthCheck("tcp", host="127.0.0.1", port=port)) == (
            Health.HEALTHY,
            f"127.0.0.1:{port} accepts connections",
        )
    health, detail = look(HealthCheck("tcp", host="127.0.0.1", port=port))
    assert health is Health.DEGRADED
    assert str(port) in detail


def test_a_command_is_healthy_when_it_ends_with_zero() -> None:
    assert look(HealthCheck("command", command=("true",)))[0] is Health.HEALTHY
    health, detail = look(HealthCheck("command", command=("sh", "-c", "echo first; echo no space; exit 3")))
    assert (health, detail) == (Health.DEGRADED, "`sh` ended with 3: no space")


def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    result = CHECKS.run(["echo", "$HOME;", "touch", f"`{tmp_path}/made`", "*"], str(tmp_path), {}, 5)
    assert result.output == f"$HOME; touch `{tmp_path}/made` *\n"
    assert list(tmp_path.iterdir()) == []


def test_a_command_sees_its_variables_and_none_of_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PUSHPULL_DATABASE_URL", "of the server")
    monkeypatch.setenv("AWS_PROFILE", "of the server")
    result = CHECKS.run(["env"], str(tmp_path), {"PUSHPULL_REVISION": "abc"}, 5)
    seen = dict(line.split("=", 1) for line in result.output.splitlines())
    assert seen.pop("PUSHPULL_REVISION") == "abc"
    assert set(seen) <= {"PATH", "HOME", "LANG", "TZ", "PWD", "LC_CTYPE"}


def test_a_command_that_is_not_there_ends_with_127() -> None:
    result = CHECKS.run(["no-such-command-here"], None, {}, 5)
    assert (result.exit_code, result.output) == (127, "no-such-command-here: No such file or directory")


def test_an_empty_command_is_refused() -> None:
    with pytest.raises(InvalidInput):
        CHECKS.run([], None, {}, 5)


def test_output_is_bounded_to_its_end_and_masked() -> None:
    program = "print('x' * 5_000_000); print('password=hunter2hunter2'); print('the end')"
    result = CHECKS.run([sys.executable, "-c", program], None, {}, 30)
    assert len(result.output) <= 64 * 1024
    assert result.output.endswith("the end\n")
    assert "hunter2" not in result.output


def test_time_up_ends_the_command_and_all_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"trap '' TERM; sleep 1000 & echo $! > {child}; wait; sleep 1000"
    result = CHECKS.run(["sh", "-c", script], None, {}, 0.5)
    assert result.timed_out
    assert result.exit_code == -signal.SIGKILL
    assert gone(int(child.read_text()))


@pytest.mark.parametrize("code", [0, 3])
def test_what_a_hook_left_running_lives_on_where_it_succeeded(tmp_path: Path, code: int) -> None:
    result = CHECKS.run(["sh", "-c", f"sleep 1000 & echo $! > {tmp_path / 'child'}; exit {code}"], None, {}, 5)
    assert result.exit_code == code
    child = int((tmp_path / "child").read_text())
    if code:
        assert gone(child)
    else:
        os.kill(child, signal.SIGKILL)  # which fails where nothing lives


def test_a_command_that_never_stops_talking_takes_no_room() -> None:
    before = shutil.disk_usage(tempfile.gettempdir()).free
    result = CHECKS.run(["yes", "x" * 4000], None, {}, 0.5)
    assert result.timed_out
    assert len(result.output) <= 64 * 1024
    assert before - shutil.disk_usage(tempfile.gettempdir()).free < 100_000_000


def test_no_control_characters_of_a_command_are_shown() -> None:
    result = CHECKS.run(["printf", "a\\033[31mb\\033]0;t\\007c\\000\\r\\nd\\302\\233e\\342\\200\\256"], None, {}, 5)
    assert result.output == "abc\nde"


# --- a limit from outside ---
class Dripping:
    """Answers each connection with one byte now and then, for ever."""

    def __init__(self, answer: bytes) -> None:
        self.over = threading.Event()
        self._answer, self._listener = answer, socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._drip, args=(line,), daemon=True).start()

    def _drip(self, line: socket.socket) -> None:
        with line:
            while not self.over.wait(0.02):
                try:
                    line.sendall(self._answer)
                except OSError:
                    return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


# a line of a header, a header each time, a record of TLS: none of them ever ends
@pytest.mark.parametrize(
    ("scheme", "answer"), [("http", b"H"), ("http", b"HTTP/1.1 100 Continue\r\n\r\n"), ("https", b"\x16")]
)
def test_a_server_that_drips_is_given_up_when_time_is_up(scheme: str, answer: bytes) -> None:
    with Dripping(answer) as server:
        url = f"{scheme}://127.0.0.1:{server.port}/"
        finished = threading.Event()
        told: list[tuple[Health, str]] = []

        def ask() -> None:
            told.append(look(HealthCheck("http", url=url, timeout_s=0.3)))
            finished.set()

        threading.Thread(target=ask, daemon=True).start()
        assert finished.wait(20)
    assert told[0][0] is Health.DEGRADED
    assert told[0][1] == "no answer within 0.3 s" or told[0][1].startswith("not reachable")


@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_name_server_that_is_silent_keeps_nobody(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        over.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    check = HealthCheck(kind, url="http://web.example/", host="web.example", port=80, timeout_s=0.2)
    health, detail = look(check)
    over.set()
    assert health is Health.DEGRADED
    assert "within 0.2 s" in detail


def test_a_check_that_is_no_longer_wanted_ends_at_once() -> None:
    def stopped() -> None:
        raise Terminated

    with Dripping(b"H") as server:
        check = HealthCheck("http", url=f"http://127.0.0.1:{server.port}/", timeout_s=1000)
        with pytest.raises(Terminated):
            CHECKS.health(check, None, {}, wanted=stopped)


def gone(process: int) -> bool:
    """It ended, or is only waiting to be buried by whoever adopted it."""
    for _ in range(3000):
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_an_installation_can_switch_commands_off() -> None:
    with pytest.raises(InvalidInput, match="PUSHPULL_COMMANDS"):
        LocalChecks(allowed=False).health(HealthCheck("command", command=("true",)), None, {})


def test_a_command_that_is_no_longer_wanted_is_ended() -> None:
    def stopped() -> None:
        raise Terminated("somebody stopped it")

    with pytest.raises(Terminated):
        CHECKS.run(["sleep", "1000"], None, {}, 1000, stopped)


def test_without_a_place_of_its_own_a_command_runs_in_none_of_the_servers() -> None:
    assert CHECKS.run(["pwd"], None, {}, 5).output == "/\n"


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0xa9fea9fe"])
def test_link_local_addresses_are_not_asked(host: str) -> None:
    told = look(HealthCheck(kind="http", url=f"http://{host}/latest/meta-data", timeout_s=0.2))
    assert told == (Health.DEGRADED, "not asked: the address is link-local")
    told = look(HealthCheck(kind="tcp", host=host.strip("[]"), port=80, timeout_s=0.2))
    assert told == (Health.DEGRADED, "not asked: the address is link-local")


def test_a_name_that_leads_to_a_link_local_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    told = look(HealthCheck(kind="http", url="http://metadata.example.org/", timeout_s=0.2))
    assert told == (Health.DEGRADED, "not asked: the address is link-local")


def test_what_a_command_says_is_heard_while_it_runs(tmp_path: Path) -> None:
    gate, heard, opened = tmp_path / "gate", bytearray(), list[bytes]()
    os.mkfifo(gate)

    def check() -> None:
        if heard and not opened:
            opened.append(bytes(heard))
            gate.write_text("go\n")

    command = ["sh", "-c", 'echo one; read go < "$0"; printf two', str(gate)]
    result = CHECKS.run(command, None, {}, 30, check, heard.extend)
    assert (opened, bytes(heard), result.output) == ([b"one\n"], b"one\ntwo", "one\ntwo")
