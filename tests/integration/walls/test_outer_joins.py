"""
The gate is asked before any row is read, also on the empty side of an outer join.

From PostgreSQL 16 on the planner moves a view's WHERE into the ON of such a join when the view's FROM has
one item; the query's own functions then see the rows before the gate is asked.
"""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.moat_fixtures import Moat, refused

SHAPES: dict[str, LiteralString] = {
    "left": "SELECT v.a FROM (VALUES (1)) AS v (a) LEFT JOIN {entity} AS o ON pg_temp.leak(o.id)",
    "right": "SELECT v.a FROM {entity} AS o RIGHT JOIN (VALUES (1)) AS v (a) ON pg_temp.leak(o.id)",
    "full": "SELECT v.a FROM (VALUES (1)) AS v (a)"
    " FULL JOIN {entity} AS o ON v.a = o.id AND pg_temp.leak(o.id)",
    "lateral": "SELECT v.a FROM (VALUES (1)) AS v (a)"
    " LEFT JOIN LATERAL (SELECT * FROM {entity} AS o WHERE pg_temp.leak(o.id)) AS l ON true",
    "nested": "SELECT v.a FROM (VALUES (1)) AS v (a)"
    " LEFT JOIN ({entity} AS o LEFT JOIN {entity} AS p ON p.id = o.id) ON pg_temp.leak(o.id)",
    "with": "WITH w AS NOT MATERIALIZED (SELECT * FROM {entity})"
    " SELECT v.a FROM (VALUES (1)) AS v (a) LEFT JOIN w ON pg_temp.leak(w.id)",
    "grouped": "SELECT v.a FROM (VALUES (1)) AS v (a)"
    " LEFT JOIN {entity} AS o ON pg_temp.leak(o.id) GROUP BY v.a",
    "cast": "SELECT v.a FROM (VALUES (1)) AS v (a) LEFT JOIN {entity} AS o ON ('x' || o.id)::int = 1",
    "no such row": "SELECT v.a FROM (VALUES (1)) AS v (a) LEFT JOIN {entity} AS o ON o.id = -5",
    "exists": "SELECT 1 WHERE EXISTS (SELECT FROM {entity} AS o WHERE pg_temp.leak(o.id))",
    "not exists": "SELECT 1 WHERE NOT EXISTS (SELECT FROM {entity} AS o WHERE o.id = -5)",
    "not in": "SELECT 1 WHERE -5 NOT IN (SELECT o.id FROM {entity} AS o WHERE pg_temp.leak(o.id))",
    "aggregate": "SELECT count(*) FILTER (WHERE pg_temp.leak(o.id)) FROM (VALUES (1)) AS v (a)"
    " LEFT JOIN {entity} AS o ON true",
}
SETTINGS: tuple[LiteralString, ...] = (
    "SELECT 1",
    "SET LOCAL enable_nestloop = off",
    "SET LOCAL enable_hashjoin = off",
    "SET LOCAL enable_seqscan = off",
    "SET LOCAL join_collapse_limit = 1; SET LOCAL from_collapse_limit = 1",
)
LEAK = """
CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001
AS $$ BEGIN RAISE NOTICE 'seen %', $1; RETURN false; END $$
"""


@pytest.mark.parametrize("entity", ["orders", "order_items"])  # with and without a value map
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_row_is_seen_without_a_task(shop: Moat, shape: str, entity: str) -> None:
    seen: list[str | None] = []
    with shop.connect("clerk") as connection:
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary))
        connection.execute(LEAK)
        for setting in SETTINGS:
            with refused("PM001"), connection.transaction():
                connection.execute(setting)
                connection.execute(shape.format(entity=entity).encode())
    assert seen == []


def test_the_function_would_see_rows_with_a_task(shop: Moat) -> None:
    """The shapes above are real ones: past the gate the function is called."""
    seen: list[str | None] = []
    with shop.task("clerk") as connection:
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary))
        connection.execute(LEAK)
        connection.execute(SHAPES["left"].format(entity="orders").encode())
    assert seen


def test_a_forged_early_stop_locks_few_rows(shop: Moat) -> None:
    """The count at the end refuses anyway; until then few rows are touched, and locked."""
    drawn = "SELECT last_value FROM pgmoat.change_id_seq"
    before = shop.value(drawn)
    with refused("PM010"), shop.task("tight") as connection:
        connection.execute("SELECT set_config('pgmoat.stop_at', '9223372036854775807', true)")
        connection.execute("UPDATE orders SET v = v + 1")
    assert shop.value(drawn) - before <= 64
