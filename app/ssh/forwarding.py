"""Reaching an address as a server sees it, through the connection to it: a socket file here leads there."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from app.processes import private_folder
from app.ssh.ssh_config import TARGET
from app.ssh.ssh_connection import Connection
from app.ssh.ssh_failures import SshFailed, Why
from app.ssh.ssh_process import Check, environment, never, stop

_SAID = 1 << 16
_OPEN = b"master session id"  # ssh says so once the other side accepted


@contextlib.contextmanager
def reach(connection: Connection, host: str, port: int, timeout_s: float, check: Check = never) -> Iterator[Path]:
    """A socket file whose first connection leads to host:port. The host must have been checked.

    Raises SshFailed where nothing accepts there within the time, and what `check` raises meanwhile.
    """
    ours, theirs = socket.socketpair()
    command = [*connection.ssh(check), "-o", "LogLevel=DEBUG1", f"-W[{host}]:{port}", TARGET]
    with ours:
        with theirs:
            process = _forwarding(command, theirs.fileno())
        try:
            _wait(process, time.monotonic() + timeout_s, check)
            with private_folder() as place, _listening(place / "s", ours) as path:
                yield path
        finally:
            stop(process)


def _forwarding(command: list[str], end: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=end, stdout=end, stderr=subprocess.PIPE, env=environment(), cwd="/", start_new_session=True
    )  # fmt: skip


def _wait(process: subprocess.Popen[bytes], end: float, check: Check) -> None:
    """Until the other side has accepted."""
    assert process.stderr is not None
    os.set_blocking(process.stderr.fileno(), False)
    said = b""
    while _OPEN not in said:
        check()
        said = (said + (process.stderr.read() or b""))[-_SAID:]
        if process.poll() is not None:
            raise SshFailed(Why.LINK, _reason(said.decode("utf-8", "replace")))
        if time.monotonic() > end:
            raise SshFailed(Why.LINK, "it did not accept in time")
        time.sleep(0.01)


def _reason(said: str) -> str:
    if "administratively prohibited" in said:
        return "the server forwards no connections (AllowTcpForwarding)"
    return "nothing accepts connections there"


@contextlib.contextmanager
def _listening(path: Path, far: socket.socket) -> Iterator[Path]:
    """Join the first connection to a socket file with a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        joined = threading.Thread(target=_join, args=(listener, far), daemon=True)
        joined.start()
        try:
            yield path
        finally:
            for one in (listener, far):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            joined.join(2)


def _join(listener: socket.socket, far: socket.socket) -> None:
    try:
        near, _ = listener.accept()
    except OSError:
        return
    with near:
        back = threading.Thread(target=_copy, args=(far, near), daemon=True)
        back.start()
        _copy(near, far)
        back.join()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := one.recv(1 << 16):
            other.sendall(chunk)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
