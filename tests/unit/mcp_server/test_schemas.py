"""PostgreSQL's types as JSON Schema, and arguments held against it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pgmoat.errors import ValueRefusedError
from pgmoat.mcp_server.arguments import check_arguments
from pgmoat.mcp_server.operands import convert_arguments
from pgmoat.mcp_server.schemas import make_operation_input, make_type_schema
from pgmoat.policy.schema import OperationPolicy

NUMBER: dict[str, Any] = {"type": ["number", "string"]}
WHOLE: dict[str, Any] = {"type": "integer"}


@pytest.mark.parametrize(
    ("type_name", "schema"),
    [
        ("bigint", WHOLE),
        ("INT4", WHOLE),
        ("pg_catalog.int8", WHOLE),
        ("numeric(10, 2)", NUMBER),
        ("double precision", NUMBER),
        ("boolean", {"type": "boolean"}),
        ("text", {"type": "string"}),
        ("character varying(20)", {"type": "string"}),
        ("uuid", {"type": "string", "format": "uuid"}),
        ("date", {"type": "string", "format": "date"}),
        ("timestamp(3) with time zone", {"type": "string", "format": "date-time"}),
        ("timestamptz", {"type": "string", "format": "date-time"}),
        ("jsonb", {}),
        ("shop.mood", {"type": "string"}),
        ("integer[]", {"type": "array", "items": WHOLE}),
        ("integer[3][]", {"type": "array", "items": {"type": "array", "items": WHOLE}}),
        ("text ARRAY", {"type": "array", "items": {"type": "string"}}),
        ("numeric(10,2) array[4]", {"type": "array", "items": NUMBER}),
    ],
)
def test_types(type_name: str, schema: dict[str, Any]) -> None:
    assert make_type_schema(type_name) == schema


def _operation(**parameters: Any) -> OperationPolicy:
    return OperationPolicy.model_validate({"parameters": parameters})


def test_an_operations_parameters_are_typed_documented_and_required() -> None:
    operation = _operation(
        order_id={"type": "bigint", "doc": "The order."}, step={"type": "text", "optional": True}
    )
    assert make_operation_input(operation, {"key": {"type": "string"}, "step": {"type": "integer"}}) == {
        "type": "object",
        "properties": {
            "order_id": {"type": "integer", "description": "The order."},
            "step": {"type": "string"},
            "key": {"type": "string"},
        },
        "required": ["order_id"],
        "additionalProperties": False,
    }


def test_numbers_keep_what_was_written() -> None:
    operation = _operation(amount="numeric", amounts="numeric[]", count="integer", data="jsonb")
    given = {"amount": 0.1, "amounts": [19.9, "20.00", 3], "count": 7.0, "data": 0.1, "unknown": 1.5}
    assert convert_arguments(operation, given) == {
        "amount": Decimal("0.1"),
        "amounts": [Decimal("19.9"), "20.00", 3],
        "count": 7,
        "data": 0.1,
        "unknown": 1.5,
    }


SCHEMA = {
    "properties": {
        "sql": {"type": "string"},
        "n": WHOLE,
        "amount": NUMBER,
        "data": {},
        "o": {"type": "object"},
    },
    "required": ["sql"],
}


def test_arguments_that_fit_pass() -> None:
    given: dict[str, Any] = {"sql": "x", "n": 3.0, "amount": 1.5, "data": [None], "o": {}}
    assert check_arguments("tool", given | {"amount": None}, SCHEMA) == {
        name: value for name, value in given.items() if name != "amount"
    }
    assert check_arguments("tool", given, SCHEMA) == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "tool needs sql"),
        ({"sql": None}, "tool needs sql"),
        ({"sql": 1}, "sql of tool is text, not a whole number"),
        ({"sql": "x", "n": True}, "n of tool is a whole number, not true or false"),
        ({"sql": "x", "n": 1.5}, "n of tool is a whole number, not a number"),
        ({"sql": "x", "amount": []}, "amount of tool is a number or text, not a list"),
        ({"sql": "x", "o": []}, "o of tool is an object, not a list"),
        ({"sql": "x", "agent": "other"}, "tool has no argument 'agent'"),
    ],
)
def test_arguments_that_do_not_fit_are_named(given: dict[str, Any] | None, message: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        check_arguments("tool", given, SCHEMA)
    assert caught.value.message == message
    assert caught.value.hint
