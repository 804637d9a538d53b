"""Values of PostgreSQL as JSON, and answers made of them."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_interface
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.range import Range

from pgmoat.mcp_server.answers import make_result, show_changes, show_read
from pgmoat.mcp_server.values import make_json_value
from pgmoat.runtime import Change, Result


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("ä\u2028", "ä\u2028"),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (-(2**63), "-9223372036854775808"),
        (0.5, 0.5),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (Decimal("19.90"), "19.90"),
        (Decimal("NaN"), "NaN"),
        (date(2026, 11, 27), "2026-11-27"),
        (datetime(2026, 11, 27, 6, 5, 33, tzinfo=UTC), "2026-11-27 06:05:33+00:00"),
        (time(6, 5), "06:05:00"),
        (timedelta(hours=1), "3600 seconds"),
        (timedelta(days=-1, microseconds=500_000), "-1 days 0.5 seconds"),
        (b"\x00\xff", "\\x00ff"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (ip_interface("10.0.0.1/8"), "10.0.0.1/8"),
        (Range(1, 5), "[1, 5)"),
        ([1, [Decimal(2)]], [1, ["2"]]),
        ({"a": {"b": Decimal("0.10")}}, {"a": {"b": "0.10"}}),
    ],
)
def test_values(value: object, expected: Any) -> None:
    found = make_json_value(value)
    assert found == expected
    assert json.loads(json.dumps(found, allow_nan=False)) == expected


def test_names_of_columns_stand_once() -> None:
    rows = ({"id": 1, "amount": Decimal("1.50")}, {"id": 2, "amount": None})
    result = Result(("id", "amount"), rows, 2, truncated=True, warnings=("more",))
    assert show_read(result) == {
        "columns": ["id", "amount"],
        "rows": [[1, "1.50"], [2, None]],
        "row_count": 2,
        "truncated": True,
        "warnings": ["more"],
    }


def test_of_an_update_the_after_image_has_what_differs() -> None:
    changes = [
        Change("orders", "update", {"id": 1, "n": 1}, {"id": 1, "n": 2}),
        Change("orders", "delete", {"id": 1}, None),
        Change("hidden", "insert", None, None),
    ]
    assert show_changes(changes) == [
        {"entity": "orders", "operation": "update", "before": {"id": 1, "n": 1}, "after": {"n": 2}},
        {"entity": "orders", "operation": "delete", "before": {"id": 1}},
        {"entity": "hidden", "operation": "insert"},
    ]


def test_the_text_is_the_structure() -> None:
    result = make_result({"rows": [["ä", None]]})
    assert result.content[0].model_dump()["text"] == '{"rows":[["ä",null]]}'
    assert result.structured_content == {"rows": [["ä", None]]}
