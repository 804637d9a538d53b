"""
The limit of bytes per task: what history stores cannot be made large by large values.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
from typing import LiteralString

import psycopg
import pytest

from tests.moat_fixtures import Moat, refused

LIMIT = 20 * 1024  # at most: kB may be 1,000 bytes
_STORED: LiteralString = """
SELECT COALESCE(sum(COALESCE(pg_column_size(before), 0) + COALESCE(pg_column_size(after), 0)), 0)
  FROM pgmoat.change
"""
# Random text does not compress: 32 bytes a digest.
_BLOB: LiteralString = """
CREATE OR REPLACE FUNCTION pg_temp.blob(digests integer) RETURNS text LANGUAGE sql VOLATILE AS
$$ SELECT string_agg(md5(random()::text), '') FROM generate_series(1, digests) $$
"""

_WAYS: dict[str, LiteralString] = {
    "one-large-value": "UPDATE counters SET blob = pg_temp.blob(1000) WHERE id = 1",
    "many-small-values": "UPDATE counters SET blob = pg_temp.blob(30) WHERE id <= 40",
    "two-entities": "WITH a AS (UPDATE counters SET blob = pg_temp.blob(350) WHERE id = 1 RETURNING 1)"
    " INSERT INTO orders (note) VALUES (pg_temp.blob(350))",
    "do-loop": "DO $$ BEGIN FOR i IN 1..40 LOOP"
    " UPDATE counters SET blob = pg_temp.blob(30) WHERE id = i; END LOOP; END $$",
    "do-loop-that-catches": "DO $$ BEGIN FOR i IN 1..40 LOOP BEGIN"
    " UPDATE counters SET blob = pg_temp.blob(30) WHERE id = i;"
    " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$",
    "simple-query": "UPDATE counters SET blob = pg_temp.blob(350) WHERE id = 1;"
    " UPDATE counters SET blob = pg_temp.blob(350) WHERE id = 2",
    "savepoints": "SAVEPOINT a; UPDATE counters SET blob = pg_temp.blob(350) WHERE id = 1;"
    " RELEASE a; SAVEPOINT b;"
    " SET CONSTRAINTS ALL IMMEDIATE; UPDATE counters SET blob = pg_temp.blob(350) WHERE id = 2; RELEASE b",
    "explain-analyze": "EXPLAIN ANALYZE UPDATE counters SET blob = pg_temp.blob(1000) WHERE id = 1",
    "copied-by-insert-select": "INSERT INTO counters (id, blob) SELECT 1000, pg_temp.blob(1000)",
}


@pytest.mark.parametrize("way", _WAYS)
def test_no_way_stores_more_than_the_budget(shop: Moat, route: str, way: str) -> None:
    with contextlib.suppress(psycopg.Error), shop.task("thin", route=route) as connection:
        connection.execute(_BLOB)
        connection.execute(_WAYS[way])
    assert shop.value(_STORED) <= LIMIT
    assert shop.value("SELECT COALESCE(sum(length(blob)), 0) FROM public.counters") <= LIMIT


def test_the_sum_over_transactions_is_held(shop: Moat) -> None:
    token = shop.open_task("thin")
    refusals = 0
    for number in range(1, 31):
        try:
            with shop.task("thin", token) as connection:
                connection.execute(_BLOB)
                connection.execute("UPDATE counters SET blob = pg_temp.blob(40) WHERE id = %s", (number,))
        except psycopg.Error as error:
            assert error.sqlstate == "PM013", error
            refusals += 1
    assert 0 < refusals < 30
    stored = shop.value(_STORED)
    assert LIMIT / 2 < stored <= LIMIT
    assert shop.value("SELECT max(bytes_used) FROM pgmoat.ledger") == stored


def test_a_refusal_says_that_it_is_about_bytes(shop: Moat) -> None:
    with refused("PM013"), shop.task("thin") as connection:
        connection.execute("UPDATE counters SET blob = (SELECT string_agg(md5(i::text), '')"
                           " FROM generate_series(1, 1000) AS i) WHERE id = 1")  # fmt: skip
    assert shop.value(_STORED) == 0


def test_a_long_query_is_cut(shop: Moat) -> None:
    with shop.task("thin") as connection:
        connection.execute(b"UPDATE counters SET v = 1 WHERE id = 1 /* " + b"x" * 100_000 + b" */")
    assert shop.value("SELECT max(length(query)) FROM pgmoat.statement") <= 4000


@pytest.mark.parametrize("setting", ["pgmoat.step", "pgmoat.reason"])
def test_a_label_set_past_enter_is_cut_too(shop: Moat, setting: str) -> None:
    """enter() cuts its labels, but set_config() can put megabytes into the settings that the record reads."""
    with contextlib.suppress(psycopg.Error), shop.task("thin", reason="no longer needed") as connection:
        connection.execute("SELECT set_config(%s, repeat('x', 1000000), true)", (setting,))
        connection.execute("DELETE FROM orders WHERE id = 1")
    longest = shop.value(
        "SELECT COALESCE(max(GREATEST(length(step), length(reason))), 0) FROM pgmoat.statement"
    )
    assert longest <= 4000
    assert shop.value("SELECT COALESCE(max(length(delete_reason)), 0) FROM public.orders") <= 4000


def test_statements_that_change_nothing_do_not_fill_the_record(shop: Moat) -> None:
    """A loop of UPDATEs without a row would otherwise store 4,000 characters each, for ever."""
    token = shop.open_task("thin")
    with contextlib.suppress(psycopg.Error), shop.task("thin", token) as connection:
        for number in range(60):
            connection.execute(f"UPDATE counters SET v = 1 WHERE id = -{number} /* {'x' * 5000} */".encode())
    assert shop.value("SELECT COALESCE(sum(length(query)), 0) FROM pgmoat.statement") <= 3 * LIMIT
