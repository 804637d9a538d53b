"""A tree is written as the SQL that it was read from, edited or not. I/O: none."""

from __future__ import annotations

import pytest

from pgmoat.guard.deparse import RenderError, render_expression, render_statement
from pgmoat.guard.parse import Node, Statement, Value, parse_statement
from pgmoat.guard.rewrite import (
    edit,
    find,
    list_conditions,
    make_all,
    make_cast,
    make_column,
    make_comparison,
    make_number,
    make_select,
    make_subquery,
    make_text,
    number_parameters,
)

TEXTS = [
    "SELECT a, count(*) FROM t JOIN b USING (x) LEFT JOIN c ON true WHERE a IN ('x', 'y')"
    " AND d BETWEEN $1 AND $2::date AND e = 0 AND f IS NOT TRUE AND n NOT IN (SELECT 1 UNION SELECT NULL)"
    " GROUP BY 1 HAVING count(*) > 1 LIMIT 0",
    "WITH a AS (SELECT 1) SELECT * FROM a, LATERAL (SELECT 2) AS z"
    " WHERE EXISTS (SELECT 1 FROM q WHERE q.x = a.y) AND x = ANY($1)"
    " AND y LIKE '%a' ORDER BY 1 DESC NULLS LAST OFFSET 3",
    "SELECT interval '1 day', date '2020-01-01', CASE WHEN a THEN b ELSE 0 END, ARRAY[1, 2], x[1], (r).f,"
    " COALESCE(a, 0), count(*) FILTER (WHERE x) OVER (PARTITION BY y) FROM s.t AS u (v) UNION ALL SELECT 1",
    "SELECT 'a'::varchar(3), 1.50, true, NULL, B'1', extract(year FROM x), x AT TIME ZONE 'utc'"
    ", NOT (a OR b), -1 FROM t WHERE (a, b) = (1, 2)",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT DISTINCT i FROM n",
    "SELECT DISTINCT ON (a) a, \"odd \"\"Name\"\" \" FROM t WHERE b = 'it''s' OR c = E'back\\\\slash'"
    " FOR UPDATE",
    "VALUES (1, 'a'), (2, NULL)",
]
_PLACES = frozenset({"location", "stmt_len"})


def read(text: str) -> Node:
    statement = parse_statement(text)
    assert isinstance(statement, Statement)
    return statement.root


def strip(value: Value) -> Value:
    """Return a tree without places in the text."""
    if isinstance(value, list):
        return [strip(item) for item in value]
    if not isinstance(value, Node):
        return value
    fields = {
        name: strip(part)
        for name, part in value.fields.items()
        if not (name in _PLACES or name.endswith(("_start", "_end", "location")))
    }
    return Node(value.kind, fields)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    root = read(text)
    assert strip(read(render_statement(root))) == strip(root)


def test_an_expression_is_written_alone() -> None:
    where = read("SELECT 1 FROM t WHERE a = 'x' AND b > 2").node("where_clause")
    assert where is not None
    assert render_expression(where) == "a = 'x' AND b > 2"
    assert [render_expression(part) for part in list_conditions(where)] == ["a = 'x'", "b > 2"]


@pytest.mark.parametrize("kind", ["Nonsense", "ResTarget"])
def test_what_is_no_statement_is_not_written(kind: str) -> None:
    with pytest.raises(RenderError):
        render_statement(Node(kind, {}))


@pytest.mark.parametrize("value", ["x' OR true --", "\\", "x\\' OR 1=1", "$1", 'a"b', "é\n"])
def test_a_text_stays_a_text(value: str) -> None:
    root = read(render_statement(make_select([make_text(value)])))
    (constant,) = find(root, "A_Const")
    assert constant.text("sval") == value


def test_queries_are_put_together() -> None:
    condition = make_comparison(make_column("t", "a"), ">=", make_cast(make_text("2026-01-01"), "date"))
    inner = make_select([make_column("a")], [Node("RangeVar", {"relname": "t", "inh": True})], condition)
    query = make_select([make_number(0)], [make_subquery(inner, "s")], make_all([]), limit=1)
    assert render_statement(query) == (
        "SELECT 0 AS v1 FROM (SELECT a AS v1 FROM t WHERE t.a >= '2026-01-01'::date) s LIMIT 1"
    )


def test_an_edit_changes_a_copy() -> None:
    root = read("SELECT a FROM t WHERE a = 1 LIMIT 5")
    assert "where_clause" not in edit(root, where_clause=None).fields
    assert "where_clause" in root.fields


def test_parameters_are_counted_anew() -> None:
    numbered, used = number_parameters(read("SELECT 1 FROM t WHERE a = $7 AND b = $2 AND c = $7"))
    assert used == (7, 2)
    assert render_statement(numbered) == "SELECT 1 FROM t WHERE a = $1 AND b = $2 AND c = $1"


def test_what_nests_too_deeply_is_not_written() -> None:
    node = make_text("x")
    for _ in range(200):
        node = make_comparison(node, "||", make_text(""))
    with pytest.raises(RenderError):
        render_statement(make_select([node]))
