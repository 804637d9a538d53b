"""
The column of a scope may be of many types, and named in odd ways.

I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import LiteralString

import pytest

from tests.moat_fixtures import Moat, refused

MakeMoat = Callable[[LiteralString, str], Moat]

TYPES: dict[str, tuple[str, object, object]] = {  # type, own value, another's
    "smallint": ("smallint", 42, 43),
    "integer": ("integer", 42, "43"),
    "numeric": ("numeric(10, 2)", 42, 43.5),
    "boolean": ("boolean", True, False),
    "text": ("text", "a'b\"c\\", "x"),
    "varchar": ("varchar(20)", "42", "42 "),
    "char": ("char(5)", "42", "43"),
    "name": ("name", "a", "b"),
    "uuid": ("uuid", "00000000-0000-0000-0000-00000000002a", "00000000-0000-0000-0000-00000000002b"),
    "enum": ('public."Odd Enum"', "one, {two}", "three"),
    "text domain": ("public.text_domain", "a", "b"),
    "integer domain": ("public.integer_domain", 42, 43),
}
SCHEMA: LiteralString = """
CREATE TYPE public."Odd Enum" AS ENUM ('one, {two}', 'three');
CREATE DOMAIN public.text_domain AS text;
CREATE DOMAIN public.integer_domain AS integer CHECK (VALUE > 0);
"""
PARENT = """
entities:
  things:
    table: public.things
    key: ["Odd ""Column"]
    columns: {id: {}, 'Odd "Column': {name: own}, v: {}, task_scope: {}, scope1: {}, b: {}, one: {}}
    rows: own = task.own
  parts:
    table: public.parts
    columns: {id: {}, thing: {}, v: {}}
    rows: thing in things
agents:
  clerk:
    entities:
      things: {insert: all, update: [v]}
      parts: {insert: all, update: all}
"""


@pytest.mark.parametrize("name", TYPES)
def test_a_scope_by_any_type_holds(make_moat: MakeMoat, name: str) -> None:
    """Columns are named so that a careless template would take them for its own names."""
    type_name, own, other = TYPES[name]
    tables = f"""
        CREATE TABLE public.things (
            id integer, "Odd ""Column" {type_name} NOT NULL UNIQUE, v integer,
            task_scope bigint, scope1 bigint[], b integer, one integer
        );
        CREATE TABLE public.parts (id integer PRIMARY KEY, thing {type_name}, v integer);
    """
    policy = PARENT.replace('"Odd ""Column"]', "'Odd \"Column']")
    moat = make_moat(f"{SCHEMA}{tables}", policy)  # pyright: ignore[reportArgumentType] - types are our own
    tokens = [moat.open_task("clerk", scope=json.dumps({"own": value})) for value in (own, [other])]
    for token, value, number in ((tokens[0], own, 1), (tokens[1], other, 2)):
        with moat.task("clerk", token) as connection:
            connection.execute("INSERT INTO things (id, own, v) VALUES (%s, %s, 0)", (number, str(value)))
            connection.execute("INSERT INTO parts VALUES (%s, %s, 0)", (number, str(value)))
    with moat.task("clerk", tokens[0]) as connection:
        for entity in ("things", "parts"):
            rows = connection.execute(f"UPDATE {entity} SET v = 1 RETURNING id".encode()).fetchall()
            assert rows == [(1,)]
            assert connection.execute(f"SELECT id FROM {entity}".encode()).fetchall() == [(1,)]
        with refused("PM029"), connection.transaction():
            connection.execute("INSERT INTO things (id, own, v) VALUES (3, %s, 0)", (str(other),))
        with refused("PM029"), connection.transaction():
            connection.execute("UPDATE parts SET thing = %s", (str(other),))
