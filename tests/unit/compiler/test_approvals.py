"""What an operation's function asks a person about, and in which words."""

from __future__ import annotations

import pytest

from pgmoat.compiler.operations import describe_condition


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (":amount > 100", "amount > 100"),
        (":a\n  = ANY ((:b)[1:2])", "a = ANY ((b)[1:2])"),
        ("x::text <> ':amount'", "x::text <> ':amount'"),
        (":a > 1 AND " * 50 + "true", (("a > 1 AND " * 50)[:299] + "…")),
    ],
)
def test_conditions_for_people(source: str, expected: str) -> None:
    assert describe_condition(source) == expected
