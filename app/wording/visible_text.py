"""What others wrote: what would steer a terminal, turn a line round or hide stands in it as an escape."""

from __future__ import annotations

import re

# Control and format characters, ends of lines and paragraphs, surrogates, and letters and marks without any shape. What
# chooses a glyph's variant stays: it follows a visible one.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff\ud800-\udfff]"
)
LINES = "\t\n"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str, keep: str = "") -> str:
    """The text with each character that cannot be seen as `\\u202e`; `keep` names those that stay, e.g. line ends."""
    if text.isprintable() and text.isascii():
        return text
    return UNSEEN.sub(lambda match: match[0] if match[0] in keep else _escaped(match), text)


def visible_lines(text: str) -> str:
    """The same for text of several lines: tabs and line ends stay, a carriage return only in front of a line end."""
    if text.isprintable() and text.isascii():
        return text
    return "\r\n".join(visible(line, LINES) for line in text.split("\r\n"))
