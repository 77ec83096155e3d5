"""The target of a specification as OpenAPI describes it: one alternative for each kind, made from its description."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import FieldType, TargetField, TargetKind

JsonDict = dict[str, Any]
REF = "#/components/schemas/"


def target_schemas(kinds: KindCatalogue) -> dict[str, JsonDict]:
    """Schemas by name: TargetBody, which `kind` tells apart, and what each kind takes."""
    named = {_name(kind): _kind(kind) for kind in kinds.values()}
    body = {
        "title": "TargetBody",
        "description": "The place; besides `kind` it has the fields of its kind.",
        "oneOf": [{"$ref": REF + name} for name in named],
        "discriminator": {
            "propertyName": "kind",
            "mapping": {kind.name: REF + _name(kind) for kind in kinds.values()},
        },
        "examples": [_example(kind) for kind in kinds.values()],
    }
    return {"TargetBody": body, **named}


def _name(kind: TargetKind) -> str:
    return f"{kind.name.title().replace('-', '').replace('_', '')}Target"


def _kind(kind: TargetKind) -> JsonDict:
    shape = _object(kind.fields)
    shape["properties"] = {"kind": {"type": "string", "const": kind.name}, **shape["properties"]}
    return {"title": _name(kind), "description": kind.help, **shape, "required": ["kind", *shape["required"]]}


def _object(fields: Iterable[TargetField]) -> JsonDict:
    properties: JsonDict = {}
    required = []
    for field in fields:
        properties[field.name] = _field(field)
        if field.pin:
            properties[field.fingerprint] = {"type": "string", "readOnly": True, "description": "To be compared."}
        if field.required:
            required.append(field.name)
    return {"type": "object", "properties": properties, "required": required}


def _field(field: TargetField) -> JsonDict:
    about: JsonDict = {"title": field.label, "description": _description(field)}
    if field.default is not None:
        about["default"] = field.default
    if field.placeholder:
        about["examples"] = [field.placeholder]
    value = _value(field)
    return {**about, **value} if field.required else {**about, "anyOf": [value, {"type": "null"}]}


def _value(field: TargetField) -> JsonDict:
    if field.type is FieldType.GROUP:
        return _object(field.fields)
    if field.type is FieldType.NUMBER:
        return {"type": "integer", "minimum": field.low, "maximum": field.high}
    if field.type is FieldType.CHOICE:
        return {"type": "string", "enum": [value for value, _ in field.choices]}
    return {"type": "string", "maxLength": field.limit, **({"minLength": 1} if field.required else {})}


def _description(field: TargetField) -> str:
    said = [field.help or f"{field.label}."]
    if field.when:
        said.append(f"Counts only where `{field.when[0]}` is `{field.when[1]}`.")
    if field.credential:
        said.append(f"Name of a stored credential of the kind {' or '.join(field.credential)}.")
    return " ".join(said)


def _example(kind: TargetKind) -> JsonDict:
    return {"kind": kind.name, **{field.name: _sample(field) for field in kind.fields if field.required}}


def _sample(field: TargetField) -> Any:
    if field.type is FieldType.GROUP:
        return {one.name: _sample(one) for one in field.fields if one.required}
    if field.type is FieldType.NUMBER:
        return field.low if field.default is None else field.default
    if field.type is FieldType.CHOICE:
        return field.default or field.choices[0][0]
    return field.placeholder
