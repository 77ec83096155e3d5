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
    opened = {"PUSHPULL_TARGET_ROOTS": _folders(places), "PUSHPULL_SOURCE_ROOTS": _folders(repositories)}
    variables = "".join(f"{name}={shlex.quote(folders)} " for name, folders in opened.items() if folders)
    openly = " --allow-http" if unencrypted(server) else ""
    enroll = f"pushpull agent enroll --server {shlex.quote(server)} --data-dir {PLACE}{openly}"
    return f"{enroll}\n{variables}pushpull agent run --data-dir {PLACE}"


def _folders(addresses: Iterable[str]) -> str:
    """Those of some addresses that are directories, as the variables take them."""
    return ":".join(sorted({one for one in addresses if one.startswith("/") and ":" not in one}))
