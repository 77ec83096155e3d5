"""Talking to one process: feeding it, hearing it, giving up when it is silent for too long."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from app.processes import mark
from app.ssh.ssh_failures import SshFailed, Why

CHUNK = 1 << 16
SAID = 1 << 15
CHECK_S = 0.25
_KEPT = ("PATH", "HOME", "TMPDIR", "SSH_AUTH_SOCK", "USER", "LOGNAME")


Check = Callable[[], None]  # asked often; what it raises ends the work


def never() -> None:
    """The check of what nobody stops."""


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """How many seconds a command may go on without a sign, and in all."""

    silence_s: float = 300.0
    total_s: float = 3600.0


USUAL = CommandLimits()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and (the end of) what it wrote to its standard error."""

    code: int
    said: str


def environment() -> dict[str, str]:
    """What every ssh process finds: no prompts, one language."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **mark(), "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


def start(argv: Sequence[str], ends: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start it in a session of its own. `ends`: what its three ends are. Raises SshFailed where there is no ssh."""
    try:
        return subprocess.Popen(
            list(argv), stdin=ends, stdout=ends, stderr=ends, env=environment(), cwd="/", start_new_session=True
        )
    except FileNotFoundError:
        raise SshFailed(Why.PROTOCOL, "the program ssh is not installed on the machine that runs PushPull") from None


def talk(
    argv: Sequence[str],
    chunks: Iterator[bytes | None],
    heard: Callable[[bytes], None],
    check: Check,
    limits: CommandLimits,
) -> Ended:
    """Run it to its end. A chunk that is None ends the input without closing it. `check` is asked often and may raise;
    whatever is raised ends the process.

    Raises SshFailed where a limit is passed.
    """
    process = start(argv)
    try:
        talking = _Talk(process, chunks, heard)
        talking.run(check, limits)
        return Ended(process.wait(limits.silence_s), talking.said())
    except subprocess.TimeoutExpired:
        raise SshFailed(Why.LINK, f"no answer within {limits.silence_s:g} s") from None
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End it with what it started, if it still runs, and close its pipes."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for one in (process.stdin, process.stdout, process.stderr):
        if one is not None:
            with contextlib.suppress(OSError):
                one.close()


class _Talk:
    """The three pipes of a process."""

    def __init__(
        self, process: subprocess.Popen[bytes], chunks: Iterator[bytes | None], heard: Callable[[bytes], None]
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._in, self._out, self._err = process.stdin, process.stdout, process.stderr
        self._chunks, self._heard = chunks, heard
        self._left, self._said = memoryview(b""), bytearray()
        self._selector = selectors.DefaultSelector()

    def said(self) -> str:
        """Its standard error."""
        return self._said.decode("utf-8", "replace")

    def run(self, check: Check, limits: CommandLimits) -> None:
        """Until both of its voices are closed."""
        with self._selector:
            os.set_blocking(self._in.fileno(), False)
            self._selector.register(self._in, selectors.EVENT_WRITE)
            for one in (self._out, self._err):
                self._selector.register(one, selectors.EVENT_READ)
            began = moved = time.monotonic()
            while self._listening():
                check()
                ready = self._selector.select(CHECK_S)
                moved = time.monotonic() if ready else moved
                for since, limit_s in ((moved, limits.silence_s), (began, limits.total_s)):
                    if time.monotonic() - since > limit_s:
                        raise SshFailed(Why.LINK, f"no end within {limit_s:g} s")
                for key, _ in ready:
                    self._write() if key.fileobj is self._in else self._read(key.fileobj)  # type: ignore[arg-type]

    def _listening(self) -> bool:
        return any(key.fileobj is not self._in for key in self._selector.get_map().values())

    def _write(self) -> None:
        """The next piece. An end that no longer listens says why on its other pipes."""
        if not self._left:
            piece = next((piece for piece in self._chunks if piece is None or piece), b"")
            if piece is None:
                self._selector.unregister(self._in)
                return
            self._left = memoryview(piece)
        try:
            if self._left:
                self._left = self._left[os.write(self._in.fileno(), self._left[:CHUNK]) :]
                return
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass
        self._selector.unregister(self._in)
        with contextlib.suppress(OSError):
            self._in.close()

    def _read(self, pipe: IO[bytes]) -> None:
        chunk = os.read(pipe.fileno(), CHUNK)
        if not chunk:
            self._selector.unregister(pipe)
        elif pipe is self._out:
            self._heard(chunk)
        else:
            self._said += chunk
            del self._said[:-SAID]
