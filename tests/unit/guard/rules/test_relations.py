"""Entities only, and WITH queries where they can be seen."""

from __future__ import annotations

import pytest

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Use, check_statement
from tests.unit.guard.shop import SHOP, list_problems, list_rules


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM orders",
        "SELECT * FROM agent.orders AS o, customers",
        "SELECT * FROM ONLY orders",
        "SELECT * FROM orders * ",
        "SELECT * FROM order_state_log_current",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM a JOIN b ON true",
        "WITH a AS (SELECT 1) SELECT (SELECT 1 FROM a), EXISTS (SELECT 1 FROM a)",
        "WITH a AS (SELECT 1) SELECT * FROM (WITH b AS (SELECT * FROM a) SELECT * FROM a, b) AS x",
        "WITH a AS (SELECT 1) (SELECT * FROM a) UNION ALL (SELECT * FROM a)",
        "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT * FROM t",
        "WITH RECURSIVE b AS (SELECT * FROM a), a AS (SELECT 1) SELECT * FROM b",
        "WITH pg_class AS (SELECT 1) SELECT * FROM pg_class",
        "WITH orders AS (SELECT * FROM agent.orders) SELECT * FROM orders",
        'WITH "My Query" AS (SELECT 1) TABLE "My Query"',
        "WITH a AS (SELECT * FROM orders) SELECT * FROM a, LATERAL (SELECT * FROM a AS b) AS c",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t) SEARCH DEPTH FIRST BY n SET s"
        " CYCLE n SET c USING p SELECT * FROM t",
    ],
)
def test_entities_and_with_queries(text: str) -> None:
    assert not list_problems(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SELECT * FROM pg_class", "pg_class"),
        ("SELECT * FROM pg_catalog.pg_authid", "pg_catalog.pg_authid"),
        ("SELECT * FROM information_schema.tables", "information_schema.tables"),
        ("SELECT * FROM pgmoat.history", "pgmoat.history"),
        ("SELECT * FROM public.orders", "public.orders"),
        ("SELECT * FROM pg_temp.orders", "pg_temp.orders"),
        ("SELECT * FROM postgres.agent.orders", "agent.orders"),
        ("SELECT * FROM orderz", "orderz"),
        ('SELECT * FROM "Agent".orders', "Agent.orders"),
        ("TABLE secrets", "secrets"),
        ("SELECT * FROM orders JOIN secrets USING (id)", "secrets"),
        ("SELECT * FROM orders, (SELECT * FROM secrets) AS s", "secrets"),
        ("SELECT * FROM orders, LATERAL (TABLE secrets) AS s", "secrets"),
        ("SELECT (SELECT max(id) FROM secrets)", "secrets"),
        ("SELECT ARRAY(SELECT id FROM secrets)", "secrets"),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM secrets)", "secrets"),
        ("SELECT id FROM orders WHERE id IN (SELECT id FROM secrets)", "secrets"),
        ("SELECT id FROM orders ORDER BY (SELECT 1 FROM secrets)", "secrets"),
        ("SELECT id FROM orders LIMIT (SELECT 1 FROM secrets)", "secrets"),
        ("SELECT sum(id) OVER (ORDER BY (SELECT 1 FROM secrets)) FROM orders", "secrets"),
        ("SELECT count(*) FILTER (WHERE EXISTS (TABLE secrets)) FROM orders", "secrets"),
        ("SELECT * FROM unnest(ARRAY(SELECT id FROM secrets)) AS u", "secrets"),
        ("SELECT JSON_ARRAY(SELECT id FROM secrets)", "secrets"),
        ("VALUES ((SELECT 1 FROM secrets))", "secrets"),
        ("SELECT 1 UNION SELECT id FROM secrets", "secrets"),
        ("EXPLAIN SELECT * FROM secrets", "secrets"),
        ("WITH a AS (SELECT * FROM secrets) SELECT 1", "secrets"),
        ("WITH a AS (SELECT * FROM a) SELECT 1", "a"),
        ("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a", "b"),
        ("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) AS x, a", "a"),
        ("(WITH a AS (SELECT 1) SELECT * FROM a) UNION SELECT * FROM a", "a"),
        ("WITH a AS (SELECT 1) SELECT * FROM agent.a", "agent.a"),
        ("WITH pg_authid AS (SELECT 1) SELECT * FROM pg_catalog.pg_authid", "pg_catalog.pg_authid"),
    ],
)
def test_everything_else(text: str, name: str) -> None:
    problems = list_problems(text)
    assert [problem.rule for problem in problems] == ["relations"]
    assert name in problems[0].message


def test_the_place_is_that_of_the_name() -> None:
    text = "SELECT * FROM orders, agent.secrets AS s"
    (problem,) = list_problems(text)
    assert problem.position == text.index("agent.") + 1


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO secrets VALUES (1)",
        "INSERT INTO orders SELECT * FROM secrets",
        "INSERT INTO orders DEFAULT VALUES RETURNING (SELECT 1 FROM secrets)",
        "UPDATE secrets SET a = 1 WHERE id = 1",
        "UPDATE orders SET a = (SELECT 1 FROM secrets) WHERE id = 1",
        "UPDATE orders SET (a, b) = (SELECT 1, 2 FROM secrets) WHERE id = 1",
        "UPDATE orders SET a = 1 FROM secrets WHERE orders.id = secrets.id",
        "DELETE FROM secrets WHERE id = 1",
        "DELETE FROM orders USING secrets WHERE orders.id = secrets.id",
        "DELETE FROM orders WHERE id IN (SELECT id FROM secrets)",
        "WITH secrets AS (SELECT 1) DELETE FROM secrets WHERE id = 1",
        "WITH secrets AS (SELECT 1) INSERT INTO secrets VALUES (1)",
        "WITH a AS (INSERT INTO secrets VALUES (1)) INSERT INTO orders DEFAULT VALUES",
    ],
)
def test_in_writes(text: str) -> None:
    assert list_rules(text, Use.WRITE) == ["relations"]


def test_with_queries_are_seen_by_writes() -> None:
    text = "WITH a AS (SELECT 1 AS id) DELETE FROM orders USING a WHERE a.id = orders.id RETURNING (TABLE a)"
    assert not list_problems(text, Use.WRITE)


def test_a_hint_names_the_nearest_and_lists_all() -> None:
    (problem,) = list_problems("SELECT * FROM public.Orders_")
    assert problem.hint.startswith("did you mean `orders`? entities: customers, items, ")


def test_an_operation_is_no_table() -> None:
    (problem,) = list_problems("SELECT * FROM refund_order")
    assert problem.hint.startswith("call the operation refund_order itself")


def test_an_agent_without_entities_is_told_so() -> None:
    nobody = Allowed("agent", frozenset(), frozenset(), frozenset({"refund_order"}))
    (problem,) = check_statement("SELECT * FROM orders", Use.READ, nobody).problems
    assert "only operations" in problem.hint


def test_samples_do_not_work_on_views() -> None:
    (problem,) = list_problems("SELECT * FROM orders TABLESAMPLE SYSTEM (1) REPEATABLE (2)")
    assert "random()" in problem.hint
    assert check_statement("TABLE orders", Use.READ, SHOP).problems == ()
