"""
An agent inside a task that tries to learn what lies outside its scope.

I/O: PostgreSQL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
import pytest

from tests.integration.scopes.shop import OWN_ORDERS
from tests.integration.scopes.test_reads import open_scoped, read_ids
from tests.moat_fixtures import Connection, Moat, enter, refused

ENTITIES = ("orders", "orders_by_index", "items", "notes", "customers")
LEAKS: LiteralString = """
CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
    AS $$ BEGIN RAISE NOTICE 'seen %', $1; RETURN true; END $$;
CREATE FUNCTION pg_temp.leak_sql(bigint) RETURNS boolean LANGUAGE sql COST 0.0000001
    AS $$ SELECT pg_temp.leak($1) $$;
CREATE FUNCTION pg_temp.leak_key(bigint, bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
    AS $$ BEGIN RAISE NOTICE 'seen %', $1; RETURN true; END $$;
CREATE FUNCTION pg_temp.leak_row(record) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
    AS $$ BEGIN RAISE NOTICE 'seen %', $1.id; RETURN true; END $$;
CREATE OPERATOR pg_temp.<<< (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.leak_key);
CREATE AGGREGATE pg_temp.peek (bigint) (SFUNC = int8pl, STYPE = bigint, INITCOND = '0');
"""
# {e}: an entity. None of these may call a leaking function with a row outside the scope.
SHAPES: dict[str, LiteralString] = {
    "where": "SELECT id FROM {e} AS e WHERE pg_temp.leak(e.id)",
    "where sql": "SELECT id FROM {e} AS e WHERE pg_temp.leak_sql(e.id)",
    "where or": "SELECT id FROM {e} AS e WHERE e.id < 0 OR pg_temp.leak(e.id)",
    "where operator": "SELECT id FROM {e} AS e WHERE e.id OPERATOR(pg_temp.<<<) 1",
    "where row": "SELECT id FROM {e} AS e WHERE pg_temp.leak_row(e)",
    "with an index": "SELECT id FROM {e} AS e WHERE e.id > 0 AND pg_temp.leak(e.id)",
    "left": "SELECT v.a FROM (VALUES (1)) AS v (a) LEFT JOIN {e} AS e ON pg_temp.leak(e.id)",
    "right": "SELECT v.a FROM {e} AS e RIGHT JOIN (VALUES (1)) AS v (a) ON pg_temp.leak(e.id)",
    "full": "SELECT v.a FROM (VALUES (1)) AS v (a) FULL JOIN {e} AS e ON v.a = e.id AND pg_temp.leak(e.id)",
    "lateral": "SELECT v.a FROM generate_series(1, 40) AS v (a)"
    " LEFT JOIN LATERAL (SELECT * FROM {e} AS e WHERE e.id = v.a AND pg_temp.leak(e.id)) AS l ON true",
    "self join": "SELECT 1 FROM {e} AS e JOIN {e} AS f ON e.id = f.id AND pg_temp.leak(f.id)",
    "having": "SELECT count(*) FROM {e} AS e GROUP BY e.id HAVING pg_temp.leak(e.id)",
    "case": "SELECT CASE WHEN pg_temp.leak(e.id) THEN 1 END FROM {e} AS e",
    "filter": "SELECT count(*) FILTER (WHERE pg_temp.leak(e.id)) FROM {e} AS e",
    "order by": "SELECT id FROM {e} AS e ORDER BY pg_temp.leak(e.id)",
    "window": "SELECT count(*) FILTER (WHERE pg_temp.leak(e.id)) OVER () FROM {e} AS e",
    "exists": "SELECT 1 WHERE EXISTS (SELECT FROM {e} AS e WHERE e.id > 1 AND pg_temp.leak(e.id))",
    "not in": "SELECT 1 WHERE -5 NOT IN (SELECT e.id FROM {e} AS e WHERE pg_temp.leak(e.id))",
    "with": "WITH w AS NOT MATERIALIZED (SELECT * FROM {e}) SELECT 1 FROM w WHERE pg_temp.leak(w.id)",
    "view of its own": "SELECT 1 FROM pg_temp.mine_{e} AS e WHERE pg_temp.leak(e.id)",
    "union": "SELECT id FROM (SELECT id FROM {e} UNION ALL SELECT id FROM {e}) AS e WHERE pg_temp.leak(e.id)",
    "explain": "EXPLAIN ANALYZE SELECT id FROM {e} AS e WHERE pg_temp.leak(e.id)",
    "cursor": "DECLARE c CURSOR WITH HOLD FOR SELECT id FROM {e} AS e WHERE pg_temp.leak(e.id)",
    "sampled": "SELECT 1 FROM {e} AS e WHERE e.id IN (SELECT i FROM generate_series(1, 40) AS i"
    " WHERE pg_temp.leak(e.id))",
}
SETTINGS: tuple[LiteralString, ...] = (
    "SELECT 1",
    "SET LOCAL enable_nestloop = off; SET LOCAL enable_bitmapscan = off",
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off",
    "SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off",
    "SET LOCAL enable_seqscan = off",
    "SET LOCAL join_collapse_limit = 1; SET LOCAL from_collapse_limit = 1",
    "SET LOCAL cpu_operator_cost = 10000; SET LOCAL jit_above_cost = 0",
)


@contextmanager
def attack(shop: Moat, **scope: Any) -> Generator[tuple[Connection, list[str]]]:
    """Yield an agent's connection in a task for customer 42, and what its functions were called with."""
    seen: list[str] = []
    token = open_scoped(shop, **(scope or {"customer_id": 42}))
    with shop.task("clerk", token) as connection:
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        connection.execute(LEAKS)
        for entity in ENTITIES:
            connection.execute(f"CREATE TEMP VIEW mine_{entity} AS SELECT * FROM {entity}".encode())
        yield connection, seen


@pytest.mark.parametrize("entity", ENTITIES)
def test_functions_of_its_own_see_rows_in_scope_only(shop: Moat, entity: str) -> None:
    own = {f"seen {number}" for number in (*OWN_ORDERS, 42)}
    total: set[str] = set()
    with attack(shop) as (connection, seen):
        for name, shape in SHAPES.items():
            for setting in SETTINGS:
                seen.clear()
                with connection.transaction(force_rollback=True):
                    connection.execute(setting)
                    connection.execute(shape.replace("{e}", entity).encode())
                assert set(seen) <= own, (name, setting, set(seen) - own)
                total |= set(seen)
    assert total  # the functions are called


@pytest.mark.parametrize(
    "condition",
    [
        "1 / (e.amount - 7777) > -1",  # nobody's order, by division by zero
        "1 / (e.amount - 1) > -1",  # customer 43's
        "('x' || e.amount)::integer > 0 AND e.amount = 1",
        "CASE WHEN e.amount = 1 THEN 1 / (e.amount - 1) ELSE 1 END > 0",
        "pg_catalog.pg_sleep(0) IS NOT NULL AND 1 / (e.amount - 4) > -1",
    ],
)
@pytest.mark.parametrize("entity", ["orders", "orders_by_index"])
def test_errors_tell_nothing_of_hidden_rows(shop: Moat, entity: str, condition: str) -> None:
    """Amounts of 1, 4 and 7777 are others': a condition that fails on them never fails."""
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        for setting in SETTINGS:
            with connection.transaction(force_rollback=True):
                connection.execute(setting)
                connection.execute(
                    f"SELECT * FROM {entity} AS e WHERE e.amount <> 3 AND {condition}".encode()
                )


def explain(connection: Connection, query: str) -> str:
    """Return a plan with all that it tells, but for the condition that the agent wrote itself."""
    row = connection.execute(
        f"EXPLAIN (ANALYZE, VERBOSE, BUFFERS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) {query}".encode()
    ).fetchone()
    assert row is not None
    return re.sub(r'"Filter": "\(+(orders|items|customers|notes)\.[^"]*"', "", json.dumps(row[0]))


PROBES = (
    ("orders", "amount = 7777", "amount = 7778"),
    ("orders", "ref = 'ref-1'", "ref = 'ref-x'"),
    ("orders", "id = 2", "id = 200"),
    ("orders", "customer_id = 43", "customer_id = 47"),
    ("orders", "amount BETWEEN 7000 AND 8000", "amount BETWEEN 8000 AND 9000"),
    ("items", "order_id = 2", "order_id = 200"),
    ("items", "sku = 'sku-2'", "sku = 'sku-x'"),
    ("customers", "email = 'bob@secret.example'", "email = 'nob@secret.example'"),
    ("customers", "email LIKE 'bob%'", "email LIKE 'nob%'"),
    ("notes", "txt = 'note 2'", "txt = 'note x'"),
)


@pytest.mark.parametrize(("entity", "there", "absent"), PROBES, ids=[p[1] for p in PROBES])
def test_explain_answers_alike_whether_a_hidden_row_matches(
    shop: Moat, entity: str, there: str, absent: str
) -> None:
    """Neither the rows that plans report nor the planner's estimates differ."""
    shop.run("CREATE INDEX IF NOT EXISTS probe_amt ON public.orders (amt); ANALYZE")
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        for setting in SETTINGS:
            with connection.transaction(force_rollback=True):
                connection.execute(setting)
                plans = [
                    explain(connection, f"SELECT * FROM {entity} WHERE {condition}")
                    for condition in (there, absent)
                ]
                assert plans[0] == plans[1], setting


def test_without_rows_first_explain_counts_hidden_rows(shop: Moat) -> None:
    """The price of conditions that use their own indexes, as the documents say."""
    shop.run("INSERT INTO public.orders (usr_id) SELECT 42 FROM generate_series(1, 3000); ANALYZE")
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plans = [
            explain(connection, f"SELECT id FROM orders_by_index WHERE id = {number}") for number in (2, -2)
        ]
    assert ['"Rows Removed by Filter": 1' in plan for plan in plans] == [True, False]


def test_statistics_cannot_be_read(shop: Moat) -> None:
    shop.run("ANALYZE")
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        for query in (
            "SELECT * FROM pg_catalog.pg_stats WHERE schemaname IN ('public', 'agent')",
            "SELECT * FROM pg_catalog.pg_stats_ext WHERE schemaname = 'public'",
        ):
            assert connection.execute(query.encode()).fetchall() == []
        with refused("42501"), connection.transaction():
            connection.execute("SELECT * FROM pg_catalog.pg_statistic")


@pytest.mark.parametrize(
    "forgery",
    [
        "SELECT set_config('pgmoat.scope', '{\"customer_id\": 43}', true)",
        "SET LOCAL pgmoat.customer_id = 43",
        "SELECT set_config('pgmoat.task', 'other', true)",
        "SET LOCAL app.customer_id = 43",
        "CREATE TEMP TABLE task_scope (scope1 bigint[]); INSERT INTO task_scope VALUES (ARRAY[43])",
        "CREATE FUNCTION pg_temp.scope(text) RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY['43'] $$",
        "CREATE TEMP TABLE orders (id bigint, usr_id bigint); SET LOCAL search_path = pg_temp, public, agent",
        "CREATE FUNCTION pg_temp.eq(bigint, bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;"
        "CREATE OPERATOR pg_temp.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.eq);"
        "SET LOCAL search_path = pg_temp, pg_catalog",
        "SET LOCAL row_security = off",
        "SET LOCAL transform_null_equals = on",
    ],
)
def test_no_setting_and_no_object_of_its_own_changes_the_scope(shop: Moat, forgery: str) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        connection.execute(forgery.encode())
        assert read_ids(connection, "agent.orders") == list(OWN_ORDERS)
        assert read_ids(connection, "agent.items") == list(OWN_ORDERS)
        assert connection.execute("UPDATE agent.orders SET amount = 5").rowcount == len(OWN_ORDERS)
        with refused("PM029"), connection.transaction():
            connection.execute("INSERT INTO agent.orders (customer_id) VALUES (43)")


def test_the_token_decides_once_per_statement(shop: Moat) -> None:
    """A statement that changes the token half-way writes for neither task more than it may."""
    mine, other = open_scoped(shop, customer_id=42), open_scoped(shop, customer_id=43)
    with shop.task("clerk", mine) as connection:
        rows = connection.execute(
            "SELECT o.customer_id, set_config('pgmoat.token', %s, true) FROM orders AS o", (other,)
        ).fetchall()
        assert {row[0] for row in rows} == {42}
    update = "UPDATE orders SET amount = length(set_config('pgmoat.token', %s, true))"
    with refused("40001", "PM029", "PM009"), shop.task("clerk", mine) as connection:
        connection.execute(update, (other,))
    assert shop.value("SELECT count(*) FROM public.orders WHERE amt = 69") == 0


def test_a_cursor_that_is_held_has_read_in_its_own_task(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        with connection.transaction():
            enter(connection, open_scoped(shop, customer_id=42))
            connection.execute("DECLARE held CURSOR WITH HOLD FOR SELECT id FROM orders ORDER BY id")
        with connection.transaction():
            enter(connection, open_scoped(shop, customer_id=43))
            rows = connection.execute("FETCH ALL FROM held").fetchall()
    assert [row[0] for row in rows] == list(OWN_ORDERS)


def test_a_token_of_another_task_is_needed_to_see_its_rows(shop: Moat) -> None:
    other = open_scoped(shop, customer_id=43)
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        for guess in (other[:-1] + ("1" if other.endswith("0") else "0"), "", "moat_", other.upper()):
            connection.execute("SELECT set_config('pgmoat.token', %s, true)", (guess,))
            with refused("PM001"), connection.transaction():
                connection.execute("SELECT * FROM orders")


def test_locks_are_taken_on_rows_in_scope_only(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection, shop.superuser() as people:
        connection.execute("UPDATE orders SET amount = amount + 1")
        connection.execute("UPDATE orders SET amount = 1 WHERE id = 2")
        people.execute("SET lock_timeout = '1s'")
        people.execute("UPDATE public.orders SET amt = amt WHERE usr_id IS DISTINCT FROM 42")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            people.execute("UPDATE public.orders SET amt = amt WHERE id = 1")
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        for lock in ("SELECT * FROM orders FOR UPDATE", "SELECT * FROM customers FOR SHARE"):
            with refused("42501", "0A000", "55000"), connection.transaction():
                connection.execute(lock.encode())


def test_a_parent_cannot_be_taken_along(shop: Moat) -> None:
    """Own items stay where they are when their order would go; others' items cannot be drawn in."""
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        assert connection.execute("UPDATE items SET order_id = 1 WHERE order_id = 2").rowcount == 0
        with refused("PM029"), connection.transaction():
            connection.execute(
                "WITH o AS (DELETE FROM orders WHERE id = 4 RETURNING id)"
                " UPDATE items SET order_id = 2 WHERE order_id IN (SELECT id FROM o)"
            )
        connection.execute("DELETE FROM orders WHERE id = 4")
        assert connection.execute("UPDATE items SET qty = 9 WHERE order_id = 4").rowcount == 0
        with refused("PM029"), connection.transaction():
            connection.execute("UPDATE items SET order_id = 4 WHERE id = 1")  # a parent that is deleted


def test_foreign_keys_answer_for_the_scope_only(shop: Moat) -> None:
    """Whether a customer exists is not told: the scope refuses before the foreign key is asked."""
    messages: set[str] = set()
    for customer in (43, 9999):
        with refused("PM029") as caught, shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
            connection.execute("UPDATE orders SET customer_id = %s WHERE id = 1", (customer,))
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_catalog_functions_reach_no_row(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        for query in (
            "SELECT query_to_xml('SELECT * FROM public.orders', true, false, '')",
            "SELECT table_to_xml('public.orders', true, false, '')",
            "TABLE public.orders",
            "COPY public.orders TO STDOUT",
            "SELECT lo_get(1)",
        ):
            with pytest.raises(psycopg.Error), connection.transaction():
                connection.execute(query.encode())
