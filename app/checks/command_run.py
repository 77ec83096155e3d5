"""Running a command: an argument list in a process group of its own, bounded in time and output."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence

from app.domain.errors import InvalidInput
from app.domain.masking import mask
from app.ports import CommandResult

OUTPUT = 64 * 1024
GRACE_S = 2.0
CHECK_EVERY_S = 0.5
_running: set[int] = set()
NOT_FOUND = 127


def run(
    command: Sequence[str],
    workdir: str | None,
    variables: Mapping[str, str],
    timeout_s: float,
    check: Callable[[], None] = lambda: None,
) -> CommandResult:
    """Run it to its end, in / without a `workdir`. One that cannot be started ends with 127, as in a shell. Raises
    InvalidInput for an empty one, and what `check` raises, after ending the command."""
    if not command:
        raise InvalidInput("The command is empty.")
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=workdir or "/",
                env={**environment, **variables}, start_new_session=True, close_fds=True,
            )  # fmt: skip
        except OSError as error:
            return CommandResult(NOT_FOUND, f"{command[0]}: {os.strerror(error.errno or 0)}")
        _running.add(process.pid)
        timed_out = _wait(process, timeout_s, check)
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - OUTPUT))
        text = output.read().decode("utf-8", "backslashreplace")
    return CommandResult(process.returncode, mask(text.replace("\0", "")), timed_out)


def _wait(process: subprocess.Popen[bytes], timeout_s: float, check: Callable[[], None]) -> bool:
    """Wait, and end the whole group when time is up or `check` raises; whatever it left behind is ended as well."""
    end = time.monotonic() + timeout_s
    try:
        while not _ended(process, min(CHECK_EVERY_S, end - time.monotonic())):
            check()
            if time.monotonic() >= end:
                return True
        return False
    finally:
        if process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            _ended(process, GRACE_S)
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
