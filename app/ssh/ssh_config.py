"""ssh's configuration for one way to a server: what a user chose stands in a private file, on no command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.processes import write_private

CONNECT_S = 10
ALIVE_S, ALIVE_COUNT = 5, 3  # a link that is silent for fifteen seconds is given up
IDLE_S = 60  # a connection that nobody uses is closed
TARGET, JUMP = "pushpull-target", "pushpull-jump"
SAFE: Mapping[str, str] = {
    "BatchMode": "yes",
    "ConnectTimeout": str(CONNECT_S),
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "PermitLocalCommand": "no",
    "UpdateHostKeys": "no",
    "LogLevel": "ERROR",
}
Secret = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class SshKey:
    """A private key by the name of its credential; `text` is asked for when a connection is made."""

    name: str
    text: Callable[[], str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SshKey) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and how to log in. Without `key`, with the keys and the agent of the account that runs PushPull.

    Host and user must have been checked (app/targets/ssh/ssh_options.py). Without `host_key` any key is taken.
    """

    host: str
    port: int
    user: str
    key: SshKey | None = None
    host_key: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The server, and the one to go through first."""

    target: Endpoint
    jump: Endpoint | None = None


def write(way: Way, folder: Path, key_at: Callable[[str], Path]) -> tuple[Path, Path]:
    """Put what ssh needs into a private folder: the configuration for connecting, and the one for using the connection.
    `key_at` gives the place of a private key's text, which has to be there until the connection stands."""
    parts = [_endpoint(TARGET, way.target, folder, key_at)]
    socket = {"ControlPath": _quoted(folder / "s")}
    connect = {"ControlMaster": "yes", "ControlPersist": str(IDLE_S), **socket}
    if way.jump:
        parts.append(_endpoint(JUMP, way.jump, folder, key_at) + "ControlMaster no\nControlPath none\n")
        connect["ProxyJump"] = JUMP
    alive = {"ServerAliveInterval": str(ALIVE_S), "ServerAliveCountMax": str(ALIVE_COUNT), "TCPKeepAlive": "yes"}
    parts[0] += _lines(connect)
    making = write_private(folder / "connect", "".join(parts) + "Host *\n" + _lines({**SAFE, **alive}))
    # a lost connection must not be replaced behind our back
    using = {**SAFE, "HostName": "none", "ControlMaster": "no", **socket, "ProxyCommand": "false"}
    return making, write_private(folder / "use", f"Host {TARGET}\n" + _lines(using))


def _endpoint(alias: str, end: Endpoint, folder: Path, key_at: Callable[[str], Path]) -> str:
    options = {"HostName": end.host, "Port": str(end.port), "User": end.user, "HostKeyAlias": alias}
    known = folder / f"known-{alias}"
    if end.host_key:
        write_private(known, f"{alias} {end.host_key}")
    options |= {
        "StrictHostKeyChecking": "yes" if end.host_key else "accept-new",
        "UserKnownHostsFile": _quoted(known),
        "GlobalKnownHostsFile": os.devnull,
        "HashKnownHosts": "no",
        "CheckHostIP": "no",
        "PreferredAuthentications": "publickey",
    }
    if end.key:
        path = _quoted(key_at(end.key.text()))
        options |= {"IdentitiesOnly": "yes", "IdentityAgent": "none", "IdentityFile": path}
    return f"Host {alias}\n" + _lines(options)


def _lines(options: Mapping[str, str]) -> str:
    return "".join(f"{name} {value}\n" for name, value in options.items())


def _quoted(path: Path) -> str:
    return '"{}"'.format(str(path).replace("%", "%%"))
