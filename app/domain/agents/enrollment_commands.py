"""How a host becomes an agent: the commands to paste there. The token is on none of them: `enroll` asks for it."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PLACE = "/var/lib/pushpull-agent"


def unencrypted(server: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = urlsplit(server)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


def host_commands(server: str) -> str:
    """Two commands for a control plane at an address."""
    openly = " --allow-http" if unencrypted(server) else ""
    enroll = f"pushpull agent enroll --server {shlex.quote(server)} --data-dir {PLACE}{openly}"
    return f"{enroll}\npushpull agent run --data-dir {PLACE}"
