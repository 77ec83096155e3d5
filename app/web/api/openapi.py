"""The OpenAPI document: what FastAPI derives, with security schemes and the problems that every route may answer."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from app.domain.specification.kind_catalogue import KindCatalogue
from app.web.api.property_texts import PARAMETERS, describe_schemas
from app.web.api.request_bodies.bodies import PolicyBody
from app.web.api.response_models import Problem
from app.web.api.target_schema import target_schemas

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
TEXTS = {
    "200": "What was asked for",
    "201": "It was made; what was made",
    "202": "It was taken; follow the operation at its Location",
    "204": "It was done; there is nothing to say",
    "400": "The body is not JSON",
    "401": "No valid token or session",
    "403": "Not allowed for this identity, or made by another site",
    "404": "There is no such thing",
    "409": "Not possible in this state",
    "412": "Edited meanwhile",
    "413": "The body is too large",
    "415": "The body is not declared as JSON",
    "422": "A field is wrong; `errors` names it",
    "424": "The repository or the target cannot be reached",
    "426": "Server and agent are more than one minor version apart",
    "429": "Too many attempts; see Retry-After",
    "503": "Not ready, or the environment's agent is away; see Retry-After",
}
TAGS = {
    "environments": "What is delivered where: registered, edited, held, switched between push and pull.",
    "operations": "Syncs and refreshes, and what became of them.",
    "drift": "What is on a target and not in Git, and the answers to it.",
    "history": "What was live, and the way back to it.",
    "ledger": "Everything that happened, in its order.",
    "audit": "Who did what, in a chain that shows when it was altered.",
    "comparison": "Push against pull, out of the installation's own ledger.",
    "experiments": "Push against pull by twins: the same commits and the same faults both ways.",
    "credentials": "Secrets for repositories and targets; they are never shown again.",
    "tokens": "API tokens for scripts.",
    "agents": "Processes beside their targets: who they are, and how one becomes one.",
    "agent": "Between an agent and the server. Not for other clients: it changes with the agent's version.",
    "webhooks": "Where Git hosts say that something was pushed.",
    "health": "Whether the process lives and can work, and its figures.",
}
AGENTS = ("/api/v1/agents/self/",)  # and POST /agents, which takes an enrollment token
PUBLIC = ("/healthz", "/readyz", "/webhooks/")
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of your choice for this request, e.g. a UUID. Sent again with it within 24 hours, the "
    "request is not carried out again: its first answer comes back, with `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
AN_ID = "01KATV2Q8Z3V8M6D3T0F8Y1N4R"
UNSAFE = ("post", "put", "patch", "delete")
ABOUT = """\
One control plane for environments that a pipeline pushes to and environments that pull from Git.

Send an API token as `Authorization: Bearer …`. Errors are problem documents (RFC 9457) with a stable `code`. Lists are
`{"items": […], "next": cursor or null}`; pass `next` as `after`. Times are UTC, RFC 3339 with microseconds.

A change that is sent with an `Idempotency-Key` (1 to 255 printable ASCII characters, no blanks) is made once. For 24
hours the same identity hears the first answer again, with `Idempotency-Replayed: true`: status, headers and body, also
that of a refusal. 422 says that the key was used for another request (method, address or body), 409 with Retry-After
that the first one is still being carried out. Not kept are 401, 403, 429, 5xx and what passes by itself (an unreachable
repository, a busy database, another operation in progress): such a request may be sent again with its key. A server
that dies in the middle of a request frees its key after a minute; look first at what came of it. Answers are kept
encrypted with the installation's secret key, because there may be a new token in them.

Nobody who is let in is limited. Answers 401 are counted by address, at most 300 in five minutes, and tell in
`RateLimit` how many are left; those beyond are 429 with Retry-After. A good token from the same address goes on
working.

The ledger can be followed: `GET /api/v1/events/stream` answers server-sent events, one per entry, with the entry's type
as name, its id as id and the entry as JSON data. `?after=` or the header `Last-Event-ID` says where to go on; without
either only what is new is sent. A stream ends after ten minutes, and when its token is revoked.
"""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Descriptions of a route's own problems, besides those that every route has."""
    return {status: {"description": TEXTS[str(status)], "content": PROBLEM} for status in statuses}


def describe(app: FastAPI, kinds: KindCatalogue, server: str) -> None:
    """Complete the document when it is first asked for. `kinds` describe the target of a specification; `server` is the
    address that others know, "/" for the one that is asked."""
    derived = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = derived()
            document["info"]["description"] = ABOUT
            document["tags"] = _tags(document)
            document["servers"] = [{"url": server, "description": "This server."}]
            schemas = document["components"]["schemas"]
            schemas.update({**_named_schemas(), **target_schemas(kinds)})
            describe_schemas(schemas)
            document["components"]["securitySchemes"] = _schemes()
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _finish(path, method, operation)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = complete  # type: ignore[method-assign]


def _tags(document: dict[str, Any]) -> list[dict[str, str]]:
    """The tags that routes have, in their order, each with what it is about."""
    used = [tag for operations in document["paths"].values() for one in operations.values() for tag in one["tags"]]
    return [{"name": tag, "description": TAGS[tag]} for tag in dict.fromkeys(used)]


def _schemes() -> dict[str, Any]:
    return {
        "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
        "agent": {"type": "http", "scheme": "bearer", "description": "An agent's credential, or its enrollment token."},
        "session": {"type": "apiKey", "in": "cookie", "name": "pushpull_session", "description": "A log-in."},
    }


def _named_schemas() -> dict[str, Any]:
    """Schemas that routes refer to by name only."""
    found: dict[str, Any] = {}
    for model in (Problem, PolicyBody):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        found |= {**schema.pop("$defs", {}), model.__name__: schema}
    return found


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    answers.pop("422", None) if "HTTPValidationError" in str(answers.get("422")) else None
    general = []
    if path.startswith("/api/"):
        theirs = path.startswith(AGENTS) or (path == "/api/v1/agents" and method == "post")
        operation["security"] = [{"agent": []}] if theirs else [{"token": []}, {"session": []}]
        general += ["401", "422", "429"]
        if method in UNSAFE:
            general += ["403"]
        if method in UNSAFE and not theirs:
            operation["parameters"] = [*operation.get("parameters", ()), KEY]
            general += ["409"]
        general += ["404"] if "{" in path else []
    elif path.startswith(PUBLIC):
        operation["security"] = []
    if "requestBody" in operation:
        general += ["400", "413", "415"]
    for one in operation.get("parameters", ()):
        if one["in"] != "header" and one["name"] in PARAMETERS:
            one.setdefault("description", PARAMETERS[one["name"]])
        if one["name"] == "id":
            one["schema"].setdefault("examples", [AN_ID])
    for status, one in answers.items():
        if one["description"] == "Successful Response":
            one["description"] = TEXTS[status]
    for status in general:
        answers.setdefault(status, {"description": TEXTS[status], "content": PROBLEM})
    operation["responses"] = dict(sorted(answers.items()))
