"""How a host becomes an agent: the commands to paste there. The token is on none of them: `enroll` asks for it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PLACE = "/var/lib/pushpull-agent"


def unencrypted(server: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = urlsplit(server)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def host_commands(server: str, places: Iterable[str] = (), repositories: Iterable[str] = ()) -> str:
    """Two commands for a control plane at an address. Of the targets and repositories that the agent shall work with,
    the directories of its own machine are opened to it."""
    opened = _opened(places, repositories)
    variables = "".join(f"{name}={shlex.quote(folders)} " for name, folders in opened.items())
    openly = " --allow-http" if unencrypted(server) else ""
    enroll = f"pushpull agent enroll --server {shlex.quote(server)} --data-dir {PLACE}{openly}"
    return f"{enroll}\n{variables}pushpull agent run --data-dir {PLACE}"


def service_unit(places: Iterable[str] = (), repositories: Iterable[str] = ()) -> str:
    """A systemd unit that runs the agent from the start of its machine on; the agent was enrolled before."""
    opened = _opened(places, repositories)
    variables = "".join(f'Environment="{_in_unit(f"{name}={folders}")}"\n' for name, folders in opened.items())
    return (
        "[Unit]\nDescription=PushPull agent\nAfter=network-online.target\nWants=network-online.target\n\n[Service]\n"
        f"{variables}ExecStart=/usr/bin/env pushpull agent run --data-dir {PLACE}\nRestart=always\nRestartSec=5\n\n"
        "[Install]\nWantedBy=multi-user.target\n"
    )


def _in_unit(text: str) -> str:
    """Text between the quotes of a unit."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", " ")


def _opened(places: Iterable[str], repositories: Iterable[str]) -> dict[str, str]:
    """The variables that open directories to the agent, of those that are needed."""
    found = {"PUSHPULL_TARGET_ROOTS": _folders(places), "PUSHPULL_SOURCE_ROOTS": _folders(repositories)}
    return {name: folders for name, folders in found.items() if folders}


def _folders(addresses: Iterable[str]) -> str:
    """Those of some addresses that are directories, as the variables take them."""
    return ":".join(sorted({one for one in addresses if one.startswith("/") and ":" not in one}))
