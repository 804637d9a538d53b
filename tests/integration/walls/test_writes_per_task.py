"""
The limit of rows per task: cumulative, exact, charged at COMMIT.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import psycopg
import pytest

from tests.integration.walls.ways import EVEN_ONLY, WAYS, count_changes, count_charged, count_dirty
from tests.integration.walls.writers import write_at_once
from tests.moat_fixtures import Connection, Moat, enter, refused

LIMIT = 30


def _assert_exact(moat: Moat, rows: int) -> None:
    assert (count_dirty(moat), count_changes(moat), count_charged(moat)) == (rows, rows, rows)


def _write(connection: Connection, first: int, rows: int) -> None:
    connection.execute("UPDATE counters SET v = v + 1 WHERE id BETWEEN %s AND %s", (first, first + rows - 1))


@pytest.mark.parametrize("way", WAYS)
def test_the_whole_budget_can_be_used_in_one_statement(shop: Moat, way: str) -> None:
    with shop.task("budgeted") as connection:
        WAYS[way](connection, LIMIT)
    _assert_exact(shop, LIMIT)


@pytest.mark.parametrize("way", sorted(WAYS.keys() - EVEN_ONLY))
def test_no_way_writes_past_the_budget(shop: Moat, route: str, way: str) -> None:
    with contextlib.suppress(psycopg.Error), shop.task("budgeted", route=route) as connection:
        WAYS[way](connection, LIMIT + 1)
    assert count_dirty(shop) <= LIMIT
    assert count_changes(shop) == count_charged(shop) == count_dirty(shop)


def test_a_loop_over_transactions_ends_at_the_budget(shop: Moat, route: str) -> None:
    token = shop.open_task("budgeted")
    committed = 0
    for number in range(1, LIMIT + 10):
        with contextlib.suppress(psycopg.Error), shop.task("budgeted", token, route=route) as connection:
            _write(connection, number, 1)
        committed = count_dirty(shop)
    assert committed == LIMIT
    _assert_exact(shop, LIMIT)


def test_a_loop_inside_one_transaction_ends_at_the_budget(shop: Moat, route: str) -> None:
    with shop.task("budgeted", route=route) as connection:
        for number in range(LIMIT):
            _write(connection, number + 1, 1)
        with refused("PM011"), connection.transaction():
            _write(connection, LIMIT + 1, 1)
    _assert_exact(shop, LIMIT)


def test_deletes_in_small_steps_add_up(shop: Moat) -> None:
    """A cap of statements alone let 20 DELETEs of 1,000 rows through in another product."""
    token = shop.open_task("budgeted")
    for first in range(1, 100, 10):
        with contextlib.suppress(psycopg.Error), shop.task("budgeted", token) as connection:
            connection.execute("DELETE FROM order_items WHERE id BETWEEN %s AND %s", (first, first + 9))
    assert shop.value("SELECT count(*) FROM public.order_items WHERE deleted_at IS NOT NULL") == LIMIT
    _assert_exact(shop, LIMIT)


def test_what_is_rolled_back_is_not_charged(shop: Moat) -> None:
    token = shop.open_task("budgeted")
    for _ in range(3):
        with shop.task("budgeted", token) as connection:
            _write(connection, 1, LIMIT)
            raise_rollback(connection)
    _assert_exact(shop, 0)
    with shop.task("budgeted", token) as connection:
        _write(connection, 1, LIMIT)
    _assert_exact(shop, LIMIT)


def raise_rollback(connection: Connection) -> None:
    """Undo the transaction's work, and leave it open."""
    connection.execute("ROLLBACK; BEGIN")


def test_savepoints_and_immediate_constraints_keep_the_sum(shop: Moat, route: str) -> None:
    with shop.task("budgeted", route=route) as connection:
        _write(connection, 1, 10)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT a")
        _write(connection, 11, 10)
        connection.execute("ROLLBACK TO a; SET CONSTRAINTS ALL DEFERRED")
        _write(connection, 21, 10)
        connection.execute("SAVEPOINT b; SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK TO b")
        _write(connection, 31, 10)
        with refused("PM011"), connection.transaction():
            _write(connection, 41, 1)
    _assert_exact(shop, LIMIT)


@pytest.mark.parametrize("seed", range(15))
def test_no_order_of_savepoints_and_constraints_dodges_the_budget(shop: Moat, seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311  a repeatable game, no secret
    token = shop.open_task("budgeted")
    fresh = iter(range(1, 200))
    with shop.connect("budgeted") as connection:
        for _ in range(4):
            with contextlib.suppress(psycopg.Error), connection.transaction():
                enter(connection, token)
                for _ in range(draw.randint(1, 12)):
                    _make_move(connection, draw, fresh)
    assert count_dirty(shop) <= LIMIT
    assert count_changes(shop) == count_charged(shop) == count_dirty(shop)


def _make_move(connection: Connection, draw: random.Random, fresh: Iterator[int]) -> None:
    move = draw.choice(("write", "write", "savepoint", "back", "release", "immediate", "deferred", "fail"))
    if move == "write":
        for _ in range(draw.randint(1, 5)):
            _write(connection, next(fresh), 1)
    elif move == "savepoint":
        connection.execute("SAVEPOINT s")
    elif move in {"back", "release"}:
        with contextlib.suppress(psycopg.errors.InvalidSavepointSpecification), connection.transaction():
            connection.execute("ROLLBACK TO s" if move == "back" else "RELEASE s")
    elif move == "fail":
        with contextlib.suppress(psycopg.errors.DivisionByZero), connection.transaction():
            connection.execute("UPDATE counters SET v = v + 1 WHERE id = %s", (next(fresh),))
            connection.execute("SELECT 1 / 0")
    else:
        connection.execute(
            "SET CONSTRAINTS ALL IMMEDIATE" if move == "immediate" else "SET CONSTRAINTS ALL DEFERRED"
        )


@pytest.mark.parametrize("is_immediate", [False, True])
def test_eight_writers_at_once_use_exactly_the_budget(shop: Moat, route: str, is_immediate: bool) -> None:
    tokens = [shop.open_task("budgeted")] * 8
    committed = write_at_once(shop, "budgeted", tokens, tries=8, route=route, is_immediate=is_immediate)
    assert committed == LIMIT
    _assert_exact(shop, LIMIT)


@pytest.mark.parametrize("late", [10, 11])
def test_rows_written_at_commit_add_to_those_before(shop: Moat, late: int) -> None:
    with contextlib.suppress(psycopg.Error), shop.task("budgeted") as connection:
        connection.execute("UPDATE orders SET v = 1 WHERE id <= 10")
        WAYS["deferred-trigger-of-its-own"](connection, 10)
        connection.execute("UPDATE order_items SET v = 1 WHERE id <= %s", (late - 1,))
        connection.execute("UPDATE order_items SET v = 1 WHERE id = 50")
    _assert_exact(shop, LIMIT if late == 10 else 0)


def test_a_task_that_is_opened_again_keeps_what_it_used(shop: Moat) -> None:
    first = shop.open_task("budgeted", "retried")
    with shop.task("budgeted", first) as connection:
        _write(connection, 1, 25)
    again = shop.open_task("budgeted", "retried")
    assert again == first
    with refused("PM011"), shop.task("budgeted", again) as connection:
        _write(connection, 26, 6)
    with shop.task("budgeted", again) as connection:
        _write(connection, 26, 5)
    _assert_exact(shop, LIMIT)


def test_a_task_may_be_given_less_but_not_more(shop: Moat) -> None:
    for asked, allowed in ((7, 7), (1000, LIMIT)):
        token = shop.open_task("budgeted", max_writes=asked)
        before = count_dirty(shop)
        with refused("PM011"), shop.task("budgeted", token) as connection:
            connection.execute(
                "INSERT INTO order_items (order_id) SELECT generate_series(1, %s)", (allowed + 1,)
            )
        with shop.task("budgeted", token) as connection:
            connection.execute("INSERT INTO order_items (order_id) SELECT generate_series(1, %s)", (allowed,))
        assert count_dirty(shop) == before + allowed


def test_a_procedure_that_commits_cannot_pass_the_budget(shop: Moat) -> None:
    with shop.connect("budgeted") as connection:
        connection.execute("SELECT set_config('pgmoat.token', %s, false)", (shop.open_task("budgeted"),))
        connection.execute(
            """
            CREATE PROCEDURE pg_temp.spread() LANGUAGE plpgsql AS $$
            BEGIN
                FOR i IN 1..50 LOOP UPDATE agent.counters SET v = 1 WHERE id = i; COMMIT; END LOOP;
            END $$
            """
        )
        with refused("PM011"):
            connection.execute("CALL pg_temp.spread()")
    _assert_exact(shop, LIMIT)


def test_a_swap_of_two_own_tokens_overdraws_neither(shop: Moat) -> None:
    tokens = [shop.open_task("budgeted") for _ in range(2)]
    for own, other in (tokens, reversed(tokens)):
        for first in range(1, 200, 9):
            with contextlib.suppress(psycopg.Error), shop.task("budgeted", own) as connection:
                connection.execute(
                    "UPDATE counters SET v = length(set_config('pgmoat.token', %s, true))"
                    " WHERE id BETWEEN %s AND %s",
                    (other, first, first + 8),
                )
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") <= LIMIT
    assert count_changes(shop) == count_charged(shop) <= 2 * LIMIT


def test_a_transaction_cannot_write_for_two_tasks(shop: Moat) -> None:
    with refused("PM009"), shop.task("budgeted") as connection:
        _write(connection, 1, 1)
        enter(connection, shop.open_task("budgeted"))
        _write(connection, 2, 1)
    _assert_exact(shop, 0)


def test_what_the_task_is_told_is_what_was_charged(shop: Moat) -> None:
    token = shop.open_task("budgeted")
    with shop.task("budgeted", token) as connection:
        _write(connection, 1, 12)
    with shop.task("budgeted", token) as connection:
        row = connection.execute("SELECT rows_used, rows_left FROM pgmoat.my_task()").fetchone()
    assert row == (12, LIMIT - 12)
