"""
People pay nothing: no trigger, rule, foreign key or policy on their tables, no record and no lock of theirs.

I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg

from tests.integration.walls.shop import POLICY, RESET, SCHEMA
from tests.integration.walls.ways import count_changes
from tests.moat_fixtures import Moat, enter, install_moat, refused
from tests.postgres_fixtures import Database

_MACHINERY: LiteralString = """
SELECT 'trigger', t.tgrelid::regclass::text, t.tgname::text, t.tgenabled::text FROM pg_trigger AS t
  JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'rule', r.ev_class::regclass::text, r.rulename::text, '' FROM pg_rewrite AS r
  JOIN pg_class AS c ON c.oid = r.ev_class WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'constraint', k.conrelid::regclass::text, k.conname::text, pg_get_constraintdef(k.oid)
  FROM pg_constraint AS k
  JOIN pg_class AS c ON c.oid = k.conrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'policy', p.polrelid::regclass::text, p.polname::text, '' FROM pg_policy AS p
UNION ALL
SELECT 'index', i.indrelid::regclass::text, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'table', c.oid::regclass::text, c.relowner::regrole::text,
       c.relrowsecurity::text || c.relhastriggers || c.relreplident::text
  FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'p')
UNION ALL
SELECT 'column', a.attrelid::regclass::text, a.attname::text,
       format_type(a.atttypid, a.atttypmod) || a.attnotnull || COALESCE(pg_get_expr(d.adbin, d.adrelid), '')
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
ORDER BY 1, 2, 3
"""


def test_nothing_but_soft_delete_columns_is_added_to_peoples_tables(
    database: Database, role_prefix: str
) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        before = set(connection.execute(_MACHINERY).fetchall())
        with install_moat(database, role_prefix, "SELECT 1", POLICY) as moat:
            after = set(moat.read(_MACHINERY))
    assert before - after == set()
    assert {(kind, table, name) for kind, table, name, _ in after - before} == {
        ("column", table, column)
        for table in ("orders", "order_items")
        for column in ("deleted_at", "deleted_by", "delete_reason")
    }
    assert all(
        definition in {"textfalse", "timestamp with time zonefalse"} for *_, definition in after - before
    )


def test_what_people_write_is_neither_recorded_nor_refused(shop: Moat) -> None:
    shop.run("SELECT pgmoat.freeze_agent('clerk', 'no matter')")
    with shop.superuser() as person, person.transaction():
        person.execute(
            "UPDATE public.orders SET v = 1; DELETE FROM public.order_items; TRUNCATE public.payments"
        )
        person.execute("INSERT INTO public.orders (stat_cd) VALUES (777)")
    assert count_changes(shop) == 0
    assert shop.value("SELECT count(*) FROM pgmoat.statement") == 0


def _locks(moat: Moat, pid: int) -> list[tuple[Any, ...]]:
    return moat.read(
        "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation'"
        " AND relation IN ('public.orders'::regclass, 'public.counters'::regclass) ORDER BY 1, 2",
        pid,
    )


def test_an_agent_in_a_transaction_holds_the_locks_of_any_reader_or_writer(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        pid = connection.info.backend_pid
        connection.execute("BEGIN")
        enter(connection, shop.open_task("clerk"), None, "gone")
        connection.execute("SELECT * FROM orders")
        assert _locks(shop, pid) == [("orders", "AccessShareLock")]
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        connection.execute("DELETE FROM orders WHERE id = 1")
        assert {mode for _, mode in _locks(shop, pid)} == {"AccessShareLock", "RowExclusiveLock"}
        with shop.superuser() as person:
            person.execute("SET lock_timeout = '300ms'")
            person.execute("UPDATE public.counters SET v = 5 WHERE id <> 1")
            person.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS nothing ON public.payments (id)")
            person.execute("DROP INDEX public.nothing")
        connection.execute("ROLLBACK")
        assert _locks(shop, pid) == []


def test_people_reading_the_base_table_still_see_deleted_rows(shop: Moat) -> None:
    with shop.task("clerk", reason="gone") as connection:
        connection.execute("DELETE FROM orders WHERE id <= 10")
    assert shop.value("SELECT count(*) FROM public.orders") == 200
    assert shop.value("SELECT count(*) FROM public.orders WHERE deleted_at IS NULL") == 190


def test_a_new_column_of_people_does_not_appear_and_does_not_disturb(shop: Moat) -> None:
    shop.run("ALTER TABLE public.orders ADD COLUMN later text DEFAULT 'later'")
    try:
        with shop.task("clerk", reason="gone") as connection:
            row = connection.execute("SELECT * FROM orders WHERE id = 1").fetchone()
            connection.execute("UPDATE orders SET v = 1 WHERE id = 1")
            connection.execute("INSERT INTO orders (v) VALUES (1)")
            connection.execute("DELETE FROM orders WHERE id = 2")
        assert row is not None
        assert "later" not in row
        assert shop.value("SELECT count(*) FROM public.orders WHERE later = 'later'") == 201
    finally:
        shop.run("ALTER TABLE public.orders DROP COLUMN later")
        shop.run(RESET)


def test_our_view_says_that_it_holds_a_column_which_people_want_to_change(shop: Moat) -> None:
    for command in (
        "ALTER TABLE public.orders DROP COLUMN note",
        "ALTER TABLE public.orders ALTER note TYPE varchar",
    ):
        with refused("2BP01", "0A000") as caught, shop.superuser() as person:
            person.execute(command)
        assert "agent.orders" in f"{caught.value} {caught.value.diag.message_detail}"
    assert (
        shop.value(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'public.orders'::regclass AND attname = 'note'"
        )
        == "text"
    )
