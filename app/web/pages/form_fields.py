"""Parsers of browsers' form fields."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Form

from app.domain.errors import InvalidInput
from app.web.pages.query_parameters import clean, moment

Line = Annotated[str, Form(max_length=2000)]
Lines = Annotated[str, Form(max_length=20_000)]
Many = Annotated[list[str], Form(max_length=10_000)]


def until(text: str, field: str = "expires_at") -> datetime | None:
    """An optional moment in UTC. Raises InvalidInput for what is neither empty nor a time."""
    if not text.strip():
        return None
    found = moment(text)
    if found is None:
        raise InvalidInput(fields={field: "must be a time such as 2026-11-23 15:04"})
    return found


def line(text: str) -> str:
    """One line of text as it is stored."""
    return clean(text.replace("\r", " ").replace("\n", " ")).strip()
