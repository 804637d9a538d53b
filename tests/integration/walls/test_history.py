"""
What agents wrote can be told: who, in which task and step, what before and after, and why.

I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib

import psycopg

from tests.moat_fixtures import Moat, enter


def test_every_change_has_its_task_step_statement_before_and_after(shop: Moat, route: str) -> None:
    token = shop.open_task("clerk", "T-1")
    with shop.task("clerk", token, route=route, step="look", reason="a duplicate") as connection:
        connection.execute("UPDATE orders SET v = v + 5, status = 'cancelled' WHERE id = 4")
        enter(connection, token, "act", "a duplicate")
        connection.execute("DELETE FROM orders WHERE id = 4")
        connection.execute("INSERT INTO counters (id, v) VALUES (777, 3)")
    assert shop.read(
        "SELECT agent, task_id, step, entity, operation, key, before, after, reason"
        " FROM pgmoat.history ORDER BY change_id"
    ) == [
        (
            "clerk", "T-1", "look", "orders", "update", {"id": 4},
            {"id": 4, "customer_id": 5, "status": "pending", "v": 0, "note": None},
            {"id": 4, "customer_id": 5, "status": "cancelled", "v": 5, "note": None},
            "a duplicate",
        ),
        (
            "clerk", "T-1", "act", "orders", "delete", {"id": 4},
            {"id": 4, "customer_id": 5, "status": "cancelled", "v": 5, "note": None}, None,
            "a duplicate",
        ),
        (
            "clerk", "T-1", "act", "counters", "insert", {"id": 777},
            None, {"id": 777, "v": 3, "blob": None},
            "a duplicate",
        ),
    ]  # fmt: skip
    assert [query for (query,) in shop.read("SELECT query FROM pgmoat.history ORDER BY change_id")] == [
        "UPDATE orders SET v = v + 5, status = 'cancelled' WHERE id = 4",
        "DELETE FROM orders WHERE id = 4",
        "INSERT INTO counters (id, v) VALUES (777, 3)",
    ]


def test_rows_of_two_entities_in_one_statement_are_each_recorded_once(shop: Moat) -> None:
    with shop.task("clerk", step="both") as connection:
        connection.execute(
            "WITH a AS (UPDATE orders SET v = 1 WHERE id <= 3 RETURNING 1)"
            " UPDATE counters SET v = 1 WHERE id <= 4"
        )
    assert shop.read(
        "SELECT entity, count(*), count(DISTINCT xid) FROM pgmoat.history GROUP BY 1 ORDER BY 1"
    ) == [
        ("counters", 4, 1),
        ("orders", 3, 1),
    ]


def test_everything_that_one_agent_deleted_is_one_query(shop: Moat) -> None:
    for agent, first in (("clerk", 1), ("wide", 11), ("clerk", 21)):
        with shop.task(agent, reason="old") as connection:
            connection.execute("DELETE FROM orders WHERE id BETWEEN %s AND %s", (first, first + 1))
            connection.execute("UPDATE counters SET v = 1 WHERE id = %s", (first,))
    assert shop.read(
        "SELECT key ->> 'id', reason FROM pgmoat.history"
        " WHERE agent = 'clerk' AND operation = 'delete' ORDER BY change_id"
    ) == [("1", "old"), ("2", "old"), ("21", "old"), ("22", "old")]


def test_what_was_rolled_back_is_absent(shop: Moat) -> None:
    with contextlib.suppress(psycopg.errors.DivisionByZero), shop.task("clerk", reason="x") as connection:
        connection.execute("DELETE FROM orders WHERE id <= 5")
        connection.execute("SELECT 1 / 0")
    with shop.task("clerk", reason="x") as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        connection.execute("SAVEPOINT s; UPDATE counters SET v = 1 WHERE id = 2; ROLLBACK TO s")
        connection.execute("UPDATE counters SET v = 1 WHERE id = 3")
    assert shop.read("SELECT key FROM pgmoat.history ORDER BY change_id") == [({"id": 1},), ({"id": 3},)]
    assert shop.value("SELECT count(*) FROM pgmoat.change") == 2
    assert shop.value("SELECT count(*) FROM pgmoat.statement") == 2


def test_every_change_belongs_to_exactly_one_statement(shop: Moat) -> None:
    with shop.task("clerk", reason="x") as connection:
        connection.execute(
            """
            CREATE FUNCTION pg_temp.also(number bigint) RETURNS integer LANGUAGE plpgsql AS
            $$ BEGIN UPDATE agent.counters SET v = v + 1 WHERE id = number; RETURN 1; END $$
            """
        )
        connection.execute("UPDATE orders SET v = pg_temp.also(id) WHERE id <= 6")
        connection.execute("DELETE FROM order_items WHERE pg_temp.also(id) = 1 AND id <= 4")
    (numbers,) = shop.read(
        "SELECT (SELECT count(*) FROM pgmoat.change), (SELECT count(*) FROM pgmoat.history),"
        " (SELECT count(DISTINCT change_id) FROM pgmoat.history)"
    )
    assert len(set(numbers)) == 1


def test_the_log_cannot_be_changed_through_labels(shop: Moat) -> None:
    """Labels are claims: whatever they hold, it stays text in its own column."""
    nasty = "x', 'y'); DROP TABLE pgmoat.change; --"
    with shop.task("clerk", step=nasty, reason=nasty) as connection:
        connection.execute("DELETE FROM orders WHERE id = 1")
    assert shop.read("SELECT step, reason FROM pgmoat.history") == [(nasty, nasty)]
    assert shop.value("SELECT delete_reason FROM public.orders WHERE id = 1") == nasty
