"""
The limit of rows per agent and hour: it holds over all tasks, and leases that nobody uses come back.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
import time

import psycopg
import pytest

from tests.integration.walls.ways import EVEN_ONLY, WAYS, count_changes, count_charged, count_dirty
from tests.integration.walls.writers import write_at_once
from tests.moat_fixtures import Connection, Moat, refused

LIMIT = 40
_MARGIN_S = 8


@pytest.fixture(autouse=True)
def quiet_hour(shop: Moat) -> None:
    """Let a new hour begin first where it is about to: the limit is one of clock hours."""
    left = shop.value("SELECT 3600 - extract(epoch FROM clock_timestamp())::bigint % 3600")
    if left < _MARGIN_S:
        time.sleep(int(left) + 1)


def _insert(connection: Connection, rows: int) -> None:
    connection.execute("INSERT INTO order_items (order_id) SELECT generate_series(1, %s)", (rows,))


def _write_in_new_task(moat: Moat, rows: int, route: str = "direct") -> None:
    with moat.task("hourly", route=route) as connection:
        _insert(connection, rows)


@pytest.mark.parametrize("way", sorted(WAYS.keys() - EVEN_ONLY))
def test_no_way_writes_past_the_hour(shop: Moat, way: str) -> None:
    with contextlib.suppress(psycopg.Error), shop.task("hourly") as connection:
        WAYS[way](connection, LIMIT + 1)
    assert count_dirty(shop) <= LIMIT
    assert count_changes(shop) == count_charged(shop) == count_dirty(shop)


def test_the_whole_hour_can_be_used(shop: Moat) -> None:
    _write_in_new_task(shop, LIMIT)
    with refused("PM012"):
        _write_in_new_task(shop, 1)
    assert count_dirty(shop) == LIMIT


def test_many_tasks_of_one_row_share_the_hour(shop: Moat, route: str) -> None:
    for _ in range(LIMIT):
        _write_in_new_task(shop, 1, route)
    for _ in range(3):
        with refused("PM012"):
            _write_in_new_task(shop, 1, route)
    assert count_dirty(shop) == LIMIT


def test_a_lease_that_is_not_used_is_taken_back(shop: Moat) -> None:
    tokens = [shop.open_task("hourly") for _ in range(3)]
    for token in tokens:
        for _ in range(2):  # the second time a task gets more than it needs
            with shop.task("hourly", token) as connection:
                _insert(connection, 4)
        with shop.task("hourly", token) as connection:
            _insert(connection, 1)
    leased = shop.value("SELECT granted FROM pgmoat.hour")
    assert leased > count_dirty(shop) == 27
    _write_in_new_task(shop, LIMIT - 27)
    assert count_dirty(shop) == LIMIT
    for token in (*tokens, shop.open_task("hourly")):
        with refused("PM012"), shop.task("hourly", token) as connection:
            _insert(connection, 1)
    assert count_dirty(shop) == LIMIT
    assert shop.value("SELECT granted FROM pgmoat.hour") == LIMIT


def test_eight_writers_over_eight_tasks_stay_within_the_hour(shop: Moat, route: str) -> None:
    tokens = [shop.open_task("hourly") for _ in range(8)]
    committed = write_at_once(shop, "hourly", tokens, tries=8, route=route)
    assert committed == count_dirty(shop) == count_changes(shop) == count_charged(shop) <= LIMIT
    # A task that is just committing keeps its lease: under contention a little may be refused too early.
    for _ in range(LIMIT - committed):
        _write_in_new_task(shop, 1)
    with refused("PM012"):
        _write_in_new_task(shop, 1)
    assert count_dirty(shop) == LIMIT


def test_eight_writers_in_one_task_use_exactly_the_hour(shop: Moat) -> None:
    committed = write_at_once(shop, "hourly", [shop.open_task("hourly")] * 8, tries=8, route="direct")
    assert committed == count_dirty(shop) == LIMIT


@pytest.mark.parametrize("is_immediate", [False, True])
def test_leases_that_are_rolled_back_leave_the_sum_right(shop: Moat, is_immediate: bool) -> None:
    for _ in range(5):
        with shop.task("hourly") as connection:
            _insert(connection, 15)
            if is_immediate:
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            connection.execute("ROLLBACK; BEGIN")
    _write_in_new_task(shop, LIMIT)
    with refused("PM012"):
        _write_in_new_task(shop, 1)
    assert count_dirty(shop) == LIMIT


def test_a_time_zone_with_odd_minutes_opens_no_second_hour(shop: Moat) -> None:
    """date_trunc('hour') follows the session's TimeZone, which any role may set."""
    for zone in ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "<x>00:10:00", "<y>00:20:00", "<z>-00:40:00"):
        with contextlib.suppress(psycopg.Error), shop.task("hourly") as connection:
            connection.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
            _insert(connection, LIMIT)
    assert count_dirty(shop) == LIMIT


def test_another_agent_has_an_hour_of_its_own(shop: Moat) -> None:
    _write_in_new_task(shop, LIMIT)
    with shop.task("clerk") as connection:
        _insert(connection, 5)
    assert count_dirty(shop) == LIMIT + 5
