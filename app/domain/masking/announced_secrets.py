"""Secrets that are announced by a name before them: keys, variables, flags, tags, headers, pairs of name and value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.domain.masking.secret_names import is_secret
from app.domain.masking.secret_shapes import Span
from app.domain.masking.secret_values import SecretKey, ValueReader

_MARKS = r"[\"'\\]{0,8}+"
_GAP = r"\s{0,200}+[,;]?+\s{0,200}+(?:-[ \t]{1,9}+)?+"
_CANDIDATE = re.compile(
    r"(?<![\w.-])[\w.-]{0,100}?"
    r"(?:pass|secret|token|key|cred|auth|cookie|dsn|pwd|pw|psk|pat|jwt|connection|session)[\w.-]*+",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"(?P<close>\\{0,7}[\"'`]?\]?)[ \t]*+(?P<separator>(?:=>|:=|[?+!]?={1,3}|:(?!:))[ \t]*+)")
_FLAG = re.compile(r"=[ \t]*+|[\"'][ \t]*+,\s*+|[\"']?[ \t]++|[\"']?[ \t]*+\r?\n[ \t]*+(?:-[ \t]++)")
_ARGUMENT = re.compile(r"\b(?:define|setenv|env|set)\s{0,9}\(\s{0,9}[\"']$")
_FLAG_VALUE = re.compile(r"\"(?P<double>[^\"\n]*+)|'(?P<single>[^'\n]*+)|(?!--)(?P<plain>[^\s\"']++)")
_NAMED_BY = re.compile(
    rf"\b(?:name|key|id|variable|property|parameter|field){_MARKS}\s{{0,9}}(?:[:=]|=>)\s{{0,9}}{_MARKS}$|<(?:name|key)>\s{{0,9}}$",
    re.IGNORECASE,
)
_THEN_VALUE = re.compile(
    rf"(?:{_MARKS}{_GAP}{_MARKS}(?!value\b)\w{{1,40}}+{_MARKS}\s{{0,9}}+[:=]\s{{0,9}}+{_MARKS}[^\s,;\"'\\{{}}\[\]]{{0,80}}+){{0,2}}?"
    rf"{_MARKS}{_GAP}{_MARKS}(?P<key>(?:default_?)?value)(?P<close>{_MARKS})\s{{0,9}}+(?P<separator>[:=]>?\s{{0,9}}+)",
    re.IGNORECASE,
)
_THEN_CONTENT = re.compile(r"</\w{1,40}+>\s{0,200}+<\w{1,40}+>|[\"'][^<>]{0,200}+>")
_VALUE_BEFORE = re.compile(rf"value{_MARKS}\s{{0,9}}+[:=]>?\s{{0,9}}+{_MARKS}", re.IGNORECASE)
_TAG = re.compile(r"(?:\s[^<>]{0,2000}+)?+(?<!/)>")
_PREFIX = re.compile(r"<(?P<prefix>[\w-]{0,40}:)?$")
_BEFORE = 60  # characters in which the key of a name is looked for
_FAR = 600  # and those in which a value that stands before its name is


def announced(text: str) -> Iterator[Span]:
    """Spans of values whose names say that they are secret."""
    reader, at = ValueReader(text), 0
    while found := _CANDIDATE.search(text, at):
        at = found.end()
        for span in _after(text, reader, found) if is_secret(found[0]) else ():
            yield span
            at = max(at, span[1])


def _after(text: str, reader: ValueReader, found: re.Match[str]) -> Iterator[Span]:
    start, end = found.span()
    before = text[max(0, start - _BEFORE) : start]
    separator, prefix = _SEPARATOR.match(text, end), _PREFIX.search(before)
    if separator:
        quote = before[-1:] if before[-1:] in ("'", '"', "`") and not separator["close"] else ""
        yield reader.value(SecretKey(start, separator["separator"], quote), separator.end())
    elif found[0].startswith("-") or _ARGUMENT.search(before):
        yield from _flag(text, end)
    elif prefix and (tag := _TAG.match(text, end)):
        yield reader.element(tag.end(), (prefix["prefix"] or "") + found[0])
    elif name := _NAMED_BY.search(before):
        yield from _beside(text, reader, start - len(before) + name.start(), end)


def _flag(text: str, end: int) -> Iterator[Span]:
    separator = _FLAG.match(text, end)
    value = _FLAG_VALUE.match(text, separator.end()) if separator else None
    if value:
        yield value.span(value.lastgroup or 0)


def _beside(text: str, reader: ValueReader, name: int, end: int) -> Iterator[Span]:
    """The value beside a name: `name: DB_PASSWORD` with `value: …` behind or before it."""
    if value := _THEN_VALUE.match(text, end):
        yield reader.value(SecretKey(value.start("key"), value["separator"]), value.end())
    elif content := _THEN_CONTENT.match(text, end):
        yield reader.element(content.end(), "")
    else:
        at = text.rfind("value", max(0, name - _FAR), name)
        earlier = _VALUE_BEFORE.match(text, at, name) if at >= 0 else None
        if earlier and "}" not in text[earlier.end() : name]:
            yield earlier.end(), name
