"""What is wrong with a request's fields, in words that say how to mend it."""

from __future__ import annotations

from typing import Any

from fastapi.exceptions import RequestValidationError

from app.domain.errors import InvalidInput
from app.web.api.fields import FORMS

KINDS = ("ssh-key", "token", "password", "kubeconfig", "webhook-secret")  # of a credential


def wrong_fields(error: RequestValidationError) -> InvalidInput:
    """The first fifty of them."""
    return InvalidInput(fields={_place(one): _message(one) for one in error.errors()[:50]})


def _place(error: Any) -> str:
    """The field's dotted name; which of several forms a body was taken for is no part of it."""
    location = error["loc"]
    if location[0] == "body" and len(location) > 2 and location[1] in KINDS:
        location = location[2:]
    if error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        location = (*location, error["ctx"]["discriminator"].strip("'"))
    if error["type"] == "json_invalid":  # its place is a position in the text
        location = ()
    parts = [str(part) for part in location if part not in ("body", "query", "header")]
    return ".".join(parts)[:200] or "body"


def _message(error: Any) -> str:
    context = error.get("ctx") or {}
    match error["type"]:
        case "json_invalid":
            return "is not valid JSON"
        case "union_tag_not_found" | "union_tag_invalid":
            return f"must be one of {', '.join(KINDS)}"
        case "string_pattern_mismatch" if context["pattern"] in FORMS:
            return FORMS[context["pattern"]]
    return str(error.get("msg", "is not valid")).removeprefix("Value error, ")[:300]
