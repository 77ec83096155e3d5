"""Commits as Git stores them, read into revisions. Whatever people once wrote must be readable: it never fails."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.domain.revision import UNDATED, Person, Revision

_PERSON = re.compile(rb"\s*(?P<name>.*?)\s*<(?P<email>[^>]*)>[^0-9-]*(?P<seconds>-?\d+)?")


LONGEST_MESSAGE, LONGEST_NAME = 65_536, 200  # characters: they are kept in the ledger and shown on pages


def parse(sha: str, raw: bytes) -> Revision:
    """A revision out of a commit object's content."""
    head, _, body = raw.partition(b"\n\n")
    lines = [line.partition(b" ")[::2] for line in head.split(b"\n")]
    fields = dict(reversed(lines))
    encoding = fields.get(b"encoding", b"").decode("ascii", "replace")
    author = _PERSON.match(fields.get(b"author", b""))
    committer = _PERSON.match(fields.get(b"committer", b""))
    return Revision(
        sha=sha,
        author=_person(author, encoding),
        committed_at=_moment(committer),
        message=_text(body, encoding)[:LONGEST_MESSAGE].rstrip(),
        parents=tuple(value.decode("ascii", "replace") for key, value in lines if key == b"parent"),
    )


def parse_listed(record: bytes) -> Revision:
    """A revision out of a record of `rev-list --header`, where the message is indented."""
    sha, _, raw = record.partition(b"\n")
    head, gap, body = raw.partition(b"\n\n")
    return parse(sha.decode("ascii", "replace"), head + gap + re.sub(rb"^    ", b"", body, flags=re.MULTILINE))


def _person(match: re.Match[bytes] | None, encoding: str) -> Person:
    if match is None:
        return Person("unknown")
    name, email = (_text(match[part], encoding)[:LONGEST_NAME] for part in ("name", "email"))
    return Person(name or email or "unknown", email)


def _moment(match: re.Match[bytes] | None) -> datetime:
    """A commit's time; UNDATED where it is missing or impossible."""
    try:
        return datetime.fromtimestamp(int(match["seconds"]), UTC) if match else UNDATED
    except (TypeError, ValueError, OverflowError, OSError):
        return UNDATED


def _text(raw: bytes, encoding: str) -> str:
    """Text that is UTF-8 whatever the header says, or in the encoding of the header, or Latin-1. NULs are dropped:
    databases and pages do not take them."""
    for codec in ("utf-8", encoding):
        try:
            return raw.decode(codec).replace("\0", "")
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1").replace("\0", "")
