"""What every part of the API answers."""

from __future__ import annotations

import json
from typing import Any, Generic, Literal, TypeVar

from fastapi import Response
from pydantic import Field

from app.web.api.fields import LateModel

T = TypeVar("T")


def reply(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer (ASCII, so that every text can be told). `headers` with _ for -."""
    body = json.dumps(value, separators=(",", ":")).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(body, status, named, media_type="application/json")


class FieldProblem(LateModel):
    """A wrong field, by its dotted name, and how to mend it."""

    field: str
    message: str


class Problem(LateModel):
    """RFC 9457 problem document; `code` is stable, `errors` names wrong fields, `request_id` what a failure of the
    server has in its log."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(examples=["environment_not_found"])
    errors: list[FieldProblem] | None = None
    request_id: str | None = None


class Items(LateModel, Generic[T]):
    """A page of a list; `next` goes into `after` for the page that follows, null at the end."""

    items: list[T]
    next: str | None


class Alive(LateModel):
    """The process answers."""

    status: Literal["ok"]


class Ready(LateModel):
    """Every part is ready. `degraded`: what is done again and again and fails or hangs now, e.g. "poll", and why."""

    status: Literal["ok", "degraded"]
    checks: dict[str, str]
    degraded: dict[str, str]
