"""One kept connection to a server: made when it is first needed, shared by all that goes there, closed when idle."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from app.processes import key_file, new_private_folder, private_folder
from app.ssh import ssh_config
from app.ssh.hostkeys import host_key
from app.ssh.ssh_config import CONNECT_S, TARGET, Way
from app.ssh.ssh_failures import SshFailed, Why, failed
from app.ssh.ssh_process import CHECK_S, USUAL, Check, CommandLimits, Ended, environment, never, start, stop, talk

AT_ONCE = 4  # commands on one server; sshd itself allows ten
TURN_S = 120.0
CONNECTED_S = 3.0 * CONNECT_S
LOST = 255


class Connection:
    """The way to one server. Methods may be called by several threads."""

    def __init__(self, way: Way, at_once: int = AT_ONCE) -> None:
        self.way = way
        self._turns = threading.BoundedSemaphore(at_once)
        self._making = threading.Lock()
        self._folder: Path | None = None
        self._use: Path | None = None
        self._failed: tuple[float, Why, str] | None = None

    # --- using it ---
    def run(
        self,
        command: str,
        chunks: Callable[[], Iterator[bytes | None]],
        heard: Callable[[bytes], None],
        check: Check = never,
        limits: CommandLimits = USUAL,
    ) -> Ended:
        """Run one command (ours, a constant) there, fed with `chunks`. Where the kept connection turns out to be
        gone before anything was heard, it is made anew, once. Raises SshFailed, and what `check` raises."""
        listened = False

        def hear(chunk: bytes) -> None:
            nonlocal listened
            listened = True
            heard(chunk)

        with self._turn(check):
            for kept in (self._kept(check), False):
                ended = talk([*self.ssh(check), "-T", TARGET, command], chunks(), hear, check, limits)
                if ended.code != LOST or listened or not kept:
                    break
                self._close()
        if ended.code == LOST:
            raise failed(ended.said)
        return ended

    @contextlib.contextmanager
    def _turn(self, check: Check) -> Iterator[None]:
        if not _acquired(self._turns, check, TURN_S):
            raise SshFailed(Why.LINK, "too much goes on at this server already")
        try:
            yield
        finally:
            self._turns.release()

    def ssh(self, check: Check = never) -> list[str]:
        """The beginning of a command line that uses the connection, which is made if it is not there."""
        self._kept(check)
        assert self._use is not None
        return ["ssh", "-F", str(self._use)]

    # --- making it ---
    def _kept(self, check: Check) -> bool:
        """See that the connection stands; whether it did before."""
        came = time.monotonic()
        with self._alone(check):
            if self._folder is not None and (self._folder / "s").exists():
                return True
            if self._failed and came <= self._failed[0]:
                raise SshFailed(*self._failed[1:])  # whoever waited for this attempt does not make it once more
            self._forget()
            self._folder = new_private_folder()
            try:
                self._use = self._connect(self._folder, check)
            except BaseException as error:
                self._failed = (time.monotonic(), error.why, error.said) if isinstance(error, SshFailed) else None
                self._forget()
                raise
            return False

    @contextlib.contextmanager
    def _alone(self, check: Check) -> Iterator[None]:
        """The turn to connect; others may try before us."""
        if not _acquired(self._making, check, 2 * CONNECTED_S):
            raise SshFailed(Why.LINK, "others wait for this server already")
        try:
            yield
        finally:
            self._making.release()

    def _connect(self, folder: Path, check: Check) -> Path:
        with ExitStack() as keys:
            making, use = ssh_config.write(self.way, folder, lambda text: keys.enter_context(key_file(text)))
            ended = _connected(making, folder / "log", check)
        if ended.code:
            raise failed(ended.said)
        return use

    def seen_host_key(self) -> str | None:
        """The key that the server shows now, whoever may log in; None where it shows none of a kind that we know.

        Raises SshFailed where the way to it (a jump host) fails.
        """
        target = self.way.target
        way = Way(ssh_config.Endpoint(target.host, target.port, target.user), self.way.jump)
        with private_folder() as folder, ExitStack() as keys:
            making, _ = ssh_config.write(way, folder, lambda text: keys.enter_context(key_file(text)))
            options = ("-o", "ControlPath=none", "-o", "PreferredAuthentications=none")
            ended = _connected(making, folder / "log", never, *options)
            known = folder / f"known-{TARGET}"
            found = host_key(known.read_text()) if known.exists() else None
        if found is None and ended.code:
            raise failed(ended.said)
        return found

    # --- leaving it ---
    def close(self) -> None:
        """Hang up. The next use connects again."""
        self._close()

    def _close(self) -> None:
        with self._making:
            self._forget()

    def _forget(self) -> None:
        folder, self._folder, use, self._use = self._folder, None, self._use, None
        if folder is None:
            return
        if use is not None and (folder / "s").exists():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    ["ssh", "-F", str(use), "-O", "exit", TARGET], env=environment(), timeout=5, check=False,
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)


def _acquired(lock: threading.Lock | threading.Semaphore, check: Check, within_s: float) -> bool:
    """Take a lock, asking meanwhile whether it is still wanted; False where time was up."""
    end = time.monotonic() + within_s
    while not lock.acquire(timeout=CHECK_S):
        check()
        if time.monotonic() > end:
            return False
    return True


def _connected(making: Path, log: Path, check: Check, *options: str) -> Ended:
    """Let ssh connect and step into the background. What it says goes to a file, because it holds that open."""
    end = time.monotonic() + CONNECTED_S
    process = start(["ssh", "-F", str(making), "-E", str(log), *options, "-fNT", TARGET], subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(CHECK_S)
                break
            check()
            if time.monotonic() > end:
                raise SshFailed(Why.LINK, f"no answer within {CONNECTED_S:g} s")
    finally:
        stop(process)
    return Ended(code, log.read_text("utf-8", "replace") if log.exists() else "")
