"""Parameters of a statement: what is bound, in which order, and what is said about the rest."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from pgmoat.errors import StatementInvalidError, ValueRefusedError
from pgmoat.policy.statement import parse_statement
from pgmoat.runtime.binding import Bound, Parameters, bind
from pgmoat.runtime.values import adapt


@pytest.mark.parametrize(
    ("source", "parameters", "bound"),
    [
        ("SELECT 1", None, Bound("SELECT 1", ())),
        ("SELECT 1;", {}, Bound("SELECT 1", ())),
        ("SELECT :x", {"x": 1}, Bound("SELECT $1", (1,))),
        ("SELECT :x, :y, :x", {"x": 1, "y": 2}, Bound("SELECT $1, $2, $1", (1, 2))),
        ("SELECT :x::text, a::int", {"x": 1}, Bound("SELECT $1::text, a::int", (1,))),
        ("SELECT ':x', \":x\", :x", {"x": 1}, Bound("SELECT ':x', \":x\", $1", (1,))),
        ("SELECT $$:x$$, $a$:x $$ $a$, :x", {"x": 1}, Bound("SELECT $$:x$$, $a$:x $$ $a$, $1", (1,))),
        (r"SELECT E'\':x', :x", {"x": 1}, Bound(r"SELECT E'\':x', $1", (1,))),
        ("SELECT /* :y /* ' */ */ :x -- :z", {"x": 1}, Bound("SELECT   $1", (1,))),
        ("SELECT a[1:n], a[(:x):(:y)]", {"x": 1, "y": 2}, Bound("SELECT a[1:n], a[($1):($2)]", (1, 2))),
        ("SELECT :x", {"x": None}, Bound("SELECT $1", (None,))),
        ("SELECT :x", {"x": [1, 2]}, Bound("SELECT $1", ([1, 2],))),
        ("SELECT '100%', :x", {"x": "%s"}, Bound("SELECT '100%', $1", ("%s",))),
    ],
)
def test_names(source: str, parameters: Parameters, bound: Bound) -> None:
    assert bind(source, parameters) == bound


def test_numbers_go_by_the_alphabet_and_not_by_how_values_were_given() -> None:
    source = "UPDATE t SET b = :b, a = :a"
    one, other = bind(source, {"b": 2, "a": 1}), bind(source, {"a": 1, "b": 2})
    assert one == other == Bound("UPDATE t SET b = $2, a = $1", (1, 2))


@pytest.mark.parametrize(
    ("source", "parameters", "message", "hint"),
    [
        ("SELECT :x", None, "at character 8: there is no parameter `x`", "Parameters: none."),
        ("SELECT :x", {"y": 1}, "at character 8: there is no parameter `x`", "Parameters: y."),
        (
            "SELECT :order",
            {"order_id": 1},
            "at character 8: there is no parameter `order`",
            "Did you mean `order_id`?",
        ),
        (
            "SELECT 1",
            {"y": 1, "x": 2},
            "the statement does not use :x, :y",
            "Write each parameter as :name, or leave it out.",
        ),
        (
            "SELECT 'a' LIKE '%:x%'",
            {"x": 1},
            "the statement has :x within quotes, where it is text and no parameter",
            "Write :x, not inside quotes: put % into the value, as in LIKE :x.",
        ),
        (
            "SELECT 'a' LIKE '%$1%'",
            ["b"],
            "the statement has $1 within quotes, where it is text and no parameter",
            "Write $1, not inside quotes: put % into the value, as in LIKE $1.",
        ),
        (
            "SELECT '",
            ["b"],
            "at character 8: a string does not end",
            "End it; a quote within a string is written twice, and a value is better given as a parameter.",
        ),
        (
            "SELECT $1",
            {"x": 1},
            "the statement has $1, and values are given by name",
            'Write :name for $1, and give {"name": value}.',
        ),
        (
            "SELECT $1",
            None,
            "the statement has $1, and no values are given",
            'Write :name for $1, and give {"name": value}.',
        ),
        (
            "SELECT :x",
            [1],
            "at character 8: the statement has :x, and its values are given in order",
            'Give them by name: {"x": value}; or write $1, $2, …',
        ),
        (
            "SELECT %(x)s",
            {"x": 1},
            "the statement writes a parameter as %(x)s",
            'Write :x, and give {"x": value}.',
        ),
        (
            "SELECT %s",
            {"x": 1},
            "the statement writes a parameter as %s",
            "Write :name for each, by its name.",
        ),
        ("SELECT %s, %s", [1, 2], "the statement writes a parameter as %s", "Write $1, $2, … in order."),
        ("SELECT ?", (1,), "the statement writes a parameter as ?", "Write $1, $2, … in order."),
        (
            "SELECT $1, $2",
            [1],
            "the statement has $2, and 1 value was given",
            "Parameters count from $1. Give a value for each, in order.",
        ),
        (
            "SELECT $3",
            [],
            "the statement has $3, and no values were given",
            "Parameters count from $1. Give a value for each, in order.",
        ),
        (
            "SELECT $1, $3 -- $2",
            [1, 2, 3, 4],
            "4 values were given, and the statement does not use $2, $4",
            "Write each parameter as $1, $2, … in order, or leave the value out.",
        ),
        (
            "SELECT now() - interval :i",
            {"i": "1 day"},
            "behind the word interval stands a constant, not a parameter: interval :i",
            "Write :i::interval.",
        ),
        (
            "SELECT DATE $1",
            ["2020-01-01"],
            "behind the word date stands a constant, not a parameter: date $1",
            "Write $1::date.",
        ),
        (
            "SELECT 1 WHERE 1 IN (:ids)",
            {"ids": (1, 2)},
            "IN (:ids) compares with one value, and :ids is a list",
            "Write = ANY(:ids), or <> ALL(:ids) for NOT IN.",
        ),
        (
            "SELECT 1 WHERE 1 not in ( $1 )",
            [[1, 2]],
            "IN ($1) compares with one value, and $1 is a list",
            "Write = ANY($1), or <> ALL($1) for NOT IN.",
        ),
        (
            "SELECT a[:x]",
            {"x": 1},
            "at character 10: in brackets behind a value :x would be the bound of a slice",
            "Write (:x) for the parameter.",
        ),
        (
            "SELECT 'a",
            None,
            "at character 8: a string does not end",
            "End it; a quote within a string is written twice, and a value is better given as a parameter.",
        ),
        (
            "SELECT :idempotency_key",
            None,
            "at character 8: there is no parameter `idempotency_key`",
            "Parameters: none.",
        ),
    ],
)
def test_what_cannot_be_bound(source: str, parameters: Parameters, message: str, hint: str) -> None:
    for _ in range(2):  # an error is not remembered as an answer
        with pytest.raises(StatementInvalidError) as caught:
            bind(source, parameters)
        assert caught.value.message == message
        assert caught.value.hint == hint


def test_a_write_may_use_its_key_or_not() -> None:
    assert bind("SELECT :idempotency_key, :x", {"x": 1}, key="k") == Bound("SELECT $1, $2", ("k", 1))
    assert bind("SELECT :x", {"x": 1}, key="k") == Bound("SELECT $1", (1,))


def test_a_key_that_is_given_by_name_is_the_one_that_is_sent() -> None:
    assert bind("SELECT :idempotency_key", {"idempotency_key": "own"}, key="k").values == ("own",)
    with pytest.raises(StatementInvalidError, match="does not use :idempotency_key"):
        bind("SELECT 1", {"idempotency_key": "own"}, key="k")


def test_the_parameters_are_left_as_they_are() -> None:
    given = {"x": 1}
    bind("SELECT :x", given, key="k")
    assert given == {"x": 1}


@pytest.mark.parametrize("parameters", [[1, {"a": 2}], (1, {"a": 2})])
def test_a_sequence_is_sent_in_order_with_the_text_as_it_is(parameters: Parameters) -> None:
    bound = bind("SELECT $2, $1 -- :x", parameters)
    assert bound.text == "SELECT $2, $1 -- :x"
    assert bound.values[0] == 1
    assert isinstance(bound.values[1], Jsonb)


@pytest.mark.parametrize("value", [{"a": 1}, MappingProxyType({"a": 1})])
def test_a_mapping_becomes_jsonb(value: Any) -> None:
    (sent,) = bind("SELECT :x", {"x": value}).values
    assert isinstance(sent, Jsonb)
    assert sent.obj == {"a": 1}


@pytest.mark.parametrize("value", [None, 1, "x", "ä", b"x", Decimal(1), Jsonb([1]), date(2020, 1, 1)])
def test_other_values_are_sent_as_they_are(value: Any) -> None:
    assert adapt(value) is value


@pytest.mark.parametrize(
    ("value", "sent"),
    [([1], [1]), ((1, 2), [1, 2]), ([(1,), [2]], [[1], [2]]), ([], []), ((), []), ([None, 1], [None, 1])],
)
def test_a_list_and_a_tuple_are_an_array(value: Any, sent: Any) -> None:
    assert bind("SELECT :x", {"x": value}).values == (sent,)
    assert type(adapt(value)) is list


MAPPINGS: list[tuple[Any, Any]] = [
    ([{"a": 1}], [{"a": 1}]),
    (({"a": (1, MappingProxyType({}))},), [{"a": [1, {}]}]),
    ([1, [{"a": Jsonb([1])}]], [1, [{"a": [1]}]]),
]


@pytest.mark.parametrize(("value", "sent"), MAPPINGS)
def test_a_list_with_a_mapping_becomes_jsonb(value: Any, sent: Any) -> None:
    (found,) = bind("SELECT $1", [value]).values
    assert isinstance(found, Jsonb)
    assert found.obj == sent


class Thing:
    """A type that nobody knows."""


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ({1}, ":x is a set, which PostgreSQL has no type for", "Give a list: sorted(value), or list(value)."),
        (Thing(), ":x is a Thing, which PostgreSQL has no type for", "number, text, date"),
        ([1, Thing()], ":x is a list with a Thing, which PostgreSQL has no type for", "number"),
        ([1, "a", None], ":x is a list of mixed types: int, str", "of one type"),
        ("a\0b", ":x has a NUL character", "Leave it out"),
        ("\ud800", ":x cannot be sent as UTF-8", "lone surrogates"),
        (["\ud800"], ":x cannot be sent as UTF-8", "lone surrogates"),
        ({"a": Decimal(1)}, ":x cannot be written as JSON: Object of type Decimal", "decimals as text"),
        ([{"a": "\ud800"}], ":x cannot be written as JSON", "lone surrogates"),
    ],
)
def test_a_value_that_cannot_be_sent_is_named(value: Any, message: str, hint: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        bind("SELECT :x", {"x": value})
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint
    with pytest.raises(ValueRefusedError, match=re.escape(message.replace(":x", "$2"))):
        bind("SELECT $1, $2", [1, value])


@pytest.mark.parametrize(
    ("source", "parameters", "message"),
    [
        (None, None, "SQL is text, not a NoneType"),
        (b"SELECT 1", None, "SQL is text, not a bytes"),
        ("SELECT $1", "a", "parameters are a mapping or a list, not a str"),
        ("SELECT $1", b"a", "parameters are a mapping or a list, not a bytes"),
        ("SELECT $1", 5, "parameters are a mapping or a list, not an int"),
        ("SELECT $1", {1}, "parameters are a mapping or a list, not a set"),
        ("SELECT :x", {1: 1, "x": 2}, "parameters have names for keys, not an int: 1"),
    ],
)
def test_what_is_no_sql_and_no_parameters(source: Any, parameters: Any, message: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        bind(source, parameters)
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize("source", ["", " -- nothing", "SELECT 1; SELECT 2", "SELECT (1", "SELECT 1)"])
@pytest.mark.parametrize("parameters", [None, []])
def test_the_guard_says_what_is_one_statement(source: str, parameters: Parameters) -> None:
    assert bind(source, parameters).values == ()


@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("SELECT a ? 'b', a %s, :x", {"x": 1}),
        ("SELECT '{}'::jsonb ? $1", ["a"]),
        ("SELECT a[1:n] -- :y %s", []),
        ("SELECT '13:45', ':x', :x", {"x": 1}),
        ("SELECT 1 IN (:x)", {"x": 1}),
        ("SELECT 1 IN (:x, 2)", {"x": [1]}),
        ("SELECT a AS date, :x", {"x": 1}),
    ],
)
def test_what_only_looks_like_a_mistake(source: str, parameters: Parameters) -> None:
    assert bind(source, parameters).text


def test_values_have_the_names_that_their_writer_gave() -> None:
    assert bind("SELECT :b, :a", {"b": 2, "a": 1}).labels == (":a", ":b")
    assert bind("SELECT $1, $2;", [2, 1]) == Bound("SELECT $1, $2", (2, 1))
    assert bind("SELECT $1, $2", [2, 1]).labels == ("$1", "$2")


@pytest.mark.parametrize(
    "source",
    [
        *("SELECT 1", " SELECT  a.b, (1 + 2) * 3\n\tFROM t \n", "", "\t", "a - - b", "\x0b a \x0c"),
        *("SELECT interval date", "a -- b", "a --\n b", "a /* b */", "a; ;", "' '", "x::int"),
    ],
)
def test_text_without_parameters_is_sent_as_it_is(source: str) -> None:
    """Some of it is not even scanned: the text is what scanning gives."""
    assert bind(source) == Bound(parse_statement(source, ()).text, ())
    assert bind(source, {}) == bind(source)
