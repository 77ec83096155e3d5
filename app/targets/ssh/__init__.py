"""Targets on hosts behind SSH. What runs there is in scripts.py; decision 15 says why it is OpenSSH's client."""

from app.targets.ssh.ssh_kind import SshKind

__all__ = ["SshKind"]
