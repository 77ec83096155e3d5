"""What ssh says when it fails, sorted by what can be done about it."""

from __future__ import annotations

import re
from enum import StrEnum

from app.wording.complaints import cause, without_controls


class Why(StrEnum):
    """What stands in the way."""

    HOST_KEY = "host_key"  # the server shows another key than the pinned one
    LOGIN = "login"  # it does not take our key
    KEY = "key"  # our key cannot be read
    PROTOCOL = "protocol"  # the two cannot agree on a method
    SHELL = "shell"  # logged in, but no POSIX shell answers
    LINK = "link"  # no answer, or the connection broke


_SIGNS: tuple[tuple[Why, str], ...] = (
    (Why.HOST_KEY, r"IDENTIFICATION HAS CHANGED|Host key verification failed|No \S+ host key is known"),
    (Why.KEY, r"Load key .*: (invalid format|error in|incorrect passphrase)|is encrypted|bad permissions"),
    (Why.LOGIN, r"Permission denied|Too many authentication failures|This account is|not available"),
    (Why.PROTOCOL, r"no matching|Unable to negotiate|[Bb]ad configuration"),
)
_SHOWN = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class SshFailed(Exception):
    """ssh ended without doing its work. `said` is what it wrote: mask it before anybody sees it."""

    def __init__(self, why: Why, said: str) -> None:
        self.why, self.said = why, without_controls(said)
        super().__init__(f"ssh failed: {why}")

    @property
    def reason(self) -> str:
        """The line of its words that tells why, without addresses of files."""
        return cause("\n".join(line for line in self.said.splitlines() if "/" not in line))[:200]

    @property
    def shown(self) -> str:
        """The fingerprint of the key that the server showed, "" if ssh did not say."""
        found = _SHOWN.search(self.said)
        return found[0] if found else ""


def failed(said: str) -> SshFailed:
    """The failure behind ssh's words."""
    why = next((why for why, sign in _SIGNS if re.search(sign, said)), Why.LINK)
    return SshFailed(why, said)
