"""How a repository is logged in to: a credential becomes environment variables for the length of one command.

Nothing of it appears on a command line, in a configuration file or in the mirror. A token is sent as a header that is
bound to the address's own server (redirects are not followed), a key is in our memory, where ssh reads it.
"""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.errors import SourceRefused
from app.processes import key_file, private_folder, write_private
from app.sources.remote.address import Address
from app.ssh.ssh_config import SAFE

Secret = Callable[[str], Mapping[str, str]]
_DEFAULT_USER = "x-access-token"


@dataclass(frozen=True, slots=True)
class GitLogin:
    """A credential's values. `kind`: "none", "ambient" (keys of this machine's user), "token" or "ssh-key"."""

    kind: str
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    basic: str = field(default="", repr=False)  # name and token as HTTP sends them

    def secrets(self) -> tuple[str, ...]:
        """Texts that must not be seen, in all forms in which they travel."""
        return (self.values.get("token", ""), self.basic) if self.kind == "token" else ()


class GitLogins:
    """The way to one repository. The credential is asked for at every use, so that a new one takes effect."""

    def __init__(self, address: Address, credential: str | None, secret: Secret | None, known_hosts: Path) -> None:
        self._address, self.credential, self._secret = address, credential, secret
        self._known_hosts = known_hosts

    def login(self) -> GitLogin:
        """What the repository is logged in to with. Raises SourceRefused where the credential does not fit."""
        if self.credential is None or self._address.local:
            return GitLogin("ambient" if self._address.scheme == "ssh" else "none")
        values = self._secret(self.credential) if self._secret else {}
        kind = values.get("kind", "")
        if kind == "password":  # to a Git server the same: a name and a secret
            kind, values = "token", {**values, "token": values.get("password", "")}
        fitting = {"https": "token", "http": "token", "ssh": "ssh-key"}.get(self._address.scheme)
        if kind != fitting:
            mend = f"Choose a credential of the kind {fitting}." if fitting else "Choose no credential."
            detail = f"A credential of the kind '{kind or 'unknown'}' does not fit this address. {mend}"
            raise SourceRefused(detail, fields={"source.credential": mend})
        return GitLogin(kind, values, _basic(values, self._address.user))

    @contextmanager
    def environment(self, login: GitLogin) -> Iterator[dict[str, str]]:
        """Variables for one git command that talks to the repository."""
        variables = {"GIT_ALLOW_PROTOCOL": self._address.scheme}
        if "SSL_CERT_FILE" in os.environ:
            variables["GIT_SSL_CAINFO"] = os.environ["SSL_CERT_FILE"]
        if login.kind == "token":
            yield {**variables, **self._header(login)}
        elif self._address.scheme == "ssh":
            with self._ssh(login) as command:
                yield {**variables, "GIT_SSH_COMMAND": command, "GIT_SSH_VARIANT": "ssh"}
        else:
            yield variables

    def _header(self, login: GitLogin) -> dict[str, str]:
        server = "/".join(self._address.url.split("/")[:3])
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{server}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {login.basic}",
        }

    @contextmanager
    def _ssh(self, login: GitLogin) -> Iterator[str]:
        if login.kind != "ssh-key":
            yield self._ssh_command(*self._pinned(' "~/.ssh/known_hosts"'))
            return
        with private_folder() as folder, key_file(login.values.get("private_key", "")) as key:
            options = ["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", str(key)]
            if hosts := login.values.get("known_hosts", "").strip():
                file = write_private(folder / "known_hosts", hosts)
                options += ["-o", "StrictHostKeyChecking=yes", "-o", _hosts(file), "-o", "GlobalKnownHostsFile=none"]
            else:
                options += self._pinned()
            yield self._ssh_command(*options)

    def _pinned(self, others: str = "") -> list[str]:
        """A server's key is taken at first sight and must be the same ever after."""
        self._known_hosts.parent.mkdir(parents=True, exist_ok=True)
        return ["-o", "StrictHostKeyChecking=accept-new", "-o", _hosts(self._known_hosts) + others]

    @staticmethod
    def _ssh_command(*options: str) -> str:
        own = {"ConnectTimeout": "15", "ServerAliveInterval": "15", "ServerAliveCountMax": "3", "ControlPath": "none"}
        settings = [part for name, value in {**SAFE, **own}.items() for part in ("-o", f"{name}={value}")]
        return shlex.join(["ssh", "-F", os.devnull, *settings, *options])


def _basic(values: Mapping[str, str], user: str) -> str:
    name = values.get("username") or user or _DEFAULT_USER
    return base64.b64encode(f"{name}:{values.get('token', '')}".encode()).decode()


def _hosts(file: Path) -> str:
    return 'UserKnownHostsFile="{}"'.format(str(file).replace("%", "%%"))
