"""Values of PostgreSQL as JSON, and answers made of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_interface
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.range import Range

from pgmoat.guard.diagnose.reason import Reason
from pgmoat.mcp_server.answers import add_warning, make_result, show_changes, show_read, show_write
from pgmoat.mcp_server.cut import MOST_BYTES, MOST_ROWS, Bounds, find_bounds
from pgmoat.mcp_server.values import make_json_value
from pgmoat.mcp_server.view import make_view
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime import Change, Result
from pgmoat.runtime.result import warn_of_rest


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
    assert show_read(result, Bounds()) == {
        "row_count": 2,
        "truncated": True,
        "warnings": ["more"],
        "columns": ["id", "amount"],
        "rows": [[1, "1.50"], [2, None]],
    }


def test_what_must_be_known_about_rows_stands_before_them() -> None:
    reason = Reason("no_match", "why")
    read = Result(("id",), ({"id": 1},), 1, truncated=True, warnings=("more",), reasons=(reason,))
    assert list(add_warning(show_read(read, Bounds()), "new task")) == [
        "warnings", "row_count", "truncated", "reasons", "columns", "rows",
    ]  # fmt: skip
    written = Result(("id",), ({"id": 1},), 1, truncated=True, warnings=("more",))
    assert list(show_write(written, Bounds()))[-2:] == ["columns", "rows"]


ANSWER = Result(("id", "text"), tuple({"id": n, "text": "x" * 90} for n in range(1000)), 1000)


@pytest.mark.parametrize(
    ("bounds", "rows"),
    [(Bounds(), 200), (Bounds(None, None), 1000), (Bounds(None, 1_000), 10), (Bounds(3, 1), 1)],
)
def test_an_answer_is_cut_for_a_model(bounds: Bounds, rows: int) -> None:
    said = (warn_of_rest(1000), "else")
    found = show_read(replace(ANSWER, truncated=True, warnings=said), bounds)
    assert found["row_count"] == len(found["rows"]) == rows
    assert found["truncated"] is True
    assert sorted(found["warnings"]) == sorted((warn_of_rest(rows), "else"))
    assert show_read(ANSWER, bounds)["truncated"] is (rows < 1000)
    written = show_write(ANSWER, bounds)
    assert (written["affected"], len(written["rows"])) == (1000, rows)
    assert written.get("truncated", False) is bool(written.get("warnings")) is (rows < 1000)


def test_the_cut_is_the_policys_where_it_says_one() -> None:
    policy = load_policy_text(
        """
version: 1
entities: {orders: {table: public.orders, columns: {id: {}}}}
agents:
  plain: {entities: {orders: {}}}
  rows: {entities: {orders: {}}, guard: {result_rows: 1000}}
  both: {entities: {orders: {}}, guard: {result_rows: 900, result_bytes: 1MB}}
""",
        "moat.yaml",
    ).policy
    bounds = {agent: find_bounds(make_view(policy, agent)) for agent in policy.agents}
    assert bounds == {
        "plain": Bounds(MOST_ROWS, MOST_BYTES),
        "rows": Bounds(None, MOST_BYTES),
        "both": Bounds(None, None),
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
        {"entity": "hidden", "operation": "insert", "hidden": True},
    ]


def test_the_text_is_the_structure() -> None:
    result = make_result({"rows": [["ä", None]]})
    assert result.content[0].model_dump()["text"] == '{"rows":[["ä",null]]}'
    assert result.structured_content == {"rows": [["ä", None]]}
