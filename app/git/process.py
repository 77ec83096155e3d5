"""Waiting for git processes: bounded in time, and nothing outlives the wait, helpers included."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from typing import IO

_CHUNK = 1 << 16
SAID = 16_384  # characters of a message that are looked at: the other side writes part of it, as much as it likes
_KEPT = 1 << 20  # bytes of a transfer's reports that are kept, the last ones


class GitFailed(Exception):
    """Git ended with `code`; `stderr` may hold addresses and secrets: mask it before anybody sees it.

    `code` is -1 where git was stopped because it took too long.
    """

    def __init__(self, code: int, stderr: str, stdout: bytes = b"") -> None:
        self.code, self.stderr, self.stdout = code, stderr, stdout
        super().__init__(f"git ended with {code}")


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


def finish(process: subprocess.Popen[bytes], input: bytes | None, timeout: float) -> tuple[bytes, str]:
    """Feed a process its input and return (standard output, standard error). Raises GitFailed when it fails."""
    try:
        out, err = process.communicate(input, timeout)
    except subprocess.TimeoutExpired:
        kill(process)
        raise GitFailed(-1, f"no answer within {timeout:g} s") from None
    except BaseException:
        kill(process)
        raise
    return checked(process, out, err)


def follow(process: subprocess.Popen[bytes], timeout: float, stall: float) -> tuple[bytes, str]:
    """Like `finish`, for a long transfer: it may take `timeout` seconds, but never be silent for `stall` of them."""
    heard: dict[IO[bytes], bytearray] = {}
    try:
        with selectors.DefaultSelector() as selector:
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    heard[pipe] = bytearray()
                    selector.register(pipe, selectors.EVENT_READ)
            _listen(selector, heard, timeout, stall)
        process.wait(stall)
    except subprocess.TimeoutExpired:
        kill(process)
        raise GitFailed(-1, f"no answer within {stall:g} s") from None
    except BaseException:
        kill(process)
        raise
    out, err = (bytes(heard.get(pipe, b"")) if pipe else b"" for pipe in (process.stdout, process.stderr))
    close(process)
    return checked(process, out, err)


def _listen(selector: selectors.BaseSelector, heard: dict[IO[bytes], bytearray], timeout: float, stall: float) -> None:
    end = time.monotonic() + timeout
    while selector.get_map():
        left = end - time.monotonic()
        ready = selector.select(min(left, stall)) if left > 0 else []
        if not ready:
            raise GitFailed(-1, f"no answer within {min(timeout, stall):g} s")
        for key, _ in ready:
            pipe = key.fileobj
            chunk = os.read(key.fd, _CHUNK)
            if chunk:
                heard[pipe] += chunk  # type: ignore[index]
                del heard[pipe][: max(0, len(heard[pipe]) - _KEPT)]  # type: ignore[index]
            else:
                selector.unregister(pipe)


def _cut(said: str) -> str:
    """The beginning and the end of a message."""
    return said if len(said) <= SAID else f"{said[: SAID // 2]}\n{said[-SAID // 2 :]}"


def checked(process: subprocess.Popen[bytes], out: bytes, err: bytes | None) -> tuple[bytes, str]:
    """What a finished process said; raises GitFailed where it failed."""
    said = _cut((err or b"").decode("utf-8", "replace"))
    if process.returncode:
        raise GitFailed(process.returncode, said, out)
    return out, said
