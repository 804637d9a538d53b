"""UPDATE and DELETE say which rows."""

from __future__ import annotations

import pytest

from pgmoat.guard.check import Use
from tests.unit.guard.shop import list_problems, list_rules

_EMPTY = [
    "true",
    "NOT false",
    "1 = 1",
    "'a' = 'a'",
    "1",
    "'t'::boolean",
    "CAST('yes' AS bool)",
    "((true))",
    "'a' <> 'b'",
    "id = id",
    "id >= id",
    "orders.id = id",
    "agent.orders.id = orders.id",
    "NOT (id <> id)",
    "id IS NOT DISTINCT FROM id",
    "id IN (id)",
    "id IN (5, id)",
    "id BETWEEN id AND id",
    "name LIKE name",
    "name LIKE '%'",
    "NOT name NOT LIKE '%%'",
    "id IS NULL OR id IS NOT NULL",
    "id = 1 OR NOT id = 1",
    "id = 1 OR id <> 1",
    "id <> 1 OR id <> 2",
    "id >= 5 OR id < 5",
    "5 <= id OR id < 5",
    "id IN (1, 2) OR id NOT IN (1, 2)",
    "name LIKE 'a%' OR name NOT LIKE 'a%'",
    "is_open OR NOT is_open",
    "true OR id = 1",
    "id > 0 OR 1 = 1",
    "id = 1 OR (true AND 1 = 1)",
    "(id = id) AND ((true) OR name = 'a')",
    "NOT (false AND id = 1)",
    "coalesce(NULL, true)",
    "coalesce(true, id = 1)",
    "CASE WHEN id = 1 THEN true ELSE true END",
    "$1",
    "$1 = 1",
    "$1 IS NULL OR id = $1",
    "id = 1 OR $1",
    "random() < 2",
    "now() > '2020-01-01'",
    "CURRENT_DATE IS NOT NULL",
    "(SELECT true)",
    "EXISTS (SELECT 1)",
    "EXISTS (SELECT 1 FROM items)",
    "EXISTS (SELECT 1 FROM items WHERE order_id = 5)",
    "EXISTS (SELECT 1 FROM orders WHERE orders.id = 5)",
    "EXISTS (SELECT 1 FROM items AS orders WHERE orders.id = 5)",
    "EXISTS (SELECT 1 FROM items JOIN orders ON true WHERE orders.id = 5)",
    "(SELECT count(*) FROM items) > 5",
    "id IN (SELECT id FROM orders)",
    "id = ANY (SELECT id FROM orders)",
    "id IN (SELECT orders.id FROM orders)",
]
_SOUND = [
    "id = 1",
    "id = $1",
    "$1 = id",
    "id IN (1, 2)",
    "id = ANY ($1)",
    "id NOT IN (1)",
    "name LIKE 'a%'",
    "total > 100",
    "shipped_at IS NULL",
    "is_open",
    "NOT is_open",
    "is_open IS NOT TRUE",
    "(id, total) = (1, 2)",
    "id BETWEEN 1 AND 5",
    "id = 1 OR id = 2",
    "id <> 1 AND id <> 2",
    "id = 1 AND true",
    "id = 1 OR false",
    "id = 1 OR 1 = 2",
    "NOT (id = 1)",
    "id = 1 AND ($1 IS NULL OR name = $1)",
    "status = 'a' OR total IS NULL",
    "id = customer_id",
    "coalesce(is_open, false)",
    "coalesce(name, '') = ''",
    "CASE WHEN id = 1 THEN true ELSE false END",
    "CASE WHEN id = 1 THEN true END",
    "lower(name) = 'a'",
    "data ->> 'a' = 'b'",
    "tags @> ARRAY['a']",
    "orders.id = 5",
    "agent.orders.id = 5",
    "EXISTS (SELECT 1 FROM items AS i WHERE i.order_id = orders.id)",
    "NOT EXISTS (SELECT 1 FROM items AS i WHERE i.order_id = orders.id)",
    "EXISTS (SELECT 1 WHERE id = 3)",
    "(SELECT count(*) FROM items AS i WHERE i.order_id = orders.id) > 5",
    "id IN (SELECT order_id FROM items)",
    "id IN (SELECT id FROM orders WHERE total > 5)",
    "id IN (SELECT id FROM orders LIMIT 5)",
    "id IN (SELECT max(id) FROM orders)",
    "a OR b OR c OR d OR e OR f OR g OR h OR i OR j",
    "false",
    "NULL",
]


@pytest.mark.parametrize("condition", _EMPTY)
@pytest.mark.parametrize("frame", ["DELETE FROM orders WHERE {}", "UPDATE agent.orders SET a = 1 WHERE {}"])
def test_conditions_that_are_none(frame: str, condition: str) -> None:
    (problem,) = list_problems(frame.format(condition), Use.WRITE)
    assert problem.rule == "where"
    assert "orders" in problem.message
    assert problem.position == frame.index("orders") + (1 if "agent" not in frame else -5)


@pytest.mark.parametrize("condition", _SOUND)
@pytest.mark.parametrize("frame", ["DELETE FROM orders WHERE {}", "UPDATE agent.orders SET a = 1 WHERE {}"])
def test_conditions(frame: str, condition: str) -> None:
    assert not list_problems(frame.format(condition), Use.WRITE)


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM orders",
        "UPDATE orders SET a = 1",
        "UPDATE orders SET a = 1 FROM items",
        "DELETE FROM orders RETURNING *",
        "DELETE FROM orders WHERE CURRENT OF c",
        "WITH d AS (DELETE FROM items RETURNING *) INSERT INTO orders SELECT * FROM d",
        "WITH d AS (UPDATE items SET a = 1 WHERE true RETURNING *) DELETE FROM orders WHERE id = 1",
        "UPDATE orders AS o SET a = 1 FROM items AS i WHERE i.id = 4",
        "DELETE FROM orders AS o USING items AS i WHERE i.order_id = i.id",
        "DELETE FROM orders AS o WHERE EXISTS (SELECT 1 FROM orders WHERE orders.id = 4)",
    ],
)
def test_writes_without_a_condition(text: str) -> None:
    assert list_rules(text, Use.WRITE) == ["where"]


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM orders AS o WHERE o.id = 1",
        "DELETE FROM orders AS o WHERE id = 1",
        "UPDATE orders AS o SET a = i.a FROM items AS i WHERE i.order_id = o.id",
        "DELETE FROM orders USING items AS i WHERE i.order_id = orders.id AND i.sku = 'a'",
        "DELETE FROM orders AS o WHERE EXISTS (SELECT 1 FROM orders AS p WHERE p.parent = o.id)",
        "INSERT INTO orders SELECT * FROM items",
        "UPDATE ONLY orders SET a = 1 WHERE id = 1",
    ],
)
def test_writes_with_one(text: str) -> None:
    assert not list_problems(text, Use.WRITE)


def test_many_conditions_are_judged_fast() -> None:
    text = "DELETE FROM orders WHERE " + " AND ".join(f"(a{n} = 1 OR b{n} = 2)" for n in range(200))
    assert not list_problems(text, Use.WRITE)
    text = "DELETE FROM orders WHERE " + " OR ".join([*(f"a{n} = 1" for n in range(200)), "true"])
    assert list_rules(text, Use.WRITE) == ["where"]
