"""SQL of operations: what is a parameter, what is not, and what cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.policy.statement import parse_statement

_NAMES = ("x", "y")
_NONE, _X, _Y, _BOTH = frozenset[str](), frozenset("x"), frozenset("y"), frozenset("xy")


@pytest.mark.parametrize(
    ("source", "text", "names"),
    [
        ("SELECT :x + :y", "SELECT $1 + $2", _BOTH),
        ("SELECT :y::text", "SELECT $2::text", _Y),
        ("SELECT z::int, ':x', \":x\"", "SELECT z::int, ':x', \":x\"", _NONE),
        ("SELECT 'it''s :x', :x", "SELECT 'it''s :x', $1", _X),
        (r"SELECT E'\':x', :x", r"SELECT E'\':x', $1", _X),
        (r"SELECT '\', :x", r"SELECT '\', $1", _X),
        ("SELECT $a$ :x $b$ $a$, $$:x$$", "SELECT $a$ :x $b$ $a$, $$:x$$", _NONE),
        ("SELECT 1 -- :x ;\n, :y", "SELECT 1  \n, $2", _Y),
        ("SELECT /* :x /* ( */ ; */ :y", "SELECT   $2", _Y),
        ("SELECT a[1:x], a[:x, 2]", None, _NONE),
        ("SELECT a[1:n], (a)[m:n]", "SELECT a[1:n], (a)[m:n]", _NONE),
        ("SELECT a[1:(:x)]", "SELECT a[1:($1)]", _X),
        ("SELECT ARRAY [:x, :y], ARRAY[[:x],[:y]]", "SELECT ARRAY [$1, $2], ARRAY[[$1],[$2]]", _BOTH),
        ("SELECT f(a := :x)", "SELECT f(a := $1)", _X),
        ("SELECT col$1, :x", "SELECT col$1, $1", _X),
        ("SELECT :x; \n;", "SELECT $1", _X),
        ("SELECT '{\"a\": 1}'::jsonb -> :x", "SELECT '{\"a\": 1}'::jsonb -> $1", _X),
    ],
)
def test_parameters(source: str, text: str | None, names: frozenset[str]) -> None:
    statement = parse_statement(source, _NAMES)
    if text is None:
        assert statement.problems
        return
    assert not statement.problems
    assert (statement.text, statement.names, statement.first_word) == (text, names, "select")


@pytest.mark.parametrize(
    ("source", "offset", "message"),
    [
        ("SELECT :z", 7, "there is no parameter `z`"),
        ("SELECT $1", 7, "$1 is not how a parameter is written"),
        ("SELECT a[:x]", 9, "in brackets behind a value :x would be the bound of a slice"),
        ("SELECT 1; SELECT 2", 8, "more than one statement"),
        ("SELECT 'a", 7, "a string does not end"),
        ("SELECT \"a", 7, "a name in quotes does not end"),
        ("SELECT $q$ a $$", 7, "the string that $q$ begins does not end"),
        ("SELECT /* /* */", 7, "a comment does not end"),
        ("SELECT (1", 9, "a bracket is not closed"),
        ("SELECT 1)", 8, "this ) closes nothing"),
        ("SELECT (1]", 9, "this ] closes nothing"),
        (" -- nothing", 0, "there is no SQL in it"),
    ],
)  # fmt: skip
def test_problems(source: str, offset: int, message: str) -> None:
    (problem, *_) = parse_statement(source, _NAMES).problems
    assert (problem.offset, problem.message) == (offset, message)


def test_the_nearest_parameter_is_suggested() -> None:
    (problem,) = parse_statement("SELECT :ordr_id", ("order_id", "amount")).problems
    assert problem.hint == "did you mean `order_id`?"


@given(st.text(alphabet="'\"$:xq;()[]/*-\\E \n1", max_size=40))
def test_any_text_is_read_to_its_end(source: str) -> None:
    statement = parse_statement(source, _NAMES)
    if not statement.problems:
        assert parse_statement(statement.text.replace("$1", ":x").replace("$2", ":y"), _NAMES).text
