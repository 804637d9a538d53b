"""What is said about a parameter: its name, and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.runtime.hints import Complaint, Parameter, find_hint, name_parameter


def complain(state: str, message: str, context: str = "", **values: Any) -> Complaint:
    parameters = [Parameter(f":{name}", value) for name, value in values.items()]
    return Complaint(state, message, context, parameters)


EMPTY = 'invalid input syntax for type integer: ""'
UNCLEAR = "could not determine data type of parameter $2"
RANGE = 'date/time field value out of range: "13/25/2020"'


@pytest.mark.parametrize(
    ("complaint", "message"),
    [
        (complain("42P18", UNCLEAR, a=1, b=None), "could not determine data type of parameter :b"),
        (complain("42P18", UNCLEAR), UNCLEAR),
        (complain("42P18", UNCLEAR, a=1), UNCLEAR),
        (complain("22P02", EMPTY, "unnamed portal parameter $2 = ''", a="", b=""), f":b: {EMPTY}"),
        (complain("22P02", EMPTY, a=1, b=""), f":b: {EMPTY}"),
        (complain("22P02", EMPTY, a="", b=""), EMPTY),
        (complain("22P02", EMPTY, a=1), EMPTY),
        (complain("22012", "division by zero", a=0), "division by zero"),
        (complain("23505", 'duplicate key: "a"', a="a"), 'duplicate key: "a"'),
    ],
)
def test_the_parameter_is_named_where_it_is_known(complaint: Complaint, message: str) -> None:
    assert name_parameter(complaint) == message


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        (complain("42P18", UNCLEAR, a=1, b=None), ":b::text"),
        (complain("42P18", "could not determine polymorphic type"), ""),
        (complain("42804", 'column "d" is of type jsonb but expression is of type oid[]', d=[]), ":d::jsonb"),
        (complain("42846", "cannot cast type smallint[] to json", a=1, d=[1]), ":d::jsonb"),
        (complain("42804", 'column "d" is of type date but expression is of type text', d="a"), ""),
        (complain("22P02", EMPTY), "NULL (None, null) for no value"),
        (complain("22P02", 'invalid input syntax for type integer: "a"'), ""),
        (complain("22008", RANGE), "YYYY-MM-DD"),
        (complain("22007", 'invalid input syntax for type date: "soon"'), "YYYY-MM-DD"),
        (complain("22008", "timestamp out of range"), ""),
        (complain("42883", "operator does not exist: text = smallint", n=5, a="b"), ":n::text"),
        (complain("42883", "operator does not exist: text = smallint", n=5, m=6), ":x::text"),
        (complain("42883", "operator does not exist: bigint = text", n="5"), ":n::bigint"),
        (complain("42883", "operator does not exist: bigint + time with time zone", n="5"), ":n::bigint"),
        (complain("42883", "operator does not exist: bigint = smallint[]", n="5", i=[1]), "= ANY(:i)"),
        (complain("42883", "operator does not exist: bigint = text"), ""),
        (complain("42883", "function f(text) does not exist", a="b"), ""),
    ],
)  # fmt: skip
def test_hints(complaint: Complaint, hint: str) -> None:
    found = find_hint(complaint)
    assert hint in found if hint else not found


def test_an_operations_parameter_needs_no_cast() -> None:
    message = "invalid input syntax for type json"
    complaint = Complaint("22P02", message, "", [Parameter("data", "oops")])
    assert find_hint(complaint) == "Pass Jsonb(value), from pgmoat.runtime, or json.dumps(value)."
