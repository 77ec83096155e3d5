"""One kept connection to a server: made when it is first needed, shared by all that goes there, closed when idle."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from app.ssh import ssh_config
from app.ssh.hostkeys import host_key
from app.ssh.private_files import private_place, write_private
from app.ssh.ssh_config import CONNECT_S, TARGET, Way
from app.ssh.ssh_failures import SshFailed, Why, failed
from app.ssh.ssh_process import Ended, environment, talk

AT_ONCE = 4  # commands on one server; sshd itself allows ten
PATIENCE_S = 120.0
SILENCE_S = 600.0  # a command may work that long without a word
LOST = 255


class Connection:
    """The way to one server. Methods may be called by several threads."""

    def __init__(self, way: Way, at_once: int = AT_ONCE) -> None:
        self.way = way
        self._turns = threading.BoundedSemaphore(at_once)
        self._making = threading.Lock()
        self._folder: Path | None = None
        self._use: Path | None = None

    # --- using it ---
    def run(
        self,
        command: str,
        chunks: Callable[[], Iterator[bytes | None]],
        heard: Callable[[bytes], None],
        check: Callable[[], None] = lambda: None,
        silence_s: float = SILENCE_S,
    ) -> Ended:
        """Run one command (ours, a constant) there, fed with `chunks`. Where the kept connection turns out to be
        gone before anything was heard, it is made anew, once. Raises SshFailed."""
        listened = False

        def hear(chunk: bytes) -> None:
            nonlocal listened
            listened = True
            heard(chunk)

        with self._turn(check):
            for kept in (self._kept(), False):
                ended = talk([*self.ssh(), "-T", TARGET, command], chunks(), hear, check, silence_s)
                if ended.code != LOST or listened or not kept:
                    break
                self._close()
        if ended.code == LOST:
            raise failed(ended.said)
        return ended

    @contextlib.contextmanager
    def _turn(self, check: Callable[[], None]) -> Iterator[None]:
        for _ in range(int(PATIENCE_S)):
            check()
            if self._turns.acquire(timeout=1.0):
                break
        else:
            raise SshFailed(Why.LINK, "too much goes on at this server already")
        try:
            yield
        finally:
            self._turns.release()

    def ssh(self) -> list[str]:
        """The beginning of a command line that uses the connection, which is made if it is not there."""
        self._kept()
        assert self._use is not None
        return ["ssh", "-F", str(self._use)]

    # --- making it ---
    def _kept(self) -> bool:
        """See that the connection stands; whether it did before."""
        with self._making:
            if self._folder is not None and (self._folder / "s").exists():
                return True
            self._forget()
            self._folder = Path(tempfile.mkdtemp(prefix="pushpull-", dir=private_place()))
            try:
                self._use = self._connect(self._folder)
            except BaseException:
                self._forget()
                raise
            return False

    def _connect(self, folder: Path) -> Path:
        making, use, keys = ssh_config.write(self.way, folder, write_private)
        try:
            ended = _connected(making, folder / "log")
        finally:
            for key in keys:
                key.unlink(missing_ok=True)
        if ended.code:
            raise failed(ended.said)
        return use

    def seen_host_key(self) -> str | None:
        """The key that the server shows now, whoever may log in; None where it shows none of a kind that we know.

        Raises SshFailed where the way to it (a jump host) fails.
        """
        with tempfile.TemporaryDirectory(prefix="pushpull-", dir=private_place()) as name:
            folder = Path(name)
            way = Way(
                ssh_config.Endpoint(self.way.target.host, self.way.target.port, self.way.target.user), self.way.jump
            )
            making, _, _ = ssh_config.write(way, folder, write_private)
            options = ("-o", "ControlPath=none", "-o", "PreferredAuthentications=none")
            ended = _connected(making, folder / "log", *options)
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


def _connected(making: Path, log: Path, *options: str) -> Ended:
    """Let ssh connect and step into the background. What it says goes to a file, because it holds that open."""
    try:
        ended = subprocess.run(
            ["ssh", "-F", str(making), "-E", str(log), *options, "-fNT", TARGET],
            env=environment(), cwd="/", timeout=3 * CONNECT_S, check=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SshFailed(Why.LINK, f"no answer within {3 * CONNECT_S} s") from None
    except FileNotFoundError:
        raise SshFailed(Why.PROTOCOL, "the program ssh is not installed on the machine that runs PushPull") from None
    return Ended(ended.returncode, log.read_text("utf-8", "replace") if log.exists() else "")
