"""
The limit of rows per statement, against every way to make one message write much.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.integration.walls.ways import EVEN_ONLY, WAYS, count_changes, count_dirty
from tests.moat_fixtures import Moat, refused

LIMIT = 10
_MERGE_SINCE = 170_000


@contextlib.contextmanager
def _only(*codes: str) -> Generator[None]:
    """Let these refusals pass: ways that catch errors go on, the others raise; the state is what counts."""
    try:
        yield
    except psycopg.Error as error:
        assert error.sqlstate in codes, error


@pytest.mark.parametrize("way", WAYS)
def test_as_many_rows_as_allowed_pass(shop: Moat, way: str) -> None:
    with shop.task("tight") as connection:
        WAYS[way](connection, LIMIT)
    assert count_dirty(shop) == LIMIT
    assert count_changes(shop) == LIMIT


@pytest.mark.parametrize("way", WAYS)
def test_no_way_writes_more_rows(shop: Moat, route: str, way: str) -> None:
    with _only("PM010"), shop.task("tight", route=route) as connection:
        WAYS[way](connection, LIMIT + 90)
    assert count_dirty(shop) <= LIMIT
    assert count_changes(shop) == count_dirty(shop)


@pytest.mark.parametrize("way", sorted(WAYS.keys() - EVEN_ONLY))
def test_one_row_more_is_one_too_many(shop: Moat, way: str) -> None:
    with _only("PM010"), shop.task("tight") as connection:
        WAYS[way](connection, LIMIT + 1)
    assert count_dirty(shop) <= LIMIT


def test_the_limit_is_each_statements_not_the_transactions(shop: Moat) -> None:
    with shop.task("tight") as connection:
        for first in (1, 11, 21):
            connection.execute("UPDATE orders SET v = 1 WHERE id BETWEEN %s AND %s", (first, first + 9))
    assert count_dirty(shop) == 3 * LIMIT


def test_a_refused_statement_leaves_the_savepoint_before_it(shop: Moat) -> None:
    with shop.task("tight") as connection:
        connection.execute("UPDATE orders SET v = 1 WHERE id <= 5")
        with refused("PM010"), connection.transaction():
            connection.execute("UPDATE orders SET v = 2 WHERE id <= 11")
    assert count_dirty(shop) == 5
    assert count_changes(shop) == 5


def test_a_refused_update_of_everything_stops_early(shop: Moat) -> None:
    shop.run("INSERT INTO public.counters (id) SELECT generate_series(1001, 40000)")
    sizes: LiteralString = "SELECT pg_relation_size('public.counters') + pg_relation_size('pgmoat.change')"
    before = shop.value(sizes)
    with refused("PM010"), shop.task("tight") as connection:
        connection.execute("UPDATE counters SET v = 1")
    assert shop.value(sizes) <= before + 20 * 8192


@pytest.mark.parametrize("name", ["pgmoat.token", "pgmoat.step", "pgmoat.reason", "pgmoat.stop_at"])
@pytest.mark.parametrize("value", ["", "moat_0", "9000000000000000000", "-5", "nonsense"])
def test_no_setting_changed_inside_the_statement_lifts_the_limit(shop: Moat, name: str, value: str) -> None:
    with pytest.raises(psycopg.Error), shop.task("tight") as connection:
        connection.execute(
            "UPDATE counters SET v = 1 + 0 * length(set_config(%s, %s, true)) WHERE id <= 60", (name, value)
        )
    assert count_dirty(shop) == 0
    assert count_changes(shop) == 0


def test_a_token_swapped_inside_the_statement_lifts_nothing(shop: Moat) -> None:
    other = shop.open_task("tight")
    with refused("PM010"), shop.task("tight") as connection:
        connection.execute(
            "UPDATE counters SET v = length(set_config('pgmoat.token', %s, true)) WHERE id <= 11", (other,)
        )
    assert count_dirty(shop) == 0


def test_a_procedure_that_commits_is_limited_in_each_transaction(shop: Moat) -> None:
    """Each transaction counts by itself, as if sent one by one; the task's budget adds them up."""
    with shop.connect("tight") as connection:
        connection.execute("SELECT set_config('pgmoat.token', %s, false)", (shop.open_task("tight"),))
        connection.execute(
            """
            CREATE PROCEDURE pg_temp.spread(each integer) LANGUAGE plpgsql AS $$
            BEGIN
                FOR i IN 0..3 LOOP
                    UPDATE agent.counters SET v = 1 WHERE id BETWEEN i * each + 1 AND (i + 1) * each;
                    COMMIT;
                END LOOP;
            END $$
            """
        )
        with refused("PM010"):
            connection.execute("CALL pg_temp.spread(11)")
        assert count_dirty(shop) == 0
        connection.execute("CALL pg_temp.spread(10)")
    assert count_dirty(shop) == 40
    assert count_changes(shop) == 40


def test_merge_counts_as_one_statement(shop: Moat) -> None:
    merge: LiteralString = """
        MERGE INTO counters AS c USING generate_series({first}, {last}) AS s (id) ON c.id = s.id
        WHEN MATCHED THEN UPDATE SET v = 1 WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, 1)
    """
    has_merge = shop.database.server.server_version >= _MERGE_SINCE
    with refused("PM010" if has_merge else "0A000"), shop.task("tight") as connection:
        connection.execute(sql.SQL(merge).format(first=195, last=205))
    assert count_dirty(shop) == 0
    if has_merge:
        with shop.task("tight") as connection:
            assert connection.execute(sql.SQL(merge).format(first=196, last=205)).rowcount == LIMIT
        assert count_dirty(shop) == LIMIT
