"""What is wrong with a request's fields, in words that say how to mend it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from fastapi.exceptions import RequestValidationError

from app.domain.errors import InvalidInput
from app.web.api.fields import FORMS
from app.web.api.request_bodies.bodies import Body

TEXT, WHOLE, NUMBER, TRUTH, LIST = (
    "must be text", "must be a whole number", "must be a number", "must be true or false", "must be a list",
)  # fmt: skip
TIME = "must be a time with its zone, such as 2026-11-23T15:04:05Z"
# What the validating library finds wrong, by its name for that; the braces are what it says beside.
WORDS = {
    "missing": "is required",
    "string_type": TEXT, "string_unicode": TEXT,
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters or fewer",
    "int_type": WHOLE, "int_parsing": WHOLE, "int_from_float": WHOLE, "int_parsing_size": WHOLE,
    "float_type": NUMBER, "float_parsing": NUMBER, "finite_number": NUMBER,
    "bool_type": TRUTH, "bool_parsing": TRUTH,
    "greater_than_equal": "must be {ge} or more", "less_than_equal": "must be {le} or less",
    "greater_than": "must be more than {gt}", "less_than": "must be less than {lt}",
    "list_type": LIST, "tuple_type": LIST,
    "dict_type": "must be an object", "model_type": "must be an object",
    "model_attributes_type": "must be an object", "dataclass_type": "must be an object",
    "too_short": "must have {min_length} entries or more", "too_long": "must have {max_length} entries or fewer",
    "string_pattern_mismatch": "must have the form {pattern}",
    "datetime_type": TIME, "datetime_parsing": TIME, "datetime_from_date_parsing": TIME,
    "datetime_object_invalid": TIME, "timezone_aware": TIME,
    "json_invalid": "is not valid JSON",
}  # fmt: skip
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
        case "union_tag_not_found" | "union_tag_invalid":
            return f"must be one of {', '.join(KINDS)}"
        case "string_pattern_mismatch" if context["pattern"] in FORMS:
            return FORMS[context["pattern"]]
        case "literal_error" | "enum":
            return f"must be {_choices(context['expected'])}"
        case "string_too_short" | "too_short" if context["min_length"] == 1:
            return WORDS["missing"]
        case "extra_forbidden":
            return _unknown(str(error["loc"][-1]))
        case kind if kind in WORDS:
            return WORDS[kind].format(**context)
    return str(error.get("msg", "is not valid")).removeprefix("Value error, ")[:300]
