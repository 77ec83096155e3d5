"""What is wrong with a request's fields, in words that say how to mend it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from fastapi.exceptions import RequestValidationError

from app.domain.errors import InvalidInput
from app.web.api.fields import FORMS
from app.web.api.request_bodies.bodies import Body

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


def _choices(expected: str) -> str:
    """The words of a choice, without quotes and without the one that means none."""
    words = [word for word in expected.replace(" or ", ", ").replace("'", "").split(", ") if word]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _unknown(name: str) -> str:
    """That there is no such field, and which one may be meant."""
    known = sorted({field for kind in Body.__subclasses__() for field in kind.model_fields})
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"is no field here{f'; did you mean {near[0]}?' if near else ''}"


def _message(error: Any) -> str:
    context = error.get("ctx") or {}
    match error["type"]:
        case "json_invalid":
            return "is not valid JSON"
        case "union_tag_not_found" | "union_tag_invalid":
            return f"must be one of {', '.join(KINDS)}"
        case "string_pattern_mismatch" if context["pattern"] in FORMS:
            return FORMS[context["pattern"]]
        case "literal_error" | "enum":
            return f"must be {_choices(context['expected'])}"
        case "missing":
            return "is required"
        case "extra_forbidden":
            return _unknown(str(error["loc"][-1]))
    return str(error.get("msg", "is not valid")).removeprefix("Value error, ")[:300]
