"""The OpenAPI document as what the reference page shows: operations and schemas, with a command to try each."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JsonDict = Mapping[str, Any]
Pieces = tuple[tuple[str, str], ...]  # (words, name of the schema that they link to or "")
DEPTH = 4  # of an example: what lies deeper is left out


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter or a property."""

    name: str
    type: Pieces
    text: str
    note: str  # "required", where a parameter stands, or a default


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of an operation."""

    status: str
    text: str
    type: Pieces


@dataclass(frozen=True, slots=True)
class ApiCall:
    """An operation: what is sent, what comes back, and how to try it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Row, ...]
    body: Pieces
    replies: tuple[Reply, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class TaggedCalls:
    """The operations of a tag."""

    tag: str
    text: str
    calls: tuple[ApiCall, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema with its properties; one that is one of several has `alternatives` instead."""

    name: str
    text: str
    rows: tuple[Row, ...]
    alternatives: Pieces


@dataclass(frozen=True, slots=True)
class Reference:
    """All of it."""

    about: tuple[str, ...]
    sections: tuple[TaggedCalls, ...]
    shapes: tuple[Shape, ...]


def reference_of(document: JsonDict, server: str) -> Reference:
    """The reference of an OpenAPI document. `server`: the address that commands are made for."""
    schemas = document["components"]["schemas"]
    calls: dict[str, list[ApiCall]] = {one["name"]: [] for one in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            calls[operation["tags"][0]].append(_call(schemas, server, method, path, operation))
    sections = tuple(
        TaggedCalls(one["name"], one["description"], tuple(calls[one["name"]])) for one in document["tags"]
    )
    shapes = tuple(_shape(name, schemas[name]) for name in sorted(schemas))
    return Reference(tuple(document["info"]["description"].strip().split("\n\n")), sections, shapes)


def _call(schemas: JsonDict, server: str, method: str, path: str, operation: JsonDict) -> ApiCall:
    body = _content(operation.get("requestBody", {}))
    return ApiCall(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation["description"],
        parameters=tuple(_parameter(one) for one in operation.get("parameters", ())),
        body=_type(body) if body else (),
        replies=tuple(_reply(status, one) for status, one in operation["responses"].items()),
        curl=_curl(schemas, server, method.upper(), path, operation),
    )


def _parameter(one: JsonDict) -> Row:
    where = {"path": "in the path", "query": "in the query", "header": "a header"}[one["in"]]
    needed = "required, " if one.get("required") and one["in"] != "path" else ""
    return Row(one["name"], _type(one["schema"]), one.get("description", ""), needed + where)


def _reply(status: str, one: JsonDict) -> Reply:
    schema = _content(one)
    return Reply(status, one["description"], _type(schema) if schema else ())


def _content(one: JsonDict) -> JsonDict:
    return next((each.get("schema", {}) for each in one.get("content", {}).values()), {})


def _shape(name: str, schema: JsonDict) -> Shape:
    needed = schema.get("required", ())
    rows = [
        Row(key, _type(one), one.get("description", ""), _note(key in needed, one))
        for key, one in schema.get("properties", {}).items()
    ]
    several = schema.get("oneOf") or schema.get("anyOf") or ()
    return Shape(name, schema.get("description", ""), tuple(rows), tuple(_joined(several)))


def _note(needed: bool, one: JsonDict) -> str:
    if needed:
        return "required"
    return f"default {json.dumps(one['default'])}" if one.get("default") not in (None, "", [], {}) else ""


def _type(schema: JsonDict) -> Pieces:
    """A schema in words, such as "list of Operation, or null"."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return ((name, name),)
    if several := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return tuple(_joined(several))
    if "enum" in schema or "const" in schema:
        given = schema.get("enum", [schema.get("const")])
        return ((" | ".join(json.dumps(one) for one in given if one != ""), ""),)
    if schema.get("type") == "array":
        return (("list of ", ""), *_type(schema.get("items", {})))
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return (("object of ", ""), *_type(schema["additionalProperties"]))
    word = "time" if schema.get("format") == "date-time" else str(schema.get("type", "any value"))
    return ((word, ""),)


def _joined(several: Sequence[JsonDict]) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(several):
        if number:
            yield " or ", ""
        yield from _type(one)


def _curl(schemas: JsonDict, server: str, method: str, path: str, operation: JsonDict) -> str:
    filled = path
    for one in operation.get("parameters", ()):
        if one["in"] == "path":
            filled = filled.replace(f"{{{one['name']}}}", str(_sample(schemas, one["schema"], one.get("examples"))))
    words = ["curl"] + ([] if method == "GET" else ["-X", method]) + [shlex.quote(server + filled)]
    lines = [" ".join(words)]
    if operation.get("security", True):
        lines.append('-H "Authorization: Bearer $PUSHPULL_TOKEN"')
    if body := _content(operation.get("requestBody", {})):
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(json.dumps(_sample(schemas, body), ensure_ascii=False))}")
    return " \\\n  ".join(lines)


def _sample(schemas: JsonDict, schema: JsonDict, given: Any = None, depth: int = 0) -> Any:
    """A value that the schema could have: its own example, or what it needs and no more."""
    if "$ref" in schema:
        return _sample(schemas, schemas[schema["$ref"].rpartition("/")[2]], None, depth)
    for examples in (given, schema.get("examples"), schema.get("enum"), [schema[k] for k in ("const",) if k in schema]):
        if isinstance(examples, list) and examples:
            return next((one for one in examples if one != ""), "")
    if several := schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf"):
        return _sample(schemas, several[0], None, depth)
    if schema.get("type") == "object":
        return _object(schemas, schema, depth) if depth < DEPTH else {}
    if schema.get("type") == "array":
        return [_sample(schemas, schema.get("items", {}), None, depth + 1)] if schema.get("minItems") else []
    plain = {"integer": schema.get("minimum", 1), "number": 1, "boolean": True}
    return plain.get(schema.get("type", ""), schema.get("default") or "…")


def _object(schemas: JsonDict, schema: JsonDict, depth: int) -> JsonDict:
    properties = schema.get("properties", {})
    return {name: _sample(schemas, properties[name], None, depth + 1) for name in schema.get("required", ())}
