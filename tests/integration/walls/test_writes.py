"""
Writes through an entity do what they would do to the table: values, defaults, counts, keys, concurrency.

I/O: PostgreSQL, PgBouncer, threads.
"""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql

from tests.integration.walls.ways import count_changes, count_dirty
from tests.moat_fixtures import Moat, enter, refused

_THREADS = 8
_ROUNDS = 25


def _increment(moat: Moat, token: str, agent: str, route: str, start: threading.Barrier) -> int:
    """Return how often one writer had to repeat an increment before it had made all of its own."""
    repeats = 0
    with moat.connect(agent, route=route) as connection:
        start.wait()
        for _ in range(_ROUNDS):
            while True:
                try:
                    with connection.transaction():
                        enter(connection, token)
                        connection.execute("UPDATE counters SET v = v + 1 WHERE id = 1")
                    break
                except psycopg.errors.SerializationFailure:
                    repeats += 1
                    time.sleep(random.random() * 0.01)  # noqa: S311  backoff
    return repeats


def test_no_update_is_lost_between_eight_writers(shop: Moat, route: str) -> None:
    agents = ["clerk", "wide"] * (_THREADS // 2)
    start = threading.Barrier(_THREADS)
    with ThreadPoolExecutor(_THREADS) as pool:
        jobs = [pool.submit(_increment, shop, shop.open_task(a), a, route, start) for a in agents]
        for job in jobs:
            job.result()
    assert shop.value("SELECT v FROM public.counters WHERE id = 1") == _THREADS * _ROUNDS
    assert count_changes(shop) == _THREADS * _ROUNDS


def test_a_row_that_moved_since_it_was_read_is_refused(shop: Moat) -> None:
    """OLD is a snapshot: two times `v = v + 1` at once would otherwise give 1."""
    token = shop.open_task("clerk")
    with shop.connect("clerk") as late, shop.superuser() as person, ThreadPoolExecutor(1) as pool:
        person.execute("BEGIN; UPDATE public.counters SET v = v + 1 WHERE id = 1")

        def update() -> None:
            with late.transaction():
                enter(late, token)
                late.execute("UPDATE counters SET v = v + 1 WHERE id = 1")

        waiting = pool.submit(update)
        _wait_for_a_lock(shop)
        person.execute("COMMIT")
        with refused("40001"):
            waiting.result()
    assert shop.value("SELECT v FROM public.counters WHERE id = 1") == 1


def _wait_for_a_lock(moat: Moat) -> None:
    for _ in range(200):
        if moat.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        time.sleep(0.01)
    pytest.fail("nobody waits for the row")


@pytest.mark.parametrize(
    "command", ["UPDATE orders SET v = 1 WHERE id = 1", "DELETE FROM orders WHERE id = 1"]
)
def test_a_row_deleted_meanwhile_is_refused(shop: Moat, command: str) -> None:
    token = shop.open_task("clerk")
    with shop.connect("clerk") as late, shop.connect("tight") as early, ThreadPoolExecutor(1) as pool:
        early.execute("BEGIN")
        enter(early, shop.open_task("tight"), None, "first")
        early.execute("DELETE FROM orders WHERE id = 1")

        def write() -> None:
            with late.transaction():
                enter(late, token, None, "second")
                late.execute(command.encode())

        waiting = pool.submit(write)
        _wait_for_a_lock(shop)
        early.execute("COMMIT")
        with refused("40001"):
            waiting.result()
    assert shop.read("SELECT deleted_by, delete_reason, v FROM public.orders WHERE id = 1") == [
        ("agent:tight-v1", "first", 0)
    ]
    assert count_changes(shop) == 1


def test_a_change_of_a_hidden_column_does_not_stand_in_the_way(shop: Moat) -> None:
    token = shop.open_task("clerk")
    with shop.connect("clerk") as late, shop.superuser() as person, ThreadPoolExecutor(1) as pool:
        person.execute("BEGIN; UPDATE public.orders SET margin = 'new' WHERE id = 1")

        def update() -> None:
            with late.transaction():
                enter(late, token)
                late.execute("UPDATE orders SET v = v + 1 WHERE id = 1")

        waiting = pool.submit(update)
        _wait_for_a_lock(shop)
        person.execute("COMMIT")
        waiting.result()
    assert shop.read("SELECT v, margin FROM public.orders WHERE id = 1") == [(1, "new")]


def test_one_row_twice_in_one_statement_is_21000(shop: Moat) -> None:
    """A repeat would meet 40001 for ever."""
    twice = (
        "UPDATE counters SET v = x.v FROM (VALUES (1, 5), (1, 6)) AS x (id, v) WHERE counters.id = x.id",
        "WITH a AS (UPDATE counters SET v = 7 WHERE id = 1 RETURNING 1)"
        " UPDATE counters SET v = 8 WHERE id = 1",
        "WITH a AS (DELETE FROM orders WHERE id = 1 RETURNING 1) UPDATE orders SET v = 8 WHERE id = 1",
    )
    for command in twice:
        with refused("21000"), shop.task("clerk", reason="none") as connection:
            connection.execute(command.encode())
    assert count_dirty(shop) == 0


def test_the_same_row_in_two_statements_of_a_transaction_is_fine(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        connection.execute("UPDATE counters SET v = v + 1 WHERE id = 1")
        connection.execute(
            "DO $$ BEGIN FOR i IN 1..3 LOOP UPDATE counters SET v = v + 1 WHERE id = 1; END LOOP; END $$"
        )
    assert shop.value("SELECT v FROM public.counters WHERE id = 1") == 5


def test_defaults_of_the_table_hold_and_an_explicit_null_stays_one(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        row = connection.execute("INSERT INTO orders DEFAULT VALUES RETURNING *").fetchone()
        assert row == (201, 1, "pending", 0, None)
        with refused("23502"), connection.transaction():
            connection.execute("INSERT INTO orders (v) VALUES (NULL)")
        connection.execute("INSERT INTO orders (note, v) VALUES ('a', DEFAULT), ('b', DEFAULT)")
    assert (
        shop.read("SELECT margin, v FROM public.orders WHERE id > 200 ORDER BY id")
        == [("hidden-margin", 0)] * 3
    )


def test_identity_and_serial_keys_are_given_by_the_database(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        made = [
            connection.execute("INSERT INTO orders (v) VALUES (1) RETURNING id").fetchone(),
            connection.execute("INSERT INTO order_items (order_id) VALUES (1) RETURNING id").fetchone(),
            connection.execute("INSERT INTO customers (name) VALUES ('n') RETURNING id").fetchone(),
        ]
        for table in ("orders", "order_items", "customers"):
            with refused("42501", "428C9"), connection.transaction():
                connection.execute(
                    sql.SQL("INSERT INTO {} (id) OVERRIDING SYSTEM VALUE VALUES (9000)").format(
                        sql.Identifier(table)
                    )
                )
    assert len(made) == 3
    assert None not in made
    assert shop.value("SELECT count(*) FROM public.orders WHERE id = 9000") == 0
    assert (
        shop.value(
            "SELECT count(*) FROM public.orders AS o WHERE id = %s AND v = 1", made[0][0] if made[0] else 0
        )
        == 1
    )


def test_row_counts_are_true(shop: Moat, route: str) -> None:
    with shop.task("clerk", route=route, reason="many") as connection:
        counts = [
            connection.execute("UPDATE orders SET v = 1 WHERE id <= 7").rowcount,
            connection.execute("DELETE FROM orders WHERE id <= 3").rowcount,
            connection.execute("DELETE FROM orders WHERE id <= 3").rowcount,
            connection.execute("INSERT INTO orders (v) SELECT 1 FROM generate_series(1, 4)").rowcount,
            connection.execute("UPDATE orders SET v = 1 WHERE id = -1").rowcount,
            len(connection.execute("UPDATE orders SET v = 2 WHERE id <= 7 RETURNING id").fetchall()),
        ]
    assert counts == [7, 3, 0, 4, 0, 4]


def test_words_are_stored_as_codes_and_an_unknown_word_is_refused(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        row = connection.execute(
            "UPDATE orders SET status = 'shipped' WHERE id = 1 RETURNING status"
        ).fetchone()
        assert row == ("shipped",)
        for command in (
            "UPDATE orders SET status = 'canceled' WHERE id = 2",
            "UPDATE orders SET status = 'Shipped' WHERE id = 2",
            "UPDATE orders SET status = '5' WHERE id = 2",
            "UPDATE orders SET status = '' WHERE id = 2",
            "INSERT INTO orders (status) VALUES ('canceled')",
        ):
            with refused("PM021") as caught, connection.transaction():
                connection.execute(command.encode())
            assert "cancelled" in (caught.value.diag.message_hint or "")
        assert connection.execute("SELECT count(*) FROM orders WHERE status = 'shipped'").fetchone() == (
            shop.value("SELECT count(*) FROM public.orders WHERE stat_cd = 5") + 1,
        )
    assert shop.value("SELECT stat_cd FROM public.orders WHERE id = 1") == 5
    assert shop.value("SELECT count(*) FROM public.orders WHERE id > 200") == 0


def test_a_soft_delete_says_when_who_and_why(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        for reason in (None, ""):
            connection.execute("SELECT set_config('pgmoat.reason', %s, true)", (reason,))
            with refused("PM020"), connection.transaction():
                connection.execute("DELETE FROM orders WHERE id = 1")
        connection.execute("DELETE FROM order_items WHERE id = 1")  # no reason needed there
    with shop.task("clerk", reason="a duplicate") as connection:
        row = connection.execute("DELETE FROM orders WHERE id = 2 RETURNING id, status").fetchone()
        assert row == (2, "shipped")
    assert shop.value("SELECT count(*) FROM public.orders") == 200
    assert shop.read(
        "SELECT id, deleted_by, delete_reason, deleted_at > now() - interval '1 minute' FROM public.orders"
        " WHERE deleted_at IS NOT NULL"
    ) == [(2, "agent:clerk-v1", "a duplicate", True)]
    assert shop.read("SELECT deleted_by, delete_reason FROM public.order_items WHERE id = 1") == [
        ("agent:clerk-v1", None)
    ]


def test_a_deleted_parent_leaves_its_children_and_one_statement_can_be_told_from_another(shop: Moat) -> None:
    for first in (1, 3):
        with shop.task("clerk", reason="gone") as connection:
            connection.execute("DELETE FROM orders WHERE id IN (%s, %s)", (first, first + 1))
    assert shop.value("SELECT count(*) FROM public.order_items WHERE deleted_at IS NULL") == 200
    assert shop.read("SELECT count(*) FROM pgmoat.history GROUP BY statement_id") == [(2,), (2,)]
