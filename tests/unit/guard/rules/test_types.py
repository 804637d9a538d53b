"""No types that look into the catalog."""

from __future__ import annotations

import pytest

from pgmoat.guard.check import Use
from tests.unit.guard.shop import list_problems, list_rules


@pytest.mark.parametrize(
    "name",
    [
        *("int", "text", "numeric(10, 2)", "timestamptz", "jsonb", "uuid", "int[]", "interval day", "pg_lsn"),
        *("people.mood", "public.vector", '"Mood"', "regional", "pg_catalog.int4", "registry.state"),
    ],
)
def test_plain_types(name: str) -> None:
    rules = list_rules(f"SELECT NULL::{name}")
    assert rules == (["types"] if name == "regional" else [])


@pytest.mark.parametrize(
    "name",
    [
        *("regclass", "regrole", "regproc", "regprocedure", "regoper", "regoperator", "regtype"),
        *("regnamespace", "regconfig", "regdictionary", "regcollation", "REGCLASS", '"regclass"'),
        *("pg_catalog.regclass", "regclass[]", "pg_class", "pg_catalog.pg_authid"),
        *("information_schema.tables", "pgmoat.task"),
    ],
)
@pytest.mark.parametrize(
    "frame",
    [
        "SELECT 'orders'::{}",
        "SELECT CAST($1 AS {})",
        "SELECT id FROM orders WHERE name = ANY (ARRAY['a']::{}[])",
        "SELECT * FROM json_to_record('{{}}') AS a (b {})",
        "SELECT json_value('{{}}', '$' RETURNING {})",
    ],
)
def test_types_of_the_catalog(frame: str, name: str) -> None:
    if name.endswith("[]") and "{}[]" in frame:
        name = name.removesuffix("[]")
    assert list_rules(frame.format(name)) == ["types"]


def test_a_literal_of_such_a_type_and_a_write() -> None:
    assert list_rules("SELECT regclass 'orders'") == ["types"]
    assert list_rules("UPDATE orders SET a = 'x'::regclass WHERE id = 1", Use.WRITE) == ["types"]
    (problem,) = list_problems("SELECT 'ä', 'orders'::regclass")
    assert problem.position == 23
