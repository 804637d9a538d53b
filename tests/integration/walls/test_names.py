"""
Names that need quotes, keys of several columns, and people's own machinery on the base table.

I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.moat_fixtures import Moat, open_moat, refused
from tests.postgres_fixtures import PostgresServer

_SCHEMA: LiteralString = """
CREATE SCHEMA "Sales Dept";
CREATE TABLE "Sales Dept"."Order" (
    "Order Id" integer, "Line""No" integer, "Order Date" date DEFAULT '2024-01-01',
    "select" integer DEFAULT 1,
    "B" integer DEFAULT 0, b integer DEFAULT 0, "user" text DEFAULT CURRENT_USER, "%s" text DEFAULT '100%',
    "{x}" text DEFAULT '$body$', hidden text,
    PRIMARY KEY ("Order Id", "Line""No")
);
INSERT INTO "Sales Dept"."Order" ("Order Id", "Line""No") VALUES (1, 1), (1, 2), (2, 1);
CREATE TABLE public.new (
    id integer PRIMARY KEY, old integer DEFAULT 0, change_id integer DEFAULT 0, b integer
);
INSERT INTO public.new VALUES (1, 0, 0, 0);

CREATE TABLE public.audited (id serial PRIMARY KEY, v integer DEFAULT 0, note text, touched_by text);
CREATE TABLE public.trail (at timestamptz DEFAULT clock_timestamp(), id integer, v integer);
CREATE FUNCTION public.tidy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.note := upper(NEW.note); NEW.touched_by := 'trigger'; RETURN NEW; END $$;
CREATE TRIGGER tidy BEFORE INSERT OR UPDATE ON public.audited FOR EACH ROW EXECUTE FUNCTION public.tidy();
CREATE FUNCTION public.leave_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO trail (id, v) VALUES (NEW.id, NEW.v); RETURN NULL; END $$;
CREATE TRIGGER leave_trail AFTER INSERT OR UPDATE ON public.audited
    FOR EACH ROW WHEN (NEW.v > 0) EXECUTE FUNCTION public.leave_trail();
CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.note = 'SWALLOW' THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER zswallow BEFORE INSERT OR UPDATE ON public.audited
    FOR EACH ROW EXECUTE FUNCTION public.swallow();
INSERT INTO public.audited (v, note) VALUES (0, 'first');
"""

_POLICY = """
entities:
  order:
    table: Sales Dept.Order
    columns:
      Order Id: {name: order_id}
      Line"No: {name: line}
      Order Date: {name: date}
      select: {name: select, values: {1: "it's", 2: 'double"d', 3: '%s {x} $body$'}}
      B: {name: big_b}
      b: {name: b}
      user: {name: user}
      "%s": {name: percent}
      "{x}": {name: braces}
    delete: {mode: soft, deleted_at: Deleted At, deleted_by: "Deleted By", delete_reason: "Why?"}
  old:
    table: public.new
    columns: {id: {}, old: {name: new}, change_id: {}, b: {name: old}}
  audited:
    table: public.audited
    columns: {id: {}, v: {}, note: {}, touched_by: {}}
agents:
  clerk:
    entities:
      order: {insert: all, update: all, delete: true}
      old: {insert: all, update: all}
      audited: {insert: [v, note], update: [v, note]}
"""

_RESET: LiteralString = """
TRUNCATE public.trail, public.audited RESTART IDENTITY;
INSERT INTO public.audited (v, note) VALUES (0, 'first');
TRUNCATE pgmoat.change, pgmoat.statement, pgmoat.ledger, pgmoat.task
"""


@pytest.fixture(scope="module")
def installed(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, _SCHEMA, _POLICY) as moat:
        # What people's trigger needs where it runs for an agent.
        writer = sql.Identifier(moat.system_role("writer"))
        moat.run(sql.SQL("GRANT INSERT ON public.trail TO {}").format(writer))
        yield moat


@pytest.fixture
def named(installed: Moat) -> Moat:
    installed.run(_RESET)
    return installed


def test_an_entity_with_reserved_and_quoted_names_reads_and_writes(named: Moat) -> None:
    with named.task("clerk", reason="why not") as connection:
        rows = connection.execute('SELECT * FROM "order" ORDER BY order_id, line').fetchall()
        assert rows[0][:6] == (1, 1, rows[0][2], "it's", 0, 0)
        row = connection.execute(
            'INSERT INTO "order" (order_id, line, "select") VALUES (3, 1, %s) RETURNING *', ("%s {x} $body$",)
        ).fetchone()
        assert row is not None
        assert row[3] == "%s {x} $body$"
        assert row[7:] == ("100%", "$body$")
        assert connection.execute(
            'UPDATE "order" SET big_b = 5, "select" = %s WHERE order_id = 1 AND line = 2 RETURNING line, b',
            ('double"d',),
        ).fetchall() == [(2, 0)]
        assert connection.execute('DELETE FROM "order" WHERE order_id = 2').rowcount == 1
    assert named.read('SELECT "Order Id", "Line""No", "select", "B", "Deleted By", "Why?"'
                      ' FROM "Sales Dept"."Order" ORDER BY 1, 2') == [
        (1, 1, 1, 0, None, None), (1, 2, 2, 5, None, None),
        (2, 1, 1, 0, "agent:clerk-v1", "why not"), (3, 1, 3, 0, None, None),
    ]  # fmt: skip
    assert named.read("SELECT operation, key FROM pgmoat.history ORDER BY change_id") == [
        ("insert", {"order_id": 3, "line": 1}),
        ("update", {"order_id": 1, "line": 2}),
        ("delete", {"order_id": 2, "line": 1}),
    ]


def test_no_part_of_a_composite_key_can_be_changed(named: Moat) -> None:
    for column in ("order_id", "line"):
        with refused("42501"), named.task("clerk") as connection:
            connection.execute(sql.SQL('UPDATE "order" SET {} = 9').format(sql.Identifier(column)))
    assert named.value('SELECT count(*) FROM "Sales Dept"."Order" WHERE 9 IN ("Order Id", "Line""No")') == 0


def test_columns_named_like_variables_of_the_trigger_are_told_apart(named: Moat) -> None:
    with named.task("clerk") as connection:
        row = connection.execute(
            "UPDATE old SET new = new + 1, old = 7, change_id = 9 WHERE id = 1 RETURNING *"
        ).fetchone()
    assert row == (1, 1, 9, 7)
    assert named.read("SELECT id, old, change_id, b FROM public.new") == [(1, 1, 9, 7)]


def test_returning_is_what_peoples_trigger_made_of_the_row(named: Moat) -> None:
    with named.task("clerk") as connection:
        inserted = connection.execute("INSERT INTO audited (note) VALUES ('abc') RETURNING *").fetchone()
        updated = connection.execute("UPDATE audited SET note = 'def' WHERE id = 1 RETURNING *").fetchone()
    assert inserted == (2, 0, "ABC", "trigger")
    assert updated == (1, 0, "DEF", "trigger")
    assert named.read("SELECT after FROM pgmoat.change ORDER BY id") == [
        ({"id": 2, "v": 0, "note": "ABC", "touched_by": "trigger"},),
        ({"id": 1, "v": 0, "note": "DEF", "touched_by": "trigger"},),
    ]


def test_an_insert_that_peoples_trigger_takes_away_counts_nothing(named: Moat) -> None:
    with named.task("clerk") as connection:
        result = connection.execute("INSERT INTO audited (note) VALUES ('swallow')")
        assert result.rowcount == 0
    assert named.value("SELECT count(*) FROM pgmoat.change") == 0


def test_an_update_that_peoples_trigger_takes_away_is_not_called_a_conflict(named: Moat) -> None:
    """40001 would make a client repeat it for ever."""
    sqlstate = None
    try:
        with named.task("clerk") as connection:
            connection.execute("UPDATE audited SET note = 'swallow' WHERE id = 1")
    except psycopg.Error as error:
        sqlstate = error.sqlstate
    assert sqlstate != "40001"
    assert named.read("SELECT note FROM public.audited") == [("FIRST",)]


def test_peoples_trigger_that_writes_elsewhere_works_for_agents_too(named: Moat) -> None:
    """It names its table without a schema, as people's code does, and runs below a pinned search_path."""
    with named.task("clerk") as connection:
        connection.execute("UPDATE audited SET v = 1 WHERE id = 1")
    assert named.read("SELECT id, v FROM public.trail") == [(1, 1)]


def test_peoples_trigger_cannot_be_led_into_a_temp_table(named: Moat) -> None:
    """A temp table that is named like people's audit table must not catch what belongs there."""
    # Refused is as good as recorded.
    with contextlib.suppress(psycopg.Error), named.task("clerk") as connection:
        connection.execute("CREATE TEMP TABLE trail (id integer, v integer); GRANT ALL ON trail TO PUBLIC")
        connection.execute("UPDATE audited SET v = 1 WHERE id = 1")
    written = named.value("SELECT count(*) FROM public.audited WHERE v = 1")
    assert named.value("SELECT count(*) FROM public.trail") == written
