"""A delivery's body while it is checked: a file, read in pieces, so that a large one takes no memory before it is
known to be authentic."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

MAX_BODY = 25 * 1024 * 1024 + 4096  # GitHub's bound, and a little for what a form adds
FORM = "application/x-www-form-urlencoded"
_PIECE = 1 << 14
_FIELD = re.compile(rb"(?:\A|&)payload=")


class ReceivedBody:
    """The bytes that were sent, in an open file that the caller closes."""

    def __init__(self, file: BinaryIO, content_type: str = "") -> None:
        self._file = file
        self._form = content_type.partition(";")[0].strip().lower() == FORM

    @classmethod
    def of(cls, body: bytes, content_type: str = "") -> ReceivedBody:
        """A body that is in memory."""
        return cls(io.BytesIO(body), content_type)

    def macs(self, key: bytes) -> tuple[str, ...]:
        """HMAC-SHA256 in hex of what a provider may have signed: the body, or the document that a form holds."""
        signed = (self._raw(), self._document()) if self._form else (self._raw(),)
        return tuple(_mac(key, pieces) for pieces in signed)

    def digest(self) -> str:
        """SHA-256 of the body, in hex."""
        found = hashlib.sha256()
        for piece in self._raw():
            found.update(piece)
        return found.hexdigest()

    def size(self) -> int:
        """Its length in bytes."""
        return self._file.seek(0, io.SEEK_END)

    def document(self) -> bytes:
        """The JSON document: the body, or a form's field `payload`. Raises ValueError where a form has none."""
        found = b"".join(self._document() if self._form else self._raw())
        if self._form and not found:
            raise ValueError("the form has no field payload")
        return found

    def start(self, size: int) -> bytes:
        """The first bytes."""
        self._file.seek(0)
        return self._file.read(size)

    def _raw(self) -> Iterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def _document(self) -> Iterator[bytes]:
        """The form's field `payload`, decoded; GitHub, Gitea and Gogs can be told to send their JSON in one."""
        rest, begun = b"", False
        for piece in self._raw():
            rest += piece
            if not begun:
                match = _FIELD.search(rest)
                rest, begun = (rest[match.end() :], True) if match else (rest[-len("&payload=") :], False)
                if not begun:
                    continue
            value, more, _ = rest.partition(b"&")
            whole = len(value) if more else _whole(value)
            yield unquote_to_bytes(value[:whole].replace(b"+", b" "))
            rest = value[whole:]
            if more:
                return
        if begun:
            yield unquote_to_bytes(rest.replace(b"+", b" "))


def _whole(value: bytes) -> int:
    """How much of a value does not end within a %XX."""
    cut = value.rfind(b"%", max(0, len(value) - 2))
    return len(value) if cut < 0 else cut


def _mac(key: bytes, pieces: Iterator[bytes]) -> str:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for piece in pieces:
        mac.update(piece)
    return mac.hexdigest()
