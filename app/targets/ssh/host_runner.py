"""Hooks, command checks and services on the host."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.domain.errors import InvalidInput, TargetUnreachable
from app.domain.masking import mask
from app.ports import CommandResult
from app.ssh import Connection, SshFailed
from app.ssh.forwarding import reach
from app.targets.ssh.remote_directory import View
from app.targets.ssh.remote_shell.scripts import quoted
from app.targets.ssh.ssh_options import is_host
from app.wording.complaints import without_controls

OUTPUT = 64 * 1024
GRACE_S = 5  # how much longer than we the host itself waits before it ends a command
_ENDED = re.compile(rb"\n#pushpull ended (\d+)\n\Z")
_LAST_LINE = re.compile(rb"\n?#pushpull ended \d+\n\Z")
LONGEST = 40  # bytes that our own last line has at most
# The command runs beside two watchers in the session's process group: one ends the group when our side of the
# connection closes, one when time is up. What a command leaves behind goes with it, unless it succeeded. $Z: seconds.
RUN = r"""
top && { inner; at ""; } || cd / || exit 75
trap '' PIPE
exec 8<&0
end() { trap '' TERM; kill -TERM -$$; sleep 2; kill -KILL -$$; }
{ IFS= read -r x <&8; end; } >/dev/null 2>&1 &
K=$!
{ t=; s=; trap 't=1; [ -z "$s" ] || kill -KILL "$s"' TERM
  sleep "$Z" & s=$!; [ -z "$t" ] || kill -KILL "$s"; wait "$s"; [ -n "$t" ] || end; } >/dev/null 2>&1 </dev/null 8<&- &
L=$!
trap : TERM
( trap - TERM PIPE; exec 8<&-; exec "$@" ) </dev/null 2>&1 &
wait $!
c=$?
[ $c -eq 0 ] && kill -TERM $K $L
printf '\n#pushpull ended %s\n' $c
fin
[ $c -eq 0 ] || kill -KILL -$$
"""


class _Ended(Exception):
    """Raised when the command's exit code has arrived."""


class _TimeUp(Exception):
    """The command took too long."""


class HostRunner:
    """Implements the port Runner on a target's host."""

    def __init__(self, view: View, connection: Connection) -> None:
        self._view, self._connection = view, connection

    def run(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        timeout_s: float,
        check: Callable[[], None] = lambda: None,
        heard: Callable[[bytes], None] = lambda chunk: None,
    ) -> CommandResult:
        if not command:
            raise InvalidInput("The command is empty.")
        if command[0].startswith("-"):
            said = f"{command[0]}: no such command"
            heard(said.encode("utf-8", "backslashreplace"))
            return CommandResult(127, said)
        output = _Output(heard)
        end = time.monotonic() + timeout_s

        def asked() -> None:
            check()
            if time.monotonic() > end:
                raise _TimeUp

        timed_out = False
        try:
            code, _ = self._view.host.run(
                _script(self._view, command, variables, timeout_s), output.hear, _held_open, asked
            )
            raise TargetUnreachable(f"`{command[0]}` was cut off on {self._view.host.name} (it ended with {code}).")
        except _Ended:
            pass
        except _TimeUp:
            timed_out = True
        finally:
            output.end()
        return CommandResult(output.code, output.text(), timed_out)

    @contextmanager
    def reach(self, host: str, port: int, timeout_s: float, check: Callable[[], None] = lambda: None) -> Iterator[Path]:
        if not is_host(host):
            raise InvalidInput(f"'{host[:80]}' is no host name.")
        try:
            with reach(self._connection, host, port, timeout_s, check) as path:
                yield path
        except SshFailed as failure:
            raise TargetUnreachable(f"{host}:{port} from {self._view.host.name}: {failure.reason}.") from failure


def _script(view: View, command: Sequence[str], variables: Mapping[str, str], timeout_s: float) -> bytes:
    given = [b"export %b=%b\n" % (name.encode(), quoted(value.encode())) for name, value in variables.items()]
    words = b" ".join(quoted(part.encode()) for part in command)
    script = view.script(RUN, Z=str(int(timeout_s) + GRACE_S).encode())
    return b"".join(given) + b"set -- " + words + b"\n" + script


def _held_open() -> tuple[None]:
    """An input without data and without an end, because its end would stop the command."""
    return (None,)


class _Output:
    """A command's output: told on as it comes, the last part kept."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self._heard, self._kept, self._line = heard, b"", b""
        self.code = -1

    def hear(self, chunk: bytes) -> None:
        """Take the next piece. Raises _Ended after the last one: a process left behind may hold the connection open."""
        self._kept = (self._kept + chunk)[-OUTPUT - 100 :]
        self._line += chunk
        if ended := _ENDED.search(self._kept):
            self.code, self._kept = int(ended[1]), self._kept[: ended.start()]
            self._line = _LAST_LINE.sub(b"", self._line)
            raise _Ended
        end = self._line.rfind(b"\n") + 1  # what follows may be the beginning of our own line
        end = end if len(self._line) - end < LONGEST else len(self._line)
        self._heard(self._line[:end])
        self._line = self._line[end:]

    def end(self) -> None:
        """Nothing more will come."""
        self._heard(self._line)
        self._line = b""

    def text(self) -> str:
        """The output, bounded and masked."""
        return mask(without_controls(self._kept[-OUTPUT:].decode("utf-8", "backslashreplace")))
