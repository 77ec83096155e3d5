"""A private key as people paste it: indented, on one line, with a byte order mark or old line ends."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
_HEADER = re.compile(r"[A-Za-z-]+: ")
_WIDTH = 64


def mended(text: str) -> str:
    """The key in the form in which it is written to files: the same text where it has none of a key's marks."""
    found = _WHOLE.search(text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").replace("\\n", "\n"))
    if found is None:
        return text
    lines = [line.strip() for line in found[2].strip().split("\n")]
    if any(_HEADER.match(line) for line in lines):  # an older form, whose head must stay a head
        body = lines
    else:
        base64 = "".join("".join(lines).split())
        body = [base64[at : at + _WIDTH] for at in range(0, len(base64), _WIDTH)]
    return "\n".join([f"-----BEGIN {found[1]}-----", *body, f"-----END {found[1]}-----", ""])
