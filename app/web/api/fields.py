"""Kinds of values in paths, queries and bodies. They are strict: what the description does not allow is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


def unreadable(text: str) -> bool:
    """Whether a text holds what no field may hold: control characters or halves of surrogate pairs."""
    return any((ord(c) < 32 and c not in "\n\t\r") or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text)


def clean(text: str) -> str:
    """The text itself. Raises ValueError for control characters."""
    if unreadable(text):
        raise ValueError("must not hold control characters")
    return text


def clean_all(value: Any) -> Any:
    """A JSON value in which every text is clean. Raises ValueError."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            clean(one)
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return value


def moment(value: Any) -> datetime:
    """An RFC 3339 time with its zone, as UTC. Raises ValueError."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not RFC3339.match(value):
        raise ValueError("must be a time such as 2026-11-23T15:04:05Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time such as 2026-11-23T15:04:05Z") from None


Line = Annotated[str, Field(max_length=2000), AfterValidator(clean)]
Word = Annotated[str, Field(min_length=1, max_length=250), AfterValidator(clean)]
Secret = Annotated[
    str, Field(min_length=1, max_length=500_000, json_schema_extra={"writeOnly": True}), AfterValidator(clean)
]
Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]

Name = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$", description="Name of the environment.",
         examples=["shop-production"]),
]  # fmt: skip
CredentialName = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$", description="Name of the credential.",
         examples=["git-read"]),
]  # fmt: skip
OperationId = Annotated[
    str, Path(pattern="^[0-9A-HJKMNP-TV-Z]{26}$", description="Its id.", examples=["01KATV2Q8Z3V8M6D3T0F8Y1N4R"])
]
Id = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$", description="Its id.")]

Text = Annotated[str, Query(max_length=250), AfterValidator(clean)]
Labels = Annotated[
    str,
    Query(max_length=500, description="Only environments with all of these: key=value,key2=value2"),
    AfterValidator(clean),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
After = Annotated[
    str | None,
    Query(max_length=200, description="The `next` of the page before."),
    AfterValidator(lambda text: text and clean(text)),
]
Since = Annotated[Moment | None, Query(description="From this time on (RFC 3339).")]
Until = Annotated[Moment | None, Query(description="Before this time (RFC 3339).")]
