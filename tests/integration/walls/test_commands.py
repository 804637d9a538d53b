"""
Commands that an agent with an open task still may not run: on entities, on people's tables, on pgmoat's own.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.integration.walls.ways import count_changes, count_dirty
from tests.moat_fixtures import Moat, refused

_DENIED: tuple[LiteralString, ...] = (
    "SELECT * FROM orders FOR UPDATE",
    "SELECT * FROM orders FOR NO KEY UPDATE",
    "SELECT * FROM orders FOR SHARE",
    "SELECT * FROM orders FOR KEY SHARE",
    "SELECT * FROM counters FOR UPDATE",
    "SELECT * FROM counters FOR SHARE SKIP LOCKED",
    "SELECT * FROM counters FOR KEY SHARE",
    "DECLARE c CURSOR FOR SELECT * FROM counters FOR UPDATE",
    "LOCK TABLE orders",
    "LOCK TABLE counters IN ACCESS SHARE MODE",
    "LOCK TABLE counters IN ROW EXCLUSIVE MODE",
    "LOCK TABLE public.counters IN ACCESS SHARE MODE",
    "TRUNCATE orders",
    "TRUNCATE public.orders",
    "TRUNCATE pgmoat.change",
    "DROP VIEW orders",
    "DROP TABLE public.orders",
    "DROP SCHEMA agent CASCADE",
    "DROP FUNCTION pgmoat.gate(text)",
    "ALTER VIEW orders OWNER TO CURRENT_USER",
    "ALTER VIEW orders RENAME TO o",
    "ALTER VIEW orders SET (security_invoker = true)",
    "ALTER VIEW orders ALTER COLUMN v SET DEFAULT 5",
    "ALTER TABLE public.orders DISABLE TRIGGER ALL",
    "ALTER TABLE orders DISABLE TRIGGER record",
    "CREATE OR REPLACE VIEW agent.orders AS SELECT * FROM public.orders",
    "CREATE OR REPLACE RULE r AS ON UPDATE TO orders DO INSTEAD NOTHING",
    "CREATE TRIGGER t INSTEAD OF UPDATE ON orders"
    " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "DROP TRIGGER record ON orders",
    "COMMENT ON VIEW orders IS 'mine'",
    "CREATE VIEW agent.mine AS SELECT 1",
    "CREATE FUNCTION agent.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE pgmoat.mine (id integer)",
    "CREATE FUNCTION pgmoat.gate(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "CREATE OR REPLACE FUNCTION pgmoat.gate(entity text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "ALTER FUNCTION pgmoat.gate(text) RENAME TO gate2",
    "ALTER FUNCTION pgmoat_write.orders_update() RESET ALL",
    "INSERT INTO payments DEFAULT VALUES",
    "SELECT * FROM public.payments",
    "SELECT margin FROM public.orders",
    "SELECT deleted_at FROM public.orders",
    "UPDATE public.orders SET v = 1",
    "DELETE FROM public.orders",
    "INSERT INTO public.counters (id) VALUES (5000)",
    "DELETE FROM counters WHERE id = 1",
    "UPDATE counters SET id = 5000 WHERE id = 1",
    "INSERT INTO orders (id) VALUES (5000)",
    "UPDATE customers SET email = 'x' WHERE id = 1",
    "COPY public.orders TO STDOUT",
    "COPY orders FROM PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "SELECT * FROM pgmoat.task",
    "SELECT token_key FROM pgmoat.secret",
    "SELECT * FROM pgmoat.history",
    "UPDATE pgmoat.agent SET rows_per_statement = 1000000",
    "DELETE FROM pgmoat.ledger",
    "INSERT INTO pgmoat.change (entity, operation) VALUES ('orders', 'I')",
    "SELECT * FROM pgmoat_map.orders__status",
    "UPDATE pgmoat_map.orders__status SET word = 'x'",
    "SELECT pgmoat.open_task('clerk', 'own')",
    "SELECT pgmoat.close_task('clerk', 'own')",
    "SELECT pgmoat.freeze_agent('tight', 'envy')",
    "SELECT pgmoat.thaw_agent('clerk')",
    "SELECT pgmoat.charge()",
    "SELECT pgmoat.count_rows(0)",
    "SELECT pgmoat.lease_hour(1, 'clerk', now(), 1, 1, 1)",
    "SELECT pgmoat.refuse_moved('orders', '{}')",
    "SELECT setval('public.orders_id_seq', 1)",
    "SELECT nextval('pgmoat.change_id_seq')",
    "ALTER SEQUENCE pgmoat.change_id_seq RESTART",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "SET session_replication_role = replica",
    "GRANT SELECT ON public.orders TO PUBLIC",
    "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION pgmoat.charge()",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "ALTER SYSTEM SET statement_timeout = 0",
    "ALTER ROLE CURRENT_USER CONNECTION LIMIT 1000",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SELECT pg_read_file('/etc/passwd')",
)


@pytest.mark.parametrize("route", ["direct", "pooled"], indirect=True)
def test_commands_that_no_privilege_covers(shop: Moat, route: str) -> None:
    """One connection tries them all; what counts is that neither data nor definitions change."""
    definitions = _read_definitions(shop)
    passed: list[tuple[str, str]] = []
    with shop.task("clerk", route=route, reason="none") as connection:
        for command in _DENIED:
            try:
                with connection.transaction():
                    connection.execute(command)
                    passed.append((command, "it passed"))
            except psycopg.Error as error:
                if error.sqlstate not in {"42501", "3F000"}:
                    passed.append((command, f"{error.sqlstate} {error}"))
    assert [p for p in passed if not _is_refused_by_kind(p)] == []
    assert count_dirty(shop) == count_changes(shop) == 0
    assert _read_definitions(shop) == definitions


def _is_refused_by_kind(passed: tuple[str, str]) -> bool:
    """Whether PostgreSQL refused for another reason than a privilege, before it asked for one."""
    command, answer = passed
    other_kinds = {
        "SELECT * FROM orders FOR": "0A000",  # the map's side of an outer join cannot be locked
        "INSERT INTO payments": "42P01",
        "SELECT pgmoat.charge()": "0A000",
        "TRUNCATE orders": "42809",  # a view
        "DELETE FROM counters": "55000",  # nothing is auto-updatable, and no trigger deletes
        "ALTER SYSTEM": "25001",  # not inside a transaction
    }
    return any(command.startswith(start) and answer.startswith(code) for start, code in other_kinds.items())


def _read_definitions(moat: Moat) -> object:
    return moat.read(
        """
        SELECT c.oid::regclass::text, c.relowner, c.relacl::text, c.reloptions::text,
               (SELECT string_agg(pg_get_triggerdef(t.oid) || t.tgenabled::text, ';' ORDER BY t.tgname)
                  FROM pg_trigger AS t WHERE t.tgrelid = c.oid),
               CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END
          FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname IN ('public', 'agent', 'pgmoat', 'pgmoat_map', 'pgmoat_write') ORDER BY 1
        """
    ), moat.read(
        "SELECT oid, proname, prosrc, proacl::text, proconfig FROM pg_proc WHERE oid > 16384 ORDER BY oid"
    )


def test_locks_leave_people_free(shop: Moat) -> None:
    """What an agent can do inside its task holds no lock that stops people's reads and writes."""
    with shop.task("clerk") as connection, shop.superuser() as person:
        connection.execute("SELECT * FROM orders")
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        for command in ("LOCK TABLE counters", "SELECT * FROM counters FOR UPDATE"):
            with refused("42501"), connection.transaction():
                connection.execute(command)
        person.execute("SET lock_timeout = '300ms'")
        person.execute("UPDATE public.counters SET v = 2 WHERE id = 2")
        person.execute("UPDATE public.orders SET v = 2 WHERE id = 1")


def test_grant_by_an_agent_gives_nothing(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        connection.execute("SET client_min_messages = error")
        try:
            connection.execute(f'GRANT SELECT ON orders TO "{shop.role("support")}"'.encode())
        except psycopg.Error as error:
            assert error.sqlstate == "42501"
    assert (
        shop.value("SELECT has_table_privilege(%s, 'agent.orders', 'SELECT')", shop.role("support")) is False
    )


@pytest.mark.parametrize("action", ["NOTHING", "UPDATE SET v = 1"])
def test_on_conflict_with_a_column_says_42P10(shop: Moat, action: LiteralString) -> None:
    with refused("42P10"), shop.task("clerk") as connection:
        connection.execute(
            sql.SQL("INSERT INTO counters (id, v) VALUES (1, 1) ON CONFLICT (id) DO {}").format(
                sql.SQL(action)
            )
        )
    assert count_dirty(shop) == 0


def test_on_conflict_do_nothing_is_loud_and_swallows_nothing(shop: Moat) -> None:
    with refused("23505"), shop.task("clerk") as connection:
        connection.execute("INSERT INTO counters (id, v) VALUES (1, 1), (5000, 1) ON CONFLICT DO NOTHING")
    assert count_dirty(shop) == 0


@pytest.mark.parametrize(
    "function",
    [
        "pgmoat_write.orders_delete",
        "pgmoat_write.counters_insert",
        "pgmoat.after_write",
        "pgmoat.before_insert",
    ],
)
def test_trigger_functions_cannot_be_hung_on_tables_of_the_agent(shop: Moat, function: str) -> None:
    """OLD and NEW would be whatever the agent makes up."""
    with refused("42501"), shop.task("clerk") as connection:
        connection.execute(
            "CREATE TEMP TABLE t (id bigint, customer_id bigint, status text, v integer, note text)"
        )
        connection.execute(
            f"CREATE TRIGGER t BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION {function}()".encode()
        )
    assert count_dirty(shop) == 0


def test_a_deleted_row_does_not_show_in_a_cheap_function(shop: Moat) -> None:
    """The view is no security barrier: what is deleted must be sorted out before the agent's test."""
    with shop.task("clerk", reason="gone") as connection:
        connection.execute("DELETE FROM orders WHERE id IN (3, 4)")
    with shop.task("clerk") as connection:
        connection.execute(
            """
            CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
            $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$
            """
        )
        seen: set[str] = set()
        connection.add_notice_handler(lambda notice: seen.add(notice.message_primary or ""))
        connection.execute("SELECT count(*) FROM orders WHERE pg_temp.leak(id)")
        connection.execute(
            "SELECT count(*) FROM orders AS o JOIN counters AS c USING (id) WHERE pg_temp.leak(o.id)"
        )
        connection.execute("SELECT count(*) FROM orders WHERE id < 20 AND pg_temp.leak(id)")
    assert len(seen) == 198
    assert not seen & {"3", "4"}
