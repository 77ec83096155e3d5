"""Hiding secrets in text that people see: logs, diffs, hook output, errors.

A value is hidden by the name before it, by its own shape, or by the block it stands in; and what is found once is
hidden wherever it stands again. The work grows with the text's length only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.domain.masking.announced_secrets import announced
from app.domain.masking.secret_manifests import declared
from app.domain.masking.secret_shapes import Span, shaped

__all__ = ["MASK", "MaskedRow", "mask", "masked_rows"]

MASK = "*****"
_ECHO = re.compile(r"[^\s\"'\\,;:=(){}\[\]]{8,}+")
_ECHOES = 200
_DOCUMENT = re.compile(r"\\*+\"\s*+:")


@dataclass(frozen=True, slots=True)
class MaskedRow:
    """A line as it may be shown: `plain` parts with one of `secrets` between each two of them. A secret of several
    lines makes one row of them, so that its length cannot be read off. Rows of the same `raw` are the same."""

    raw: str
    plain: tuple[str, ...]
    secrets: tuple[str, ...] = ()

    def text(self) -> str:
        """The line with secrets masked."""
        return MASK.join(self.plain)


def mask(text: str) -> str:
    """The text with each secret replaced by `*****`, whatever its length and number of lines."""
    (rows,) = masked_rows(text)
    return "\n".join(row.text() for row in rows)


def masked_rows(*texts: str, whole: bool = False) -> tuple[list[MaskedRow], ...]:
    """The lines of texts that are shown side by side: a secret of one is hidden in the others too. `whole`: each text
    is a secret as a whole, as in a file that holds a password and nothing else."""
    found = [_joined(text, [(0, len(text))]) if whole else _found(text) for text in texts]
    echoes = _echoes(text[start:end] for text, spans in zip(texts, found, strict=True) for start, end in spans)
    return tuple(
        list(_rows(text, _joined(text, [*spans, *_repeated(text, echoes)])))
        for text, spans in zip(texts, found, strict=True)
    )


def _found(text: str) -> list[Span]:
    return _joined(text, [span for find in (shaped, announced, declared) for span in find(text)])


def _joined(text: str, spans: list[Span]) -> list[Span]:
    """Spans in order and apart from each other, without white space around them and without empty ones."""
    joined: list[Span] = []
    for start, end in sorted(_trimmed(text, spans)):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _trimmed(text: str, spans: list[Span]) -> Iterator[Span]:
    for start, end in spans:
        bare = text[start:end].rstrip()
        if bare.strip(MASK[0]):
            yield start + len(bare) - len(bare.lstrip()), start + len(bare)


def _echoes(secrets: Iterable[str]) -> list[str]:
    """Parts of secrets that are no everyday words, the longest first. Hidden JSON gives none: it has plain words."""
    parts = {part for secret in secrets if not _DOCUMENT.search(secret) for part in _ECHO.findall(secret)}
    telling = [part for part in parts if re.search("[0-9]", part) and re.search("[A-Za-z]", part)]
    return sorted(telling, key=len, reverse=True)[:_ECHOES]


def _repeated(text: str, parts: Iterable[str]) -> Iterator[Span]:
    for part in parts:
        at = text.find(part)
        while at >= 0:
            yield at, at + len(part)
            at = text.find(part, at + len(part))


def _rows(text: str, spans: list[Span]) -> Iterator[MaskedRow]:
    start = at = 0
    plain: list[str] = []
    secrets: list[str] = []
    for first, last in [*spans, (len(text), len(text))]:
        *lines, rest = text[at:first].split("\n")
        for line in lines:
            at += len(line) + 1
            yield MaskedRow(text[start : at - 1], (*plain, line), tuple(secrets))
            start, plain, secrets = at, [], []
        plain.append(rest)
        if first < last:
            secrets.append(text[first:last])
        at = last
    yield MaskedRow(text[start:], tuple(plain), tuple(secrets))
