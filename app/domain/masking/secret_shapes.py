"""Secrets that are known by their shape, whatever they are called. What is hidden is the group `s`, or else the match.

Every repetition without a bound is possessive, so that no text makes a pattern go back over what it has read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

TOKENS = re.compile(
    r"(?<![\w-])(?:"
    r"gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{20,}+"
    r"|gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w.-]{16,}+"
    r"|xox[a-z]-[A-Za-z0-9-]{10,}+|xapp-[A-Za-z0-9-]{10,}+"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|AIza[\w-]{30,}+|ya29\.[\w-]{20,}+|GOCSPX-[\w-]{20,}+"
    r"|[sr]k-[\w-]{20,}+|[sr]k_(?:live|test)_\w{16,}+|whsec_[\w+/=]{16,}+|pp_[\w-]{30,}+|npm_[A-Za-z0-9]{30,}+"
    r"|pypi-[\w-]{30,}+|dckr_(?:pat|oat)_[\w-]{20,}+|hv[sbr]\.[\w-]{20,}+|SG\.[\w-]{16,}+\.[\w-]{16,}+"
    r"|do[opr]_v1_[a-f0-9]{40,}+|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{30,}+|glsa_\w{30,}+|ATATT3[\w=-]{30,}+"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{40,}+|\d{8,10}:AA[\w-]{32,}+|key-[a-f0-9]{32}"
    r"|eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+){0,3}"
    r")"
)
_OTHERS = (
    # password hashes of crypt(3) and its successors
    r"\$(?:1|2[abxy]?|5|6|7|y|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]{0,12})\$(?P<s>[\w./$=,+-]{16,}+)",
    # schemes of HTTP's Authorization
    r"(?i)\b(?:bearer|basic|token|apikey)[ \t]++(?P<s>(?=[A-Za-z+/_.~-]*+[\d=])[\w+/=.~-]{8,}+)",
    # signatures in query strings
    r"(?i)[?&](?:sig|signature|x-(?:amz|goog)-(?:signature|credential)|key|code|auth)=(?P<s>[^&\s\"'<>#]++)",
    # addresses that are secrets themselves
    r"(?i)\bhooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[\w/-]{8,}+)",
    r"(?i)\bdiscord(?:app)?\.com/api/webhooks/(?P<s>[\w/-]{8,}+)",
    # Docker's and npm's log-ins
    r"\b_?auth\\*+[\"']?[ \t]*+[:=]\s*+\\*+[\"']?(?P<s>[\w+/=-]{12,}+)",
    # netrc, redis.conf and their like: a word and its value
    r"(?im)^[ \t]*+(?:password|passwd|requirepass|masterauth|secret|token)[ \t]++(?P<s>[^\s:=]\S*+)[ \t;]*+$",
    r"(?i)\blogin[ \t]++\S++\s++password[ \t]++(?P<s>\S++)",
    # SQL
    r"(?i)\b(?:password|identified[ \t]++by)[ \t]++(?P<s>'[^'\n]*+'|\"[^\"\n]*+\")",
    # .pgpass, and Go's data source names
    r"(?m)^[^:\s#]++:(?:\d{1,5}|\*):[^:\s]++:[^:\s]++:(?P<s>\S++)$",
    r"(?<![\w.-])[\w.-]{1,64}+:(?P<s>[^\s\"'@]{1,200}+)@(?:tcp|unix)\(",
    # log-ins given to commands
    r"(?<!\S)(?:-u|--user|--userpass)(?:[ \t]++|=)[\"']?[^\s:\"']{1,100}+:(?P<s>[^\s\"']++)",
    r"\bsshpass[ \t]++-p[ \t]*+(?P<s>\S++)",
    r"\b(?:mysql|mariadb)\w*+(?:[ \t]++[^\s|;&]++){0,6}?[ \t]++-p(?P<s>\S++)",
    r"\bredis-cli\b(?:[ \t]++[^\s|;&]++){0,6}?[ \t]++-a[ \t]++(?P<s>\S++)",
)
SHAPES = (TOKENS, *map(re.compile, _OTHERS))
PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|PGP MESSAGE)[A-Z ]{0,20}-----")
PEM_END = re.compile(r"-----END [A-Z0-9 ]{1,60}-----")
PEM_END_SECRET = re.compile(r"-----END [A-Z0-9 ]{0,40}(?:PRIVATE KEY|PGP MESSAGE)[A-Z ]{0,20}-----")
_BASE64 = re.compile(r"[ \t]*+[A-Za-z0-9+/=]{4,}+[ \t\r]*+")
_AUTHORITY = re.compile(r":\\?/\\?/(?P<all>[^\s/?#\"'<>`\\]{1,1000}+)")
_BEYOND = re.compile(r"[^\s@\"'<>`]{1,500}+@[\w\[]")
_MORE = re.compile(r"[^\s@\"'<>`]{1,500}+(?<!/)@[\w\[]")
_PORT = re.compile(r"\d{1,5}(?:[/?#]|$)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,12}$")


def shaped(text: str) -> Iterator[Span]:
    """Spans of secrets that are known by their shape."""
    for pattern in SHAPES:
        named = "s" in pattern.groupindex
        for found in pattern.finditer(text):
            yield found.span("s" if named else 0)
    yield from _keys(text)
    yield from _addresses(text)


def _keys(text: str) -> Iterator[Span]:
    """PEM blocks; of one that was cut off, what is left of it."""
    done = 0
    while begin := PEM_BEGIN.search(text, done):
        end = PEM_END.search(text, begin.end())
        yield from _tails(text, done, begin.start())
        done = end.end() if end else len(text)
        yield begin.start(), done
    yield from _tails(text, done, len(text))


def _tails(text: str, start: int, stop: int) -> Iterator[Span]:
    for end in PEM_END_SECRET.finditer(text, start, stop):
        first = text.rfind("\n", start, end.start()) + 1 or start
        while first > start:
            before = text.rfind("\n", start, first - 1) + 1 or start
            if not _BASE64.fullmatch(text, before, first - 1):
                break
            first = before
        yield first, end.end()
        start = end.end()


def _addresses(text: str) -> Iterator[Span]:
    """Passwords in addresses, also those with a raw "@" or "/" in them; tokens in the place of a user's name."""
    for found in _AUTHORITY.finditer(text):
        start, authority = found.start("all"), found["all"]
        log_in, at, _ = authority.rpartition("@")
        user, colon, password = log_in.partition(":")
        if colon and password:
            yield start + len(user) + 1, _last(text, start + len(log_in))
        elif at and log_in and _is_web(text, found.start()):
            yield start, start + len(log_in)
        elif not at and ":" in authority:
            yield from _beyond(text, start, start + authority.index(":") + 1)


def _last(text: str, end: int) -> int:
    """The end of a password that may have raw "@" and "/" in it."""
    while found := _MORE.match(text, end + 1):
        end = found.end() - 2
    return end


def _beyond(text: str, start: int, password: int) -> Iterator[Span]:
    found = _BEYOND.match(text, start)
    if found and not _PORT.match(text, password):
        yield password, found.end() - 2


def _is_web(text: str, colon: int) -> bool:
    scheme = _SCHEME.search(text[max(0, colon - 12) : colon])
    return scheme is not None and scheme[0].lower().rpartition("+")[2] in ("http", "https")
