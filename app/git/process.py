"""Waiting for git processes: bounded in time, memory and output, and by the operation that they work for; nothing
outlives the wait, helpers included."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO

from app.domain.errors import Terminated

_CHUNK = 1 << 16
SAID = 16_384  # characters of a message that are looked at: the other side writes part of it, as much as it likes
_KEPT = 1 << 20  # bytes of a transfer's reports that are kept, the last ones
MEMORY = 2 << 30  # bytes that one process may take for itself; files that it maps are not counted
_ANSWER = 256 << 20  # bytes of an answer that is read as a whole
_HEED_S = 0.25  # how often a wait looks whether it is still wanted
_stopped: ContextVar[Callable[[], bool] | None] = ContextVar("stopped", default=None)


class GitFailed(Exception):
    """Git ended with `code`; `stderr` may hold addresses and secrets: mask it before anybody sees it.

    `code` is -1 where we stopped git because it took too long or said too much, below where a signal ended it.
    """

    def __init__(self, code: int, stderr: str, stdout: bytes = b"") -> None:
        self.code, self.stderr, self.stdout = code, stderr, stdout
        super().__init__(f"git ended with {code}")


@contextmanager
def stoppable(stopped: Callable[[], bool]) -> Iterator[None]:
    """Waits within the block end, and raise Terminated, once `stopped` says so. Counts for this thread."""
    token = _stopped.set(stopped)
    try:
        yield
    finally:
        _stopped.reset(token)


def in_operation() -> bool:
    """Whether somebody can stop this thread's work, so that it may take its time."""
    return _stopped.get() is not None


def heed() -> None:
    """Raise Terminated where this thread's work was stopped."""
    stopped = _stopped.get()
    if stopped is not None and stopped():
        raise Terminated("The operation was terminated on request.")


def bound(process: subprocess.Popen[bytes], memory: int = MEMORY) -> None:
    """Limit what a process that was just started, and all that it starts, may take."""
    limit = getattr(resource, "prlimit", None)  # elsewhere than on Linux time and output alone are bounded
    try:
        if limit is not None:
            limit(process.pid, resource.RLIMIT_DATA, (memory, memory))
            limit(process.pid, resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):
        pass  # it has ended, or may take even less


def kill(process: subprocess.Popen[bytes]) -> None:
    """Stop a process that leads its own session, with all its helpers (ssh, git-remote-https), and close its pipes."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
    process.wait()
    close(process)


def close(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes that are still open."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                pass


def finish(
    process: subprocess.Popen[bytes], input: bytes | None, timeout: float, most: int = _ANSWER
) -> tuple[bytes, str]:
    """Feed a process its input and return (standard output, standard error). Raises GitFailed when it fails, takes
    longer than `timeout` seconds or says more than `most` bytes."""
    return _Exchange(process, input, most).run(timeout, timeout)


def follow(process: subprocess.Popen[bytes], timeout: float, stall: float) -> tuple[bytes, str]:
    """Like `finish`, for a long transfer: it may take `timeout` seconds, but never be silent for `stall` of them. Of
    what it says the end is kept."""
    return _Exchange(process, None, None).run(timeout, stall)


class _Exchange:
    """What is said to a process and heard from it."""

    def __init__(self, process: subprocess.Popen[bytes], input: bytes | None, most: int | None) -> None:
        self._process, self._most = process, most
        self._left = memoryview(input or b"")
        self._heard: dict[IO[bytes] | None, bytearray] = {}

    def run(self, timeout: float, stall: float) -> tuple[bytes, str]:
        """Until it ends. Raises GitFailed, Terminated."""
        process = self._process
        try:
            with selectors.DefaultSelector() as selector:
                self._register(selector)
                self._listen(selector, timeout, stall)
            process.wait(stall)
        except subprocess.TimeoutExpired:
            kill(process)
            raise GitFailed(-1, f"no answer within {stall:g} s") from None
        except BaseException:
            kill(process)
            raise
        close(process)
        out, err = (bytes(self._heard.get(pipe, b"")) for pipe in (process.stdout, process.stderr))
        return checked(process, out, err)

    def _register(self, selector: selectors.BaseSelector) -> None:
        process = self._process
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                self._heard[pipe] = bytearray()
                selector.register(pipe, selectors.EVENT_READ)
        if process.stdin is not None and self._left:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        elif process.stdin is not None:
            process.stdin.close()

    def _listen(self, selector: selectors.BaseSelector, timeout: float, stall: float) -> None:
        now = time.monotonic()
        end, silent = now + timeout, now + stall
        while selector.get_map():
            heed()
            now = time.monotonic()
            if now >= min(end, silent):
                raise GitFailed(-1, f"no answer within {min(timeout, stall):g} s")
            for key, _ in selector.select(min(end - now, silent - now, _HEED_S)):
                silent = time.monotonic() + stall
                if key.fileobj is self._process.stdin:
                    self._say(selector)
                else:
                    self._hear(selector, key.fileobj)  # type: ignore[arg-type]

    def _say(self, selector: selectors.BaseSelector) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        try:
            self._left = self._left[os.write(pipe.fileno(), self._left[:_CHUNK]) :]
        except BrokenPipeError:
            self._left = self._left[:0]  # it does not want more; what it says tells why
        except BlockingIOError:
            return
        if not self._left:
            selector.unregister(pipe)
            pipe.close()

    def _hear(self, selector: selectors.BaseSelector, pipe: IO[bytes]) -> None:
        chunk, heard = os.read(pipe.fileno(), _CHUNK), self._heard[pipe]
        if not chunk:
            selector.unregister(pipe)
            return
        heard += chunk
        if self._most is None or pipe is self._process.stderr:
            del heard[: max(0, len(heard) - _KEPT)]
        elif len(heard) > self._most:
            raise GitFailed(-1, f"an answer of more than {self._most:,} bytes")


def _cut(said: str) -> str:
    """The beginning and the end of a message."""
    return said if len(said) <= SAID else f"{said[: SAID // 2]}\n{said[-SAID // 2 :]}"


def checked(process: subprocess.Popen[bytes], out: bytes, err: bytes | None) -> tuple[bytes, str]:
    """What a finished process said; raises GitFailed where it failed."""
    said = _cut((err or b"").decode("utf-8", "replace"))
    if process.returncode:
        raise GitFailed(process.returncode, said, out)
    return out, said
