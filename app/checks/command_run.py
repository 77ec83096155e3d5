"""Running a command: an argument list in a process group of its own, bounded in time and output."""

from __future__ import annotations

import atexit
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from app.domain.errors import InvalidInput
from app.domain.masking import mask
from app.ports import CommandResult
from app.wording.complaints import without_controls

OUTPUT = 64 * 1024
CHUNK, PIPE = 64 * 1024, 1024 * 1024  # of one read, and what a pipe holds at most
GRACE_S = 2.0
CHECK_EVERY_S = 0.1
_running: set[int] = set()
NOT_FOUND = 127


def run(
    command: Sequence[str],
    workdir: str | None,
    variables: Mapping[str, str],
    timeout_s: float,
    check: Callable[[], None] = lambda: None,
    heard: Callable[[bytes], None] = lambda chunk: None,
) -> CommandResult:
    """Run it to its end, in / without a `workdir`. One that cannot be started ends with 127, as in a shell. What it
    leaves running lives on if it succeeded, and is ended with it otherwise. `heard` gets its output as it comes.
    Raises InvalidInput for an empty one, and what `check` raises, after ending the command."""
    if not command:
        raise InvalidInput("The command is empty.")
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    try:
        process = subprocess.Popen(
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=workdir or "/", env={**environment, **variables}, start_new_session=True, close_fds=True,
        )  # fmt: skip
    except OSError as error:
        said = f"{command[0]}: {os.strerror(error.errno or 0)}"
        heard(said.encode("utf-8", "backslashreplace"))
        return CommandResult(NOT_FOUND, said)
    _running.add(process.pid)
    with _Listening(process, heard) as listening:
        timed_out = _wait(process, listening, timeout_s, check)
    return CommandResult(process.returncode, mask(without_controls(listening.text())), timed_out)


class _Listening:
    """Hears a command, tells it on, and keeps the last part of what it says, however much that is."""

    def __init__(self, process: subprocess.Popen[bytes], heard: Callable[[bytes], None]) -> None:
        assert process.stdout is not None
        self._heard = heard
        self._process, self._pipe, self._kept, self._over = process, process.stdout, bytearray(), False
        os.set_blocking(self._pipe.fileno(), False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()

    def text(self) -> str:
        """The last part of what was said."""
        return self._kept.decode("utf-8", "backslashreplace")

    def ended(self, within_s: float) -> bool:
        """Listen a moment; whether the command has ended. What it left running may go on talking: nobody listens."""
        if self._over:
            return _ended(self._process, within_s)
        if select.select([self._pipe], [], [], max(0.0, within_s))[0]:
            self._take()
        if not _ended(self._process, 0):
            return False
        for _ in range(PIPE // CHUNK):
            self._take()
        return True

    def _take(self) -> None:
        try:
            chunk = os.read(self._pipe.fileno(), CHUNK)
        except BlockingIOError:
            return
        self._over = not chunk
        self._heard(chunk)
        self._kept += chunk
        del self._kept[:-OUTPUT]


def _wait(process: subprocess.Popen[bytes], listening: _Listening, timeout_s: float, check: Callable[[], None]) -> bool:
    """Wait, and end the whole group when time is up, when `check` raises, or when the command failed."""
    end = time.monotonic() + timeout_s
    try:
        while not listening.ended(min(CHECK_EVERY_S, end - time.monotonic())):
            check()
            if time.monotonic() >= end:
                return True
        return False
    finally:
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            grace = time.monotonic() + GRACE_S
            while not listening.ended(min(CHECK_EVERY_S, grace - time.monotonic())) and time.monotonic() < grace:
                pass
        if process.returncode != 0:
            _signal(process.pid, signal.SIGKILL)
        process.wait()
        _running.discard(process.pid)


@atexit.register
def _end_all() -> None:
    """No command outlives us: its operation is repeated at the next start, and it would run twice."""
    for group in tuple(_running):
        _signal(group, signal.SIGKILL)


def _ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    try:
        process.wait(max(0, within_s))
    except subprocess.TimeoutExpired:
        return False
    return True


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass
