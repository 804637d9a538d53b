"""SQL text: the same as psycopg's without a connection, and in the same forms."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from pgmoat.postgres.sqltext import SQL, Identifier, Literal, Printed, compose, dollar_quote, join

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(_TEXT)
def test_quotes_a_text_as_psycopg_does(text: str) -> None:
    assert Literal(text).as_string(None) == sql.Literal(text).as_string(None)
    assert Identifier(text, "x").as_string(None) == sql.Identifier(text, "x").as_string(None)


@pytest.mark.parametrize(
    "value", [None, True, 1, -1, 1.5, ["a'b", "c"], datetime.date(2024, 1, 2), "back\\slash", "it''s", "é'"]
)
def test_quotes_a_value_as_psycopg_does(value: object) -> None:
    assert Literal(value).as_string(None) == sql.Literal(value).as_string(None)


def test_fills_fields_by_turn_number_and_name() -> None:
    assert compose("{} {b} {}", Identifier("a"), Literal(1), b=SQL("x")) == '"a" x 1'
    assert compose("{0} = EXCLUDED.{0}", Identifier("a")) == '"a" = EXCLUDED."a"'
    assert compose("{{}} {}", SQL("x")) == "{} x"


def test_does_not_fill_what_a_part_holds() -> None:
    assert compose("{} {}", Literal("{}"), Literal("{0}")) == "'{}' '{0}'"


def test_refuses_a_missing_part_and_a_format() -> None:
    with pytest.raises(IndexError):
        compose("{} {}", SQL("x"))
    with pytest.raises(KeyError):
        compose("{a}", b=SQL("x"))
    with pytest.raises(ValueError, match="no formats"):
        compose("{a:>3}", a=SQL("x"))


def test_mixes_with_psycopg() -> None:
    assert sql.SQL("{} {}").format(Identifier("a"), Literal("b")).as_string(None) == "\"a\" 'b'"
    assert SQL("{} {}").format(sql.Identifier("a"), sql.Literal("b")).as_string(None) == "\"a\" 'b'"
    assert SQL("{}").format(SQL("é")).as_bytes() == "é".encode()


def test_joins() -> None:
    assert join(map(Literal, ["a", "b"])).text == "'a', 'b'"
    assert SQL(" ").join([]).text == ""


def test_finds_a_tag_that_does_not_occur() -> None:
    assert dollar_quote(Printed(" x ")).text == "$body$\nx\n$body$"
    assert dollar_quote(Printed("$body$")).text == "$body1$\n$body$\n$body1$"
