"""OpenSSH's client at arm's length: private files, one kept connection per server, nothing of a user on a command line.

Decision 15 says why it is the client and no library.
"""

from app.ssh.hostkeys import fingerprint, host_key
from app.ssh.pool import Pool
from app.ssh.ssh_config import Endpoint, SshKey, Way
from app.ssh.ssh_connection import Connection
from app.ssh.ssh_failures import SshFailed, Why
from app.ssh.ssh_process import CommandLimits, Ended

__all__ = [
    "CommandLimits",
    "Connection",
    "Ended",
    "Endpoint",
    "Pool",
    "SshFailed",
    "SshKey",
    "Way",
    "Why",
    "fingerprint",
    "host_key",
]
