"""
JSON Schemas of what tools take and give.

In: names of PostgreSQL's types, operations. Out: JSON Schemas. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pgmoat.policy.schema import OperationPolicy

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
OBJECTS: Schema = {"type": "array", "items": {"type": "object"}}

# Arguments of several tools; a model pays for each word, once for each tool.
PARAMETERS: Schema = {"type": "object", "description": "Values for :name in sql, by name."}
STEP: Schema = {
    "type": "string",
    "description": "Label of what you are doing, for the record: 'find the order'.",
}
KEY: Schema = {
    "type": "string",
    "description": "Seldom needed: a name for the purpose; with the same key it is done once.",
}
OCCURRENCE: Schema = {
    "type": "integer",
    "minimum": 1,
    "description": "2, 3, …: do the same once more, on purpose.",
}
REASON: Schema = {"type": "string", "description": "Why, for the record; some deletions need it."}

_WHOLE = frozenset({"smallint", "int2", "integer", "int", "int4", "bigint", "int8"})
_FRACTIONAL = frozenset({"numeric", "decimal", "real", "float4", "double precision", "float8", "float"})
_FORMATS = {
    "uuid": "uuid",
    "date": "date",
    "timestamp": "date-time",
    "timestamptz": "date-time",
    "timestamp with time zone": "date-time",
    "timestamp without time zone": "date-time",
}
_ARRAY = re.compile(r"(.*?)((?:\s*\[\d*\])*)(\s+array(?:\s*\[\d*\])?)?", re.IGNORECASE)
_JSON = frozenset({"json", "jsonb"})


def make_object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """Return the schema of an object."""
    found: Schema = {"type": "object", "properties": dict(properties)}
    return found | {"required": list(required)} if required else found


def say(schema: Schema, text: str) -> Schema:
    """Return *schema* with its description."""
    return {**schema, "description": text}


def make_input(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    """Return the schema of a tool's arguments; others are refused."""
    return make_object(properties, required) | {"additionalProperties": False}


def make_type_schema(type_name: str) -> Schema:
    """
    Return what a value of a PostgreSQL type looks like in JSON.

    A number with a point may be text too: so it keeps all its digits. Types that are not known are text.
    """
    element, dimensions = _split_array(type_name)
    schema = _make_element(element)
    for _ in range(dimensions):
        schema = {"type": "array", "items": schema}
    return schema


def make_operation_input(operation: OperationPolicy, own: Mapping[str, Schema]) -> Schema:
    """Return the schema of an operation's arguments; its own parameters go before those of *own*."""
    properties: dict[str, Schema] = {}
    for name, parameter in operation.parameters.items():
        schema = make_type_schema(parameter.type)
        properties[name] = say(schema, parameter.doc) if parameter.doc else schema
    required = [name for name, parameter in operation.parameters.items() if not parameter.optional]
    properties |= {name: schema for name, schema in own.items() if name not in properties}
    return make_input(properties, required)


def _make_element(type_name: str) -> Schema:
    name = re.sub(r"\s*\([^)]*\)", "", type_name).removeprefix("pg_catalog.").strip().lower()
    if name in _WHOLE:
        return COUNT
    if name in _FRACTIONAL:
        return {"type": ["number", "string"]}
    if name in {"boolean", "bool"}:
        return FLAG
    if name in _JSON:
        return {}
    return {**TEXT, "format": _FORMATS[name]} if name in _FORMATS else TEXT


def _split_array(type_name: str) -> tuple[str, int]:
    match = _ARRAY.fullmatch(type_name.strip())
    if match is None:
        return type_name, 0
    return match[1], match[2].count("[") or (1 if match[3] else 0)
