"""A second host on this machine: a network namespace with one cable to us, which can be pulled out and put in again.

Needs root, `ip` (iproute2) and `iptables`, and a kernel that lets us make namespaces: `problem()` says what is missing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Self

_RESET = ("-i", "eth0", "-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset")


@lru_cache
def problem() -> str:
    """Why no namespace can be made here; empty where one can."""
    if os.geteuid() != 0:
        return "network tests: they make network namespaces, which only root may"
    missing = [name for name in ("ip", "iptables") if shutil.which(name) is None]
    if missing:
        return f"network tests: {' and '.join(missing)} not found; install iproute2 and iptables"
    try:
        with Host() as host:
            host.cut()
            host.let_nobody_in()
    except subprocess.CalledProcessError as error:
        return f"network tests: namespaces are not permitted here ({' '.join(error.cmd)})"
    return ""


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, capture_output=True)


class Host:
    """A namespace with the address `address`; we are `here` to it. Nothing else is reached from it."""

    def __init__(self) -> None:
        mark = secrets.token_hex(3)
        self.name, self._cable = f"pp-{mark}", f"pp{mark}"
        subnet = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(256)}"
        self.here, self.address = f"{subnet}.1", f"{subnet}.2"
        self._running: list[subprocess.Popen[bytes]] = []
        _run("ip", "netns", "add", self.name)
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        _run("ip", "link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _run("ip", "addr", "add", f"{self.here}/30", "dev", self._cable)
        _run("ip", "link", "set", self._cable, "up")
        for argv in (
            ("addr", "add", f"{self.address}/30", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            _run("ip", "-n", self.name, *argv)

    def start(self, argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a process there; it is ended with the host."""
        process = subprocess.Popen(self._within(*argv), **options)
        self._running.append(process)
        return process

    def let_nobody_in(self) -> None:
        """Take no inbound connection any more; answers to its own still come through."""
        for rule in (
            ("-P", "INPUT", "DROP"),
            ("-A", "INPUT", "-i", "lo", "-j", "ACCEPT"),
            ("-A", "INPUT", "-p", "tcp", "!", "--syn", "-j", "ACCEPT"),
        ):
            self._iptables(*rule)

    def _within(self, *argv: str) -> list[str]:
        return ["ip", "netns", "exec", self.name, *argv]

    def _iptables(self, *rule: str) -> None:
        _run(*self._within("iptables", *rule))

    def unplug(self) -> None:
        """Pull the cable: packets get lost, nobody is told."""
        _run("ip", "link", "set", self._cable, "down")

    def cut(self) -> None:
        """Break every connection to it at its next packet; the host itself is not told."""
        self._iptables("-I", "INPUT", *_RESET)

    def mend(self) -> None:
        """Put the cable back, and let connections live."""
        _run("ip", "link", "set", self._cable, "up")
        while subprocess.run(self._within("iptables", "-D", "INPUT", *_RESET), capture_output=True).returncode == 0:
            pass

    def close(self) -> None:
        """End what runs there, and the host."""
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait()
        for argv in (["ip", "link", "del", self._cable], ["ip", "netns", "del", self.name]):
            subprocess.run(argv, check=False, capture_output=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
