"""
Arguments of an operation, from JSON to what PostgreSQL's type takes.

In: JSON values, an operation. Out: Python values. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from pgmoat.mcp_server.schemas import Schema, make_type_schema
from pgmoat.policy.schema import OperationPolicy


def convert_arguments(operation: OperationPolicy, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as the runtime takes them; names that the operation lacks stay: it refuses them."""
    return {
        name: _convert(value, make_type_schema(operation.parameters[name].type))
        if name in operation.parameters
        else value
        for name, value in given.items()
    }


def _convert(value: Any, schema: Schema) -> Any:
    kind = schema.get("type")
    if kind == "array" and isinstance(value, list):
        return [_convert(item, schema["items"]) for item in cast("list[Any]", value)]
    if isinstance(value, float):
        if kind == "integer" and value.is_integer():
            return int(value)
        if isinstance(kind, list):  # a number with a point: its shortest text is what was written
            return Decimal(repr(value))
    return value
