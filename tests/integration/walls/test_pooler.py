"""
What one client of a pool leaves behind for the next: nothing with a reset, no way in without one.

I/O: PgBouncer, PostgreSQL.
"""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.integration.walls.ways import count_dirty
from tests.moat_fixtures import Connection, Moat, enter, refused

_LEFT_BEHIND: tuple[LiteralString, ...] = (
    "SET statement_timeout = 0",
    "SET search_path = pg_temp, public",
    "SET extra_float_digits = -15",
    "SET pgmoat.step = 'stale'",
    "SET default_transaction_isolation = 'serializable'",
    "SELECT pg_advisory_lock(4711)",
    "CREATE TEMP TABLE counters (id integer, v integer)",
    "PREPARE stale AS SELECT 1",
    "LISTEN stale",
)


def _read_state(connection: Connection) -> list[object]:
    with connection.transaction():
        rows = [
            connection.execute("SHOW statement_timeout").fetchone(),
            connection.execute("SHOW search_path").fetchone(),
            connection.execute("SHOW extra_float_digits").fetchone(),
            connection.execute("SELECT COALESCE(current_setting('pgmoat.step', true), '')").fetchone(),
            connection.execute("SHOW transaction_isolation").fetchone(),
            connection.execute("SHOW application_name").fetchone(),
            connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone(),
            connection.execute("SELECT to_regclass('pg_temp.counters')::text").fetchone(),
            connection.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            ).fetchone(),
        ]
    return [value for row in rows if row is not None for value in row]


def test_a_pool_with_reset_hands_on_nothing(shop: Moat) -> None:
    with shop.connect_pooled("clerk") as first:
        for command in _LEFT_BEHIND:
            first.execute(command)
    with shop.connect_pooled("clerk") as second:
        state = _read_state(second)
    assert state == ["20s", "agent, pg_temp", "1", "", "read committed", shop.role("clerk"), 0, None, 0]


def test_role_settings_reach_a_pooled_session(shop: Moat) -> None:
    with shop.connect_pooled("tight") as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
        assert connection.execute("SHOW lock_timeout").fetchone() == ("2s",)


@pytest.mark.parametrize("resets", [True, False])
def test_a_lifted_timeout_left_in_the_pool_reaches_no_entity(shop: Moat, resets: bool) -> None:
    """Without a reset it leaks to the next client, and the gate refuses there: loud, and safe."""
    with shop.connect_pooled("clerk", resets=resets) as first:
        first.execute("SET statement_timeout = 0")
    with shop.connect_pooled("clerk", resets=resets) as second, second.transaction():
        enter(second, shop.open_task("clerk"))
        if resets:
            second.execute("SELECT * FROM orders")
        else:
            with refused("PM007"), second.transaction():
                second.execute("SELECT * FROM orders")
    with shop.connect_pooled("clerk", resets=resets) as third:
        third.execute("RESET ALL")


@pytest.mark.parametrize("resets", [True, False])
def test_entering_a_task_does_not_outlive_the_transaction_in_the_pool(shop: Moat, resets: bool) -> None:
    with shop.connect_pooled("clerk", resets=resets) as first, first.transaction():
        enter(first, shop.open_task("clerk"), "mine", "my reason")
        first.execute("UPDATE counters SET v = 1 WHERE id = 1")
    with shop.connect_pooled("clerk", resets=resets) as second:
        for command in (
            "SELECT * FROM orders",
            "UPDATE counters SET v = 1 WHERE id = 2",
            "INSERT INTO orders (v) VALUES (1)",
        ):
            with refused("PM001"):
                second.execute(command.encode())
        assert second.execute(
            "SELECT COALESCE(current_setting('pgmoat.step', true), '')"
            " || COALESCE(current_setting('pgmoat.reason', true), '')"
        ).fetchone() == ("",)
    assert count_dirty(shop) == 1


def test_a_token_set_for_the_session_is_dropped_by_the_reset_only(shop: Moat) -> None:
    """SET without LOCAL leaks to the role's next client where no pool resets: so enter() is local."""
    token = shop.open_task("clerk")
    for resets in (True, False):
        with shop.connect_pooled("clerk", resets=resets) as first:
            first.execute("SELECT set_config('pgmoat.token', %s, false)", (token,))
        with shop.connect_pooled("clerk", resets=resets) as second:
            if resets:
                with refused("PM001"):
                    second.execute("SELECT * FROM orders")
            else:
                second.execute("SELECT * FROM orders")
                second.execute("RESET ALL")


def test_another_agent_never_gets_the_sessions_of_this_one(shop: Moat) -> None:
    with shop.connect_pooled("clerk", resets=False) as first:
        first.execute("SELECT set_config('pgmoat.token', %s, false)", (shop.open_task("clerk"),))
    with shop.connect_pooled("tight", resets=False) as second:
        assert second.execute("SELECT session_user").fetchone() == (shop.role("tight"),)
        with refused("PM001"):
            second.execute("SELECT * FROM orders")
    with shop.connect_pooled("clerk", resets=False) as third:
        third.execute("RESET ALL")


def test_a_pool_smaller_than_its_clients_keeps_tasks_apart(shop: Moat) -> None:
    tokens = {f"t{number}": shop.open_task("clerk", f"t{number}") for number in range(6)}
    connections = {task: shop.connect_pooled("clerk", resets=False) for task in tokens}
    try:
        for round_number in range(3):
            for task, connection in connections.items():
                with connection.transaction():
                    enter(connection, tokens[task], f"{task}-{round_number}")
                    connection.execute("INSERT INTO order_items (order_id, sku) VALUES (1, %s)", (task,))
    finally:
        for connection in connections.values():
            connection.close()
    assert (
        shop.value(
            "SELECT count(*) FROM pgmoat.history"
            " WHERE task_id = after ->> 'sku' AND starts_with(step, task_id)"
        )
        == 18
    )
