"""A revision: the immutable commit that desired state is read from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\Z")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
NOWHERE = "users.pushpull.invalid"  # a domain that never receives mail (RFC 2606); servers refuse an empty address
SHORT = 8
HEADS, TAGS = "refs/heads/", "refs/tags/"
LONGEST_SUBJECT = 500
UNDATED = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """Author of a commit, as written in Git."""

    name: str
    email: str = ""


def author_called(name: str) -> Person:
    """The author of a commit that somebody of this name makes here: the name is the address where it is one."""
    if _ADDRESS.match(name):
        return Person(name, name)
    return Person(name, f"{_UNFIT.sub('-', name).strip('-') or 'somebody'}@{NOWHERE}")


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit. `committed_at` is the committer's time, UTC, or UNDATED where Git tells none or an impossible one;
    `message` holds the whole message."""

    sha: str
    author: Person
    committed_at: datetime
    message: str = ""
    parents: tuple[str, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether it is known when it was committed."""
        return self.committed_at != UNDATED

    @property
    def short(self) -> str:
        """First 8 characters, as shown to people."""
        return self.sha[:SHORT]

    @property
    def subject(self) -> str:
        """First line of the message, at most LONGEST_SUBJECT characters of it."""
        line = self.message.split("\n", 1)[0].strip()
        return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def full_names(ref: str) -> tuple[str, ...]:
    """The full names that a ref can mean; the first that exists counts, so that a branch goes before a tag."""
    if ref == "HEAD" or ref.startswith((HEADS, TAGS)):
        return (ref,)
    names = (HEADS + ref, TAGS + ref)
    return (*names, f"refs/{ref}") if ref.startswith(("heads/", "tags/")) else names


def is_sha(text: str) -> bool:
    """Whether the text is a full object id (SHA-1 or SHA-256, lower-case hex)."""
    return _SHA.match(text) is not None
