"""
SQL that got past the read-only checks of other servers, and what text in rows talks a model into.

I/O: PostgreSQL, PgBouncer, processes.
"""

from __future__ import annotations

import asyncio
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.integration.mcp.desk import Desk, call, refuse
from tests.integration.mcp.field.site import INJECTED, SECRET, SLOW
from tests.moat_fixtures import enter, refused

STATEMENTS = (
    # How the reference server's READ ONLY was left.
    "COMMIT; DROP SCHEMA public CASCADE",
    "COMMIT; DROP SCHEMA public CASCADE; --",
    "ROLLBACK; DELETE FROM tickets WHERE true",
    "COMMIT",
    "END; SELECT 1",
    # Stacked statements.
    "SELECT 1; DELETE FROM tickets WHERE true",
    "SELECT 1;; SELECT 2",
    "SELECT 1; SELECT set_config('statement_timeout', '0', false)",
    # Comments in front beat checks that look at the first word.
    "/* a report */ DROP TABLE public.tickets",
    "-- a report\nDELETE FROM tickets WHERE true",
    "/* a /* nested */ report */ UPDATE tickets SET body = '' WHERE true",
    "/* SELECT */ TRUNCATE public.tickets",
    "/*+ hint */ INSERT INTO tickets (id, body) VALUES (9, '')",
    "SELECT 1 /* ; */; DROP TABLE public.tickets -- /*",
    "SELECT 1 --\n; DROP TABLE public.tickets",
    "\ufeffDELETE FROM tickets WHERE true",
    "\u00a0DELETE FROM tickets WHERE true",
    "(DELETE FROM tickets WHERE true)",
    # Writes inside of what looks like a read.
    "WITH gone AS (DELETE FROM tickets WHERE true RETURNING id) SELECT * FROM gone",
    "EXPLAIN ANALYZE DELETE FROM tickets WHERE true",
    "EXPLAIN (ANALYZE, FORMAT json) UPDATE tickets SET body = '' WHERE true",
    "SELECT * INTO public.loot FROM tickets",
    "SELECT id FROM tickets FOR UPDATE",
    "CREATE TABLE public.loot AS SELECT * FROM tickets",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "DO $$ BEGIN DELETE FROM tickets; END $$",
    "PREPARE p AS DELETE FROM tickets WHERE true",
    "EXECUTE p",
    "CALL anything()",
    # Settings that would stay on a pooled connection, and other ways to become somebody.
    "SELECT set_config('statement_timeout', '0', false)",
    "SELECT pg_catalog.set_config('role', 'postgres', false)",
    "SELECT \"set_config\"('session_authorization', 'postgres', false)",
    "SELECT id FROM tickets WHERE set_config('statement_timeout', '0', false) = '0'",
    "SET statement_timeout = 0",
    "SET SESSION AUTHORIZATION postgres",
    "SET ROLE postgres",
    "RESET ROLE",
    "DISCARD ALL",
    "LISTEN anything",
    "LOCK TABLE public.tickets",
    # What is not the agent's.
    "SELECT * FROM public.integration_tokens",
    "SELECT * FROM public.tickets",
    "SELECT * FROM pg_catalog.pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_sleep(100)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT query_to_xml('SELECT token FROM public.integration_tokens', true, true, '')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT pgmoat.enter('x', 'y', 'z')",
)


def look(field: Desk) -> list[tuple[Any, ...]]:
    """Return what the attacks are after: tables and their rows, roles, settings."""
    return field.site.read(
        "SELECT (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class"
        "         WHERE relnamespace = 'public'::regnamespace),"
        " (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.tickets AS t),"
        " (SELECT string_agg(t::text, ',' ORDER BY id) FROM public.counters AS t),"
        " (SELECT string_agg(r::text, ',' ORDER BY oid) FROM pg_roles AS r),"
        " (SELECT count(*) FROM public.integration_tokens), (SELECT count(*) FROM pgmoat.change)"
    )


def test_no_text_gets_out_of_a_read(field: Desk, route: str) -> None:
    before = look(field)

    async def run() -> None:
        token = field.site.open_task("reader")
        async with field.stdio("reader", route=route, PGMOAT_TASK_TOKEN=token) as client:
            for statement in STATEMENTS:
                answer = await refuse(client, "query", sql=statement)
                assert answer["code"] != "internal-error", statement
                assert answer["hint"], statement
                assert SECRET not in str(answer), statement
                # The next call has a connection in order, whatever the last one tried.
                assert (await call(client, "query", sql="SELECT count(*) FROM tickets"))["rows"] == [[2]]

    asyncio.run(run())
    assert look(field) == before


def test_what_is_valid_is_not_refused(field: Desk) -> None:
    async def run() -> None:
        token = field.site.open_task("reader")
        async with field.stdio("reader", PGMOAT_TASK_TOKEN=token) as client:
            for statement in (
                "/* a report */ SELECT id FROM tickets ORDER BY id",
                "-- a /* report\nSELECT id FROM tickets ORDER BY id",
                "/* a /* nested */ one */ SELECT id FROM tickets ORDER BY id;",
                "SELECT id FROM tickets WHERE body <> '; DROP TABLE x; --' ORDER BY id",
                "WITH t AS (SELECT id FROM tickets) SELECT id FROM t ORDER BY id",
            ):
                assert (await call(client, "query", sql=statement))["rows"] == [[1], [2]], statement

    asyncio.run(run())


def test_a_lifted_timeout_ends_the_slow_query_all_the_same(field: Desk, route: str) -> None:
    """The two calls that stopped other servers' timeouts: one lifts it, the next takes as long as it will."""

    async def run() -> None:
        token = field.site.open_task("reader")
        async with field.stdio("reader", route=route, PGMOAT_TASK_TOKEN=token) as client:
            await refuse(client, "query", sql="SELECT set_config('statement_timeout', '0', false)")
            assert (await refuse(client, "query", sql=SLOW))["code"] == "statement-timeout"
            assert (await call(client, "query", sql="SELECT count(*) FROM tickets"))["rows"] == [[2]]

    asyncio.run(run())


def test_what_another_client_lifted_does_not_stay_on_the_pooled_connection(field: Desk) -> None:
    """The guard is switched off for the first client: it is the agent itself with a client of its own."""
    with field.site.connect("reader", route="pooled") as raw:
        raw.execute(
            "SELECT set_config('statement_timeout', '0', false), set_config('work_mem', '1GB', false)"
        )
    with field.site.connect("reader", route="pooled") as raw:
        assert raw.execute("SHOW statement_timeout").fetchone() == ("1s",)

    async def run() -> None:
        token = field.site.open_task("reader")
        async with field.stdio("reader", route="pooled", PGMOAT_TASK_TOKEN=token) as client:
            assert (await refuse(client, "query", sql=SLOW))["code"] == "statement-timeout"

    asyncio.run(run())


def test_without_the_guard_a_lifted_timeout_reads_nothing(field: Desk, route: str) -> None:
    token = field.site.open_task("reader")
    with field.site.connect("reader", route=route) as raw, refused("PM007"), raw.transaction():
        raw.execute("SELECT set_config('statement_timeout', '0', true)")
        enter(raw, token)
        raw.execute("SELECT count(*) FROM tickets")


def test_a_ticket_that_gives_instructions(field: Desk, route: str) -> None:
    """A client that does all that the text asks for: it reads no secret, and has none to write down."""

    async def run() -> None:
        token = field.site.open_task("reader")
        async with field.stdio("reader", route=route, PGMOAT_TASK_TOKEN=token) as client:
            answer = await call(client, "query", sql="SELECT body FROM tickets WHERE id = 2")
            ordered = answer["rows"][0][0].split("`")[1]
            assert ordered == INJECTED
            first = await refuse(client, "query", sql=ordered)
            assert first["code"] == "guard-refused"
            seen = [first]
            for statement in (
                "SELECT token FROM integration_tokens",
                "SELECT t.id, (SELECT token FROM public.integration_tokens LIMIT 1) FROM tickets AS t",
                "SELECT * FROM tickets AS t JOIN public.integration_tokens AS i ON i.id = t.id",
                "TABLE public.integration_tokens",
                "SELECT * FROM agent.integration_tokens",
            ):
                seen.append(await refuse(client, "query", sql=statement))
            assert SECRET not in str(seen)

    asyncio.run(run())


@pytest.mark.parametrize(
    "statement",
    [
        INJECTED,
        "UPDATE tickets SET answer = (SELECT token FROM public.integration_tokens) WHERE id = 2",
        "SELECT query_to_xml('SELECT token FROM public.integration_tokens', true, true, '')",
        "CREATE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT token FROM public.integration_tokens'; SELECT pg_temp.f()",
        "COPY public.integration_tokens TO STDOUT",
        "CREATE TABLE public.loot AS TABLE public.integration_tokens",
    ],
)
def test_without_the_guard_the_secret_is_out_of_reach(
    field: Desk, route: str, statement: LiteralString
) -> None:
    """The same instructions for an agent that has a client of its own: its rights end there."""
    token = field.site.open_task("reader")
    with field.site.connect("reader", route=route) as raw, refused("42501"), raw.transaction():
        enter(raw, token)
        raw.execute(statement)
    assert field.site.value("SELECT answer FROM public.tickets WHERE id = 2") is None


@pytest.mark.parametrize("statement", ["COMMIT; DROP SCHEMA public CASCADE", "DROP TABLE public.tickets"])
def test_without_the_guard_nothing_can_be_dropped(field: Desk, route: str, statement: LiteralString) -> None:
    before = look(field)
    with field.site.connect("reader", route=route) as raw:
        raw.execute("BEGIN")
        with pytest.raises(psycopg.Error) as caught:
            raw.execute(sql.SQL(statement))
        assert caught.value.sqlstate == "42501"
    assert look(field) == before
