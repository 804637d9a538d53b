"""
Who wrote and deleted what, when, in which task and step, and what is left of the budgets.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib

import psycopg

from tests.integration.monitor.conftest import Staff
from tests.moat_fixtures import Moat, enter


def _work(shop: Moat, route: str) -> None:
    token = shop.open_task("clerk", "T-1")
    with shop.task("clerk", token, route=route, step="look") as connection:
        connection.execute("UPDATE orders SET v = 1 WHERE id <= 7")
        connection.execute("INSERT INTO counters (id) VALUES (901), (902)")
    with shop.task("clerk", token, route=route, step="act", reason="a duplicate") as connection:
        connection.execute("DELETE FROM orders WHERE id IN (1, 2)")
        connection.execute("UPDATE orders SET v = 2 WHERE id <= 7")
        enter(connection, token, "act", "another")
        connection.execute("DELETE FROM order_items WHERE id = 3")
    with shop.task("wide", shop.open_task("wide", "T-1"), route=route) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id <= 4")
    with contextlib.suppress(psycopg.errors.DivisionByZero), shop.task("wide", route=route) as connection:
        connection.execute("DELETE FROM order_items")
        connection.execute("SELECT 1 / 0")


def test_writes_say_who_wrote_how_many_rows_of_what(staff: Staff, shop: Moat, route: str) -> None:
    _work(shop, route)
    assert staff.see(
        "SELECT agent, task_id, step, entity, operation, rows, reason"
        "  FROM pgmoat.writes ORDER BY statement_id"
    ) == [
        ("clerk", "T-1", "look", "orders", "update", 7, None),
        ("clerk", "T-1", "look", "counters", "insert", 2, None),
        ("clerk", "T-1", "act", "orders", "delete", 2, "a duplicate"),
        ("clerk", "T-1", "act", "orders", "update", 5, "a duplicate"),
        ("clerk", "T-1", "act", "order_items", "delete", 1, "another"),
        ("wide", "T-1", None, "counters", "update", 4, None),
    ]


def test_a_deletion_beside_another_write_is_shown_as_one(staff: Staff, shop: Moat) -> None:
    """One statement, two entities: PostgreSQL calls both triggers at its end, and the first records all."""
    with shop.task("clerk", reason="hidden") as connection:
        connection.execute(
            "WITH gone AS (DELETE FROM order_items WHERE id <= 3 RETURNING 1)"
            " UPDATE counters SET v = 1 WHERE id <= 4"
        )
    assert staff.see("SELECT entity, operation, rows FROM pgmoat.writes ORDER BY 1") == [
        ("counters", "update", 4),
        ("order_items", "delete", 3),
    ]
    assert staff.see("SELECT entity, key, reason FROM pgmoat.deletions ORDER BY key") == [
        ("order_items", {"id": number}, "hidden") for number in (1, 2, 3)
    ]


def test_writes_per_hour_add_up(staff: Staff, shop: Moat, route: str) -> None:
    _work(shop, route)
    shop.run("UPDATE pgmoat.statement SET at = at - interval '2 hours' WHERE step = 'look'")
    hours = staff.see(
        "SELECT agent, task_id, step, entity, operation, commands, rows, first_at = last_at,"
        "       first_at >= hour AND last_at < hour + interval '1 hour',"
        "       extract(minute FROM hour AT TIME ZONE 'UTC')"
        "  FROM pgmoat.writes_per_hour ORDER BY hour, agent, entity, operation"
    )
    assert hours == [
        ("clerk", "T-1", "look", "counters", "insert", 1, 2, True, True, 0),
        ("clerk", "T-1", "look", "orders", "update", 1, 7, True, True, 0),
        ("clerk", "T-1", "act", "order_items", "delete", 1, 1, True, True, 0),
        ("clerk", "T-1", "act", "orders", "delete", 1, 2, True, True, 0),
        ("clerk", "T-1", "act", "orders", "update", 1, 5, True, True, 0),
        ("wide", "T-1", None, "counters", "update", 1, 4, True, True, 0),
    ]
    assert staff.see("SELECT sum(rows) FROM pgmoat.writes_per_hour") == [(21,)]
    assert shop.value("SELECT count(*) FROM pgmoat.change") == 21


def test_deletions_name_the_rows(staff: Staff, shop: Moat, route: str) -> None:
    _work(shop, route)
    assert staff.see(
        "SELECT agent, task_id, step, entity, key, reason, before ->> 'v', at > now() - interval '1 hour'"
        "  FROM pgmoat.deletions ORDER BY entity, key"
    ) == [
        ("clerk", "T-1", "act", "order_items", {"id": 3}, "another", "0", True),
        ("clerk", "T-1", "act", "orders", {"id": 1}, "a duplicate", "1", True),
        ("clerk", "T-1", "act", "orders", {"id": 2}, "a duplicate", "1", True),
    ]


def test_budgets_of_tasks(staff: Staff, shop: Moat) -> None:
    for task_id, arguments in (
        ("B-1", {}),
        ("B-2", {"max_writes": 12}),
        ("B-3", {}),
        ("B-4", {}),
        ("B-5", {}),
    ):
        shop.open_task("budgeted", task_id, **arguments)
    for task_id, rows in (("B-1", 20), ("B-2", 12)):
        with shop.task("budgeted", shop.open_task("budgeted", task_id)) as connection:
            connection.execute("UPDATE counters SET v = v + 1 WHERE id <= %s", [rows])
    shop.run("SELECT pgmoat.close_task('budgeted', 'B-3'), pgmoat.freeze_task('budgeted', 'B-4', 'odd')")
    shop.run("UPDATE pgmoat.task SET deadline = now() WHERE task_id = 'B-5'")
    assert staff.see(
        "SELECT task_id, state, rows_used, rows_left, bytes_used > 0, bytes_used + bytes_left"
        "  FROM pgmoat.task_budgets WHERE agent = 'budgeted' ORDER BY task_id"
    ) == [
        ("B-1", "open", 20, 10, True, 16 << 20),
        ("B-2", "open", 12, 0, True, 16 << 20),
        ("B-3", "closed", 0, 30, False, 16 << 20),
        ("B-4", "frozen", 0, 30, False, 16 << 20),
        ("B-5", "past deadline", 0, 30, False, 16 << 20),
    ]


def test_budgets_of_the_hour(staff: Staff, shop: Moat) -> None:
    for rows in (3, 4):
        token = shop.open_task("hourly")
        for _ in range(2):
            with shop.task("hourly", token) as connection:
                connection.execute("UPDATE counters SET v = v + 1 WHERE id <= %s", [rows])
    # Work of the hour before, and the clock that strikes in between, must not count.
    shop.run(
        "INSERT INTO pgmoat.hour (agent, hour, granted)"
        " VALUES ('wide', date_trunc('hour', now(), 'UTC') - interval '1 hour', 77)"
    )
    rows = staff.see(
        "SELECT agent, rows_used, rows_granted, rows_left FROM pgmoat.hour_budgets ORDER BY agent"
    )
    found = {agent: numbers for agent, *numbers in rows}
    assert set(found) == set(shop.policy.agents)
    assert found["wide"] == [0, 0, 1_000_000]
    used, granted, left = found["hourly"]
    assert shop.value("SELECT sum(granted) FROM pgmoat.hour WHERE agent = 'hourly'") >= 14
    if shop.value("SELECT count(*) FROM pgmoat.hour WHERE agent = 'hourly'") == 1:
        assert (used, left) == (14, 26)
        assert granted == shop.value("SELECT granted FROM pgmoat.hour WHERE agent = 'hourly'")
