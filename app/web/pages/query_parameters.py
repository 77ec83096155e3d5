"""Parsers of pages' query parameters, which browsers send with empty fields."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

PAGE = 50

Word = Annotated[str, Query(max_length=250)]
PARTS = re.compile(r'[^\s"]*"[^"]*"|\S+')
After = Annotated[str, Query(max_length=200)]


def moment(text: str, *, end: bool = False) -> datetime | None:
    """A date ("2026-11-23"; `end`: up to its end) or time as browsers and people write it, as UTC; None if neither."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if end and len(text.strip()) == 10:
        found = found.replace(hour=23, minute=59, second=59, microsecond=999999)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


def tidied(request: Request) -> Response | None:
    """A way to the same page without the empty fields that a browser's form sends along; None where there are none."""
    given = request.query_params.multi_items()
    kept = [(name, value) for name, value in given if value]
    if len(kept) == len(given):
        return None
    return RedirectResponse(f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path, HTTPStatus.SEE_OTHER)


def number(after: str) -> int | None:
    """A cursor that is a number; anything else begins at the start."""
    return int(after) if after.isascii() and after.isdigit() and len(after) <= 18 else None


def split_search(text: str) -> tuple[str, dict[str, str]]:
    """The words of a search apart from its labels: "shop tier=prod" is ("shop", {"tier": "prod"}). Quotes hold a
    label together that has spaces: owner="team a"."""
    parts = [part.replace('"', "") for part in PARTS.findall(text)]
    labels = dict(part.split("=", 1) for part in parts if "=" in part.strip("="))
    return " ".join(part for part in parts if "=" not in part.strip("=")), labels


def clean(text: str) -> str:
    """A query value without characters that databases refuse."""
    return "".join(c for c in text if ord(c) >= 32 and ord(c) != 127 and not 0xD800 <= ord(c) <= 0xDFFF)
