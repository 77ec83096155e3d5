"""A real OpenSSH server for tests: own host key, own authorized keys, one `sshd -i` process per connection.

A small listener accepts on a port the system chooses and hands every connection to sshd, so that no port has to be
guessed beforehand and tests may run side by side.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from typing import Self


def find() -> str | None:
    """The server's program, if it is installed."""
    return shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")


def ready() -> bool:
    """Whether a server can be run by this user. Root needs the directory that sshd separates privileges with."""
    if find() is None or shutil.which("ssh-keygen") is None:
        return False
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    return True


def new_key(path: Path) -> Path:
    """Make a key pair; return the private key's file."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)], check=True)
    return path


class SshServer:
    """Lets in whoever holds `key`, as the user that runs the tests."""

    def __init__(self, folder: Path, path: str = "", greeting: str = "") -> None:
        """`path`: where its commands are looked up; `greeting`: what its accounts run before each command."""
        program = find()
        assert program is not None
        folder.mkdir(parents=True, exist_ok=True)
        self.user = getpass.getuser()
        self.key = new_key(folder / "client")
        self._program, self._folder = program, folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._running: list[subprocess.Popen[bytes]] = []
        self.change_host_key()
        self._config = self._configure(path, greeting)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def private_key(self) -> str:
        """The client's key, as a user pastes it."""
        return self.key.read_text()

    @property
    def known_hosts(self) -> str:
        """The host key as a line of known_hosts."""
        kind, key, *_ = (self._folder / "host.pub").read_text().split()
        return f"[127.0.0.1]:{self.port} {kind} {key}\n"

    def daemon(self, address: str, port: int) -> list[str]:
        """Command of the same server that listens by itself, for a host of its own."""
        return [self._program, "-D", "-e", "-f", str(self._config), "-o", f"ListenAddress={address}:{port}"]

    def url(self, path: Path) -> str:
        """Address of a repository on this machine."""
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"

    def change_host_key(self) -> None:
        """Become another server, as somebody in the middle would be."""
        for name in ("host", "host.pub"):
            (self._folder / name).unlink(missing_ok=True)
        new_key(self._folder / "host")

    def _configure(self, path: str, greeting: str) -> Path:
        keys = self._folder / "authorized_keys"
        keys.write_text(self.key.with_suffix(".pub").read_text())
        config = self._folder / "sshd_config"
        lines = (
            f"HostKey {self._folder / 'host'}",
            f"AuthorizedKeysFile {keys}",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "AllowTcpForwarding yes",
            "X11Forwarding no",
            "PidFile none",
            "UseDNS no",
            "LogLevel ERROR",
            "Subsystem sftp internal-sftp",
            # with SHLVL bash leaves the start-up files alone, which can cost 100 ms a connection
            f"SetEnv SHLVL=3{f' PATH={path}' if path else ''}",
            *([f'ForceCommand {greeting}; eval "$SSH_ORIGINAL_COMMAND"'] if greeting else []),
        )
        config.write_text("\n".join(lines) + "\n")
        return config

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            argv = [self._program, "-i", "-e", "-f", str(self._config)]
            with connection, (self._folder / "log").open("ab") as log:
                end = connection.fileno()
                self._running.append(subprocess.Popen(argv, stdin=end, stdout=end, stderr=log))

    def stop(self) -> None:
        """Stop listening and end what runs."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
