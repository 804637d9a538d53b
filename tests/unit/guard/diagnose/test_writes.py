"""Why a write fits no row, as far as the statement and the policy tell."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.guard.diagnose.probe import Case
from pgmoat.guard.diagnose.writes import diagnose_write
from tests.unit.guard.diagnose.test_empty import ENTITIES


def find(text: str, *values: Any) -> list[tuple[str, str, str | None]]:
    """Return kind, column and suggestion of what is told about a write."""
    reasons = diagnose_write(Case("agent", ENTITIES, values), text)
    assert all(reason.certainty == "certain" for reason in reasons)
    return [(reason.kind, reason.column, reason.suggestion) for reason in reasons]


@pytest.mark.parametrize(
    ("text", "values", "found"),
    [
        ("UPDATE orders SET id = 1 WHERE status = 'canceled' AND id = 5", (), ("unknown_value", "cancelled")),
        ("UPDATE orders AS o SET id = 1 WHERE o.status = $1", ("Shipped",), ("wrong_case", "shipped")),
        ("DELETE FROM orders WHERE status IN ('pending', 'shiped')", (), ("unknown_value", "shipped")),
        ("DELETE FROM orders WHERE status = ANY($1)", (["pending", "gone"],), ("unknown_value", None)),
        ("UPDATE orders SET id = 1 FROM customers AS c WHERE c.id = customer_id AND status = ' shipped'",
         (), ("wrong_spaces", "shipped")),
        ("DELETE FROM orders USING customers AS c WHERE c.id = orders.customer_id AND orders.status = 'x'",
         (), ("unknown_value", None)),
        ("WITH c AS (SELECT 1 AS i) DELETE FROM orders USING c WHERE i = orders.id AND orders.status = 'x'",
         (), ("unknown_value", None)),
        ("INSERT INTO customers (id) SELECT id FROM orders WHERE status = 'x'", (), ("unknown_value", None)),
        ("UPDATE orders SET id = 1 WHERE status = NULL", (), ("null_comparison", None)),
    ],
)  # fmt: skip
def test_what_holds_for_no_row(text: str, values: tuple[Any, ...], found: tuple[str, str | None]) -> None:
    assert find(text, *values) == [(found[0], "status", found[1])]


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE orders SET status = 'canceled' WHERE id = 5",
        "UPDATE orders SET id = 1 WHERE status = 'shipped'",
        "UPDATE orders SET id = 1 WHERE status = 'canceled' OR id = 5",
        "UPDATE orders SET id = 1 WHERE status <> 'canceled'",
        "UPDATE orders SET id = 1 WHERE lower(status) = 'Shipped'",
        "UPDATE customers SET name = 'x' WHERE name = 'canceled'",
        "INSERT INTO customers (id, name) VALUES (1, 'x')",
        "WITH orders AS (SELECT 'x' AS status) DELETE FROM customers USING orders"
        " WHERE orders.status = 'x' AND customers.id = 1",
        "SELECT 1",
        "nonsense",
    ],
)
def test_nothing_is_told_that_is_not_sure(text: str) -> None:
    assert find(text) == []


def test_a_message_has_the_values_of_parameters() -> None:
    case = Case("agent", ENTITIES, ("canceled",))
    (reason,) = diagnose_write(case, "DELETE FROM orders WHERE status = $1")
    assert reason.message == (
        "status is never 'canceled'; its words are pending, shipped, cancelled. Did you mean 'cancelled'?"
    )
    assert reason.condition == "orders.status = 'canceled'"
