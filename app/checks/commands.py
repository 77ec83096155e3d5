"""Running a command: an argument list in a process group of its own, bounded in time and output."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

from app.domain.errors import InvalidInput
from app.domain.masking import mask
from app.ports import CommandResult

OUTPUT = 64 * 1024
GRACE_S = 2.0
NOT_FOUND = 127


def run(command: Sequence[str], workdir: str | None, variables: Mapping[str, str], timeout_s: float) -> CommandResult:
    """Run it to its end. A command that cannot be started ends with 127, as in a shell. Raises InvalidInput for an
    empty one."""
    if not command:
        raise InvalidInput("The command is empty.")
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=workdir,
                env={**environment, **variables}, start_new_session=True, close_fds=True,
            )  # fmt: skip
        except OSError as error:
            return CommandResult(NOT_FOUND, f"{command[0]}: {os.strerror(error.errno or 0)}")
        timed_out = _wait(process, timeout_s)
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - OUTPUT))
        text = output.read().decode("utf-8", "backslashreplace")
    return CommandResult(process.returncode, mask(text.replace("\0", "")), timed_out)


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """Wait, and end the whole group when time is up; whatever it left behind is ended as well."""
    timed_out = False
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        timed_out = True
        _signal(process.pid, signal.SIGTERM)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            pass
    _signal(process.pid, signal.SIGKILL)
    process.wait()
    return timed_out


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass
