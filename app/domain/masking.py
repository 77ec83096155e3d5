"""Hiding secrets in text that people see: logs, diffs, hook output, errors.

A value is hidden by the name before it, by its own shape, or by the block it stands in. Every pattern is linear: none
has nested repetition over the same characters. Too much hidden is a nuisance, too little a leak; when in doubt, hide.
"""

from __future__ import annotations

import re

MASK = "*****"

_NAMES = (
    r"(?:[\w.-]*(?:passw(?:or)?d|passwd|passphrase|secret|token|api[_-]?key|apikey|private[_-]?key|access[_-]?key"
    r"|auth[_-]?key|encryption[_-]?key|signing[_-]?key|credential|authorization|cookie|client[_-]?secret|dsn"
    r"|connection[_-]?string)[\w.-]*|pwd|pass)"
)
_NAMED = re.compile(rf"(?im)^(?P<head>.*?(?<![\w.-])[\"']?{_NAMES}[\"']?\s*(?::=|=>|[:=])\s*)(?P<value>\S.*)$")
_FLAG = re.compile(rf"(?i)(?P<head>--?{_NAMES}[= ])(?P<value>\S+)")
_XML = re.compile(rf"(?i)(?P<head><(?P<tag>{_NAMES})(?:\s[^<>]*)?>)(?P<value>[^<]+)(?=</)")
_BEARER = re.compile(r"(?i)\b(?P<head>(?:bearer|basic|token)\s+)(?P<value>[A-Za-z0-9+/=_.~-]{8,})")
_URL = re.compile(r"(?P<head>[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?P<value>[^\s/@\"'<>]{1,500})(?=@)")
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|sk-[A-Za-z0-9_-]{20,}|sk_live_\w{16,}|pp_[\w-]{30,}|npm_[A-Za-z0-9]{30,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|dckr_pat_[\w-]{20,}|hv[sb]\.[\w-]{20,})"
)
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|PGP MESSAGE)[A-Z ]*-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]+-----")
_BLOCK = re.compile(rf"(?i)^(?P<indent>\s*(?:-\s+)?)[\"']?{_NAMES}[\"']?\s*:\s*(?:[|>][+-]?\d?\s*(?:#.*)?)?$")
_KIND_SECRET = re.compile(r"(?im)^\s*[\"']?kind[\"']?\s*:\s*[\"']?(?:Secret|SealedSecret)\b")
_DATA = re.compile(r"^(?P<indent>\s*)[\"']?(?:data|stringData)[\"']?\s*:\s*\{?\s*$")
_PAIR = re.compile(r"^(?P<head>\s*[\"']?[\w./-]+[\"']?\s*:\s*)(?P<value>\S.*)$")


def mask(text: str) -> str:
    """The text with secrets replaced by `*****`; line structure is kept."""
    return "\n".join(mask_lines(text.split("\n")))


def mask_lines(lines: list[str]) -> list[str]:
    """The same, line by line; as many lines come out as go in."""
    manifest = _KIND_SECRET.search("\n".join(lines)) is not None
    state = _State(manifest)
    return [state.line(line) for line in lines]


class _State:
    """What the lines before say about the next one."""

    def __init__(self, manifest: bool) -> None:
        self._manifest = manifest
        self._pem = False
        self._deeper: int | None = None  # inside a secret's block: everything indented more than this
        self._pairs: int | None = None  # inside a Secret's data

    def line(self, line: str) -> str:
        """Mask one line."""
        if self._pem:
            self._pem = not _PEM_END.search(line)
            return MASK
        if _PEM_BEGIN.search(line):
            self._pem = not _PEM_END.search(line)
            return _PEM_BEGIN.split(line)[0] + MASK
        indent = len(line) - len(line.lstrip())
        if self._deeper is not None and line.strip():
            if indent > self._deeper:
                return line[:indent] + MASK
            self._deeper = None
        block = _BLOCK.match(line)
        if block:
            self._deeper = len(block["indent"].replace("-", " ")) if block["indent"].strip() else indent
            return line
        return self._plain(line, indent)

    def _plain(self, line: str, indent: int) -> str:
        if self._manifest:
            opening = _DATA.match(line)
            if opening:
                self._pairs = len(opening["indent"])
                return line
            if self._pairs is not None and line.strip():
                if indent > self._pairs:
                    return _PAIR.sub(_hidden, line) if _PAIR.match(line) else line[:indent] + MASK
                self._pairs = None
        return _inline(line)


def _inline(line: str) -> str:
    if len(line) > 20_000:
        return f"{MASK} (a line of {len(line)} characters)"
    for pattern in (_NAMED, _XML, _FLAG, _BEARER, _URL):
        line = pattern.sub(_hidden, line)
    return _SHAPES.sub(MASK, line)


def _hidden(found: re.Match[str]) -> str:
    """Keep the name, quotes and trailing punctuation; hide the value."""
    value = found["value"]
    tail = ""
    while value and value[-1] in ",;})]":
        tail, value = value[-1] + tail, value[:-1]
    quote = value[0] if value[:1] in ('"', "'") and value[-1:] == value[:1] and len(value) > 1 else ""
    return f"{found['head']}{quote}{MASK}{quote}{tail}"
