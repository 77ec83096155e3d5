"""Kubernetes Secrets: whatever stands below `data` and `stringData` is secret there, whatever it is called; and so is
the copy of the manifest that `kubectl apply` leaves in an annotation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from app.domain.masking.secret_shapes import Span
from app.domain.masking.secret_values import SecretKey, ValueReader

_SECRET = re.compile(r"\bkind[\"'\\]{0,8}\s{0,9}:\s{0,9}[\"'\\]{0,8}(?:Sealed)?Secret(?:List)?\b")
_DOCUMENT = re.compile(r"^---", re.MULTILINE)
_DATA = re.compile(
    r"(?<![\w.-])(?:data|stringData|(?P<copy>(?:[\w.-]++/)?last-applied-configuration))[\"'\\]{0,8}[ \t]*+"
    r"(?P<separator>:[ \t]*+)"
)
_PAIR = re.compile(r"(?<![^\s{,\"'\\])(?P<key>[\w./-]++)[\"'\\]{0,8}[ \t]*+(?P<separator>:[ \t]*+)")
_NOISE = re.compile(r"[\s{}\[\],\"'\\]*+")


def declared(text: str) -> Iterator[Span]:
    """Spans of the values that the Secrets among a text's YAML or JSON documents hold."""
    starts = [0, *(found.start() for found in _DOCUMENT.finditer(text)), len(text)]
    for start, end in pairwise(starts):
        document = text[start:end]
        if _SECRET.search(document):
            yield from ((start + first, start + last) for first, last in _values(document))


def _values(document: str) -> Iterator[Span]:
    reader, at = ValueReader(document), 0
    while found := _DATA.search(document, at):
        start, end = reader.value(SecretKey(found.start(), found["separator"]), found.end())
        at = max(found.end(), end)
        yield from [(start, end)] if found["copy"] else _pairs(document, start, end)


def _pairs(document: str, start: int, end: int) -> Iterator[Span]:
    """All of a region but its keys."""
    reader = ValueReader(document)
    while start < end:
        start = _skip(document, start)
        pair = _PAIR.match(document, start, end)
        if pair is None:
            line_end = document.find("\n", start, end)
            yield start, line_end if line_end >= 0 else end
            start = line_end if line_end >= 0 else end
        else:
            first, last = reader.value(SecretKey(pair.start(), pair["separator"]), pair.end())
            yield first, min(last, end)
            start = max(pair.end(), last)


def _skip(document: str, start: int) -> int:
    found = _NOISE.match(document, start)
    return found.end() if found else start
