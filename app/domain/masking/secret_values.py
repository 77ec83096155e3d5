"""How far the value behind a key reaches: quoted, bracketed, a block of deeper lines, or the rest of a line.

Too much hidden is a nuisance, too little a leak; when in doubt, a value reaches further. Reading goes forward only:
what one value took is not read again, and ends that were searched for in vain are counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from app.domain.masking.secret_shapes import Span

_SPACES = re.compile(r"[ \t]*+")
_BLANK = re.compile(r"\s*+")
_WORD = re.compile(r"\S*+")
_PARAMETER = re.compile(r"[^\s&#\"'<>]*+")
_OPENING = re.compile(r"(?P<escape>\\{0,7})(?P<quote>\"\"\"|'''|[\"'`])")
_BELOW = re.compile(r"(?:[&!]\S*+[ \t]*+)*+(?:[|>][+-]?\d?[+-]?)?[ \t]*+(?:\\|#[^\n]*+)?\r?$", re.MULTILINE)
_NOTHING = re.compile(r"(?:true|false|null|none|yes|no|nil|undefined|~)?(?=[\s,;)\]}\"'<]|$)", re.IGNORECASE)
_LAST = re.compile(r"[ \t]*+[,;)\]}\"'<]*+[ \t]*+(?:$|\r|#|//|<|(?<=, )[\"']\w)", re.MULTILINE)
_NUMBER = re.compile(r"-?\d[\d_.]*+(?=\s*+[,}\])])")
_MORE = re.compile(r"[ \t]*+(?:[+.]\s*+)?(?=[\"'`])|(?=[^\s,;:)\]}&<>/#|\\\"'`])")
_BRACKETS = re.compile(r"[\[\](){}]|\"(?:[^\"\\\n]++|\\[^\n])*+\"?|'(?:[^'\\\n]++|\\[^\n])*+'?")
_ONLY_MARKS = re.compile(r"(?:[ \t\r,;)\]}>/\"'\\]|#[^\n]*+)*+$", re.MULTILINE)
_LEADS = re.compile(
    r"[\W_]*+(?:(?:export|setx?|env|arg|declare|typeset|local|readonly|const|let|var|val|static|private|public|final"
    r"|string|def|self|this)[ \t.]++(?:-\w++[ \t]++)?[$\"']{0,2}){0,4}$",
    re.IGNORECASE,
)
_PATIENCE = 4
_LEAD_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key in a text. `separator` is what stands before its value, with the spaces behind it; `quote`: the quotation
    mark that was opened right before the key and is not closed behind it, "" if there is none."""

    start: int
    separator: str
    quote: str = ""


class ValueReader:
    """Reads values out of one text, front to back."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line: Span = (0, -1)
        self._misses = 0

    def value(self, key: SecretKey, at: int) -> Span:
        """Span of the value that begins at or behind `at`; empty where there is nothing to hide."""
        start = _end(_SPACES, self._text, at)
        leads = self._leads(key.start)
        if _BELOW.match(self._text, start):
            return self._below(key, start, leads)
        structured = self._structured(start, leads, key.separator.strip() == "=")
        if structured:
            return structured
        return self._bare(key, start, leads) or self._plain(key, start, leads)

    def element(self, at: int, tag: str) -> Span:
        """Content of an XML element whose opening tag ends at `at`."""
        end = self._find(f"</{tag}", at)
        return at, end if end is not None else self.line(at)[1]

    def line(self, at: int) -> Span:
        """Start and end of the line at a position."""
        start, end = self._line
        if not start <= at <= end:
            start = self._text.rfind("\n", end if at > end >= 0 else 0, at) + 1 or (end + 1 if at > end else 0)
            self._line = start, self._line_end(at)
        return self._line

    def _line_end(self, at: int) -> int:
        found = self._text.find("\n", at)
        return found if found >= 0 else len(self._text)

    def _leads(self, key: int) -> bool:
        """Whether a key is the first word of its line but for words like `export`."""
        start, _ = self.line(key)
        return key - start <= _LEAD_LENGTH and _LEADS.match(self._text[start:key]) is not None

    def _find(self, what: str, at: int) -> int | None:
        if self._misses >= _PATIENCE:
            return None
        found = self._text.find(what, at)
        self._misses += found < 0
        return found if found >= 0 else None

    # --- values over lines ---
    def _below(self, key: SecretKey, at: int, leads: bool) -> Span:
        """Lines that are indented deeper than the key, a list below it, or a quoted or bracketed value there."""
        line_start, line_end = self.line(key.start)
        end = self._deeper(line_end, key.start - line_start, lists=True) if leads else line_end
        start = _end(_BLANK, self._text, line_end)
        if end > line_end:
            return start, end
        return self._structured(start, False, False) or (at, at)

    def _deeper(self, line_end: int, column: int, *, lists: bool = False) -> int:
        """End of the last of the following lines that belong to what stands at a column."""
        text, end = self._text, line_end
        while line_end < len(text):
            start, line_end = line_end + 1, self._line_end(line_end + 1)
            first = _end(_SPACES, text, start)
            if first >= line_end or text[first] == "\r":
                continue
            listed = lists and first - start == column and text.startswith("- ", first)
            if first - start <= column and not listed:
                break
            end = line_end
        return end

    # --- values with an end of their own ---
    def _structured(self, start: int, leads: bool, calls: bool) -> Span | None:
        """A quoted or a bracketed value, round brackets only where `calls`; None where there is neither."""
        opening = _OPENING.match(self._text, start)
        if opening:
            return self._quoted(opening, leads)
        if self._text.startswith(("[", "{", "(") if calls else ("[", "{"), start):
            return self._bracketed(start, leads)
        return None

    def _quoted(self, opening: re.Match[str], leads: bool) -> Span:
        begin, end = opening.end(), self._closing(opening)
        if end is None:
            line_start, line_end = self.line(begin)
            return begin, self._deeper(line_end, opening.start() - line_start) if leads else line_end
        after = end + len(opening[0])
        while more := _MORE.match(self._text, after):
            opening = _OPENING.match(self._text, more.end()) or opening
            closing = self._closing(opening) if opening.start() == more.end() else None
            if closing is None:
                return begin, _end(_WORD, self._text, more.end())
            end, after = closing, closing + len(opening[0])
        return begin, end

    def _closing(self, opening: re.Match[str]) -> int | None:
        """Where the quotation mark begins that closes the one given."""
        if len(opening["quote"]) == 3:
            return self._find(opening[0], opening.end())
        if self._misses >= _PATIENCE:
            return None
        body = _body(opening["quote"], len(opening["escape"])).match(self._text, opening.end())
        self._misses += body is None
        return body.end("body") if body else None

    def _bracketed(self, start: int, leads: bool) -> Span | None:
        """What stands between a bracket and its partner; templates go on behind it to the end of the line."""
        depth = 0
        for found in _BRACKETS.finditer(self._text, start) if self._misses < _PATIENCE else ():
            depth += (found[0] in "[{(") - (found[0] in "]})")
            if depth == 0:
                marks = not leads or _ONLY_MARKS.match(self._text, found.end())
                return start + 1, found.start() if marks else self._line_end(found.end())
        self._misses += 1
        return None

    # --- values without ---
    def _bare(self, key: SecretKey, start: int, leads: bool) -> Span | None:
        """A word that stands for nothing, or a number; where the key leads its line, only as all that is there."""
        nothing, number = _NOTHING.match(self._text, start), _NUMBER.match(self._text, start)
        found = nothing or number
        if found is None or key.quote or (leads and not _LAST.match(self._text, found.end())):
            return None
        return (found.end() if nothing else start), found.end()

    def _plain(self, key: SecretKey, start: int, leads: bool) -> Span:
        text, (line_start, line_end) = self._text, self.line(start)
        before = text[key.start - 1 : key.start]
        if key.quote:
            body = _body(key.quote, 0).match(text, start, line_end)
            return start, body.end("body") if body else line_end
        if before in ("?", "&"):
            return start, _end(_PARAMETER, text, start)
        if leads:
            return start, self._deeper(self._continued(line_end), key.start - line_start)
        if key.separator[-1:].isspace() or before == ";":
            return start, line_end
        return start, _end(_WORD, text, start)

    def _continued(self, line_end: int) -> int:
        """The end of a line that a backslash at its end makes longer."""
        while line_end < len(self._text) and self._text[line_end - 2 : line_end].endswith(("\\", "\\\r")):
            line_end = self._line_end(line_end + 1)
        return line_end


@lru_cache(64)
def _body(quote: str, depth: int) -> re.Pattern[str]:
    """What stands between quotation marks that are escaped by `depth` backslashes."""
    if depth:
        deeper = rf"\\{{{depth + 1},}}+{quote}"
        inside = rf"[^{quote}\\]++|\\++(?![{quote}\\])|{deeper}"
        return re.compile(rf"(?P<body>(?:{inside})*+)\\{{0,{depth}}}{quote}", re.DOTALL)
    doubled = "|''" if quote == "'" else ""
    return re.compile(rf"(?P<body>(?:[^{quote}\\]++|\\.{doubled})*+){quote}", re.DOTALL)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
