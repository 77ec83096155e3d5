"""Line ends as `.gitattributes` ask for them: what a checkout writes, and what it was made from.

The rules are those of gitattributes(5) on a system whose own line end is LF: only `eol=crlf` changes content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from app.sources.content.tree_index import Attributes

LARGEST = 64 << 20  # bytes of a file that is converted in memory
_LONE_LF = re.compile(rb"(?<!\r)\n")
_TEXT = bytes({*range(32, 127), *range(128, 256), 8, 9, 12, 27})
_ENDS = b"\r\n"

ALWAYS, IF_TEXT = "always", "if-text"


def conversion(attributes: Attributes) -> str:
    """Whether a file's line ends become CRLF: ALWAYS, IF_TEXT (where it looks like text), or "" for never."""
    text = _meaning(attributes, b"text") or _meaning(attributes, b"crlf")
    if text == "no" or attributes.get(b"eol") != "crlf":
        return ""
    return IF_TEXT if text == "auto" else ALWAYS


def _meaning(attributes: Mapping[bytes, str], name: bytes) -> str:
    """ "yes", "no", "auto" or "" of the attribute `text` or its forerunner `crlf`."""
    return {"set": "yes", "unset": "no", "input": "yes", "auto": "auto"}.get(attributes.get(name, ""), "")


def delivered(content: bytes, how: str) -> bytes:
    """The content as it is delivered."""
    if how == IF_TEXT and (b"\r" in content or is_binary(content)):
        return content
    return _LONE_LF.sub(b"\r\n", content) if how else content


def committed(content: bytes, how: str) -> bytes | None:
    """The content as Git would hold it; None where no content of Git is delivered like that."""
    found = content.replace(b"\r\n", b"\n") if how else content
    for candidate in (found, content):
        if delivered(candidate, how) == content:
            return candidate
    return None


def is_binary(content: bytes) -> bool:
    """Whether git takes it for something else than text: NULs, lone carriage returns, too many control characters."""
    if b"\0" in content or len(re.findall(rb"\r(?!\n)", content)):
        return True
    odd = len(content.translate(None, _TEXT + _ENDS)) - content.endswith(b"\x1a")
    plain = len(content) - len(content.translate(None, _TEXT))
    return plain >> 7 < odd
