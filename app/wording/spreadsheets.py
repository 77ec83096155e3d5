"""Lines of CSV (RFC 4180) that a spreadsheet opens as what they say: no text is a formula, and all can be seen."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping

from app.wording.visible_text import UNSEEN, visible

FORMULA = re.compile(r"['=+\-@\t\r\n＝＋－＠]")  # what a formula, or our own mark of a text, begins with
MARK = "'"
ESCAPE = re.compile(r"\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")


def line(values: Iterable[object], end: str = "\r\n") -> str:
    """One line. Numbers are numbers, None is empty, a mapping is JSON in ASCII, which needs no escape."""
    made = io.StringIO()
    csv.writer(made, lineterminator=end).writerow([_value(one) for one in values])
    return made.getvalue()


def _value(value: object) -> object:
    if isinstance(value, Mapping):
        return json.dumps(dict(value), separators=(",", ":"), sort_keys=True).replace("\x7f", "\\u007f")
    return cell(value) if isinstance(value, str) else value


def cell(text: str) -> str:
    """A text as a cell; `original` gives it back."""
    if UNSEEN.search(text) or ESCAPE.search(text):
        text = visible(text.replace("\\", "\\u005c"))
    return MARK + text if FORMULA.match(text) else text


def original(text: str) -> str:
    """The text that became this cell."""
    if text[:1] == MARK and FORMULA.match(text[1:]):
        text = text[1:]
    return ESCAPE.sub(lambda match: chr(min(int(match[1] or match[2], 16), 0x10FFFF)), text)
