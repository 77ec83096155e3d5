"""Kinds of values in paths, queries and bodies. They are strict: what the description does not allow is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"  # no control characters but tabs and line ends
LINE = r"^[^\x00-\x1f\x7f]*$"
NAME = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
LABELS = r"^([A-Za-z0-9][A-Za-z0-9._/-]*=[^,\s\x00-\x1f\x7f][^,\x00-\x1f\x7f]*(,[A-Za-z0-9][A-Za-z0-9._/-]*=[^,\s\x00-\x1f\x7f][^,\x00-\x1f\x7f]*)*)?$"  # noqa: E501
NUMBER = "^[0-9]{0,18}$"
AFTER = r"^[A-Za-z0-9._-]{0,63}$"
FORMS = {  # what a person reads instead of a pattern
    LINES: "must be text without control characters",
    LINE: "must be one line of text without control characters",
    NAME: "must be 1 to 63 letters, digits, '.', '_' or '-', and begin and end with a letter or digit",
    LABELS: "must be labels such as tier=prod,region=eu",
    NUMBER: "must be the `next` of the page before",
    AFTER: "must be the `next` of the page before",
}
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class LateModel(BaseModel):
    """The base of answers, which the API's document describes: their schemas are built when it is asked for."""

    model_config = ConfigDict(defer_build=True)


def clean_all(value: Any) -> Any:
    """A JSON value in which every text is clean. Raises ValueError."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and UNFIT.search(one):
            raise ValueError("must not hold control characters")
        if isinstance(one, dict):
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


Line = Annotated[str, Field(max_length=2000, pattern=LINES)]
Word = Annotated[str, Field(min_length=1, max_length=250, pattern=LINE)]
Secret = Annotated[str, Field(min_length=1, max_length=100_000, pattern=LINES, json_schema_extra={"writeOnly": True})]
Moment = Annotated[datetime, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]

Name = Annotated[str, Path(pattern=NAME, description="Name of the environment.", examples=["shop-production"])]
CredentialName = Annotated[str, Path(pattern=NAME, description="Name of the credential.", examples=["git-read"])]
OperationId = Annotated[
    str, Path(pattern="^[0-9A-HJKMNP-TV-Z]{26}$", description="Its id.", examples=["01KATV2Q8Z3V8M6D3T0F8Y1N4R"])
]
EpisodeId = Annotated[str, Path(pattern="^[0-9]{1,18}$", description="Its number.", examples=["19"])]
Id = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{1,64}$", description="Its id.")]

Text = Annotated[str, Query(max_length=250, pattern=LINE)]
Labels = Annotated[
    str, Query(max_length=500, pattern=LABELS, description="Only with all of these: key=value,key2=value2")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Items on a page.")]
AfterNumber = Annotated[str, Query(pattern=NUMBER, description="The `next` of the page before.")]
OneName = Annotated[
    str,
    Query(
        pattern="^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$",
        description="Only this environment, before and after it was switched.",
    ),
]
AfterName = Annotated[str, Query(pattern=AFTER, description="The `next` of the page before.")]
Since = Annotated[Moment | None, Query(description="From this time on (RFC 3339).")]
Until = Annotated[Moment | None, Query(description="Before this time (RFC 3339).")]
