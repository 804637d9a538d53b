"""Parameters of a statement: what is bound, in which order, and what is said about the rest."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from pgmoat.errors import StatementInvalidError
from pgmoat.runtime.binding import Bound, Parameters, adapt, bind


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
            "SELECT ':x'",
            {"x": 1},
            "the statement does not use :x",
            "Write each parameter as :name, or leave it out.",
        ),
        ("SELECT $1", {"x": 1}, "at character 8: $1 is not how a parameter is written", "Write :x."),
        (
            "SELECT $1",
            None,
            "at character 8: $1 is not how a parameter is written",
            "Give each :name a value of that name.",
        ),
        (
            "SELECT a[:x]",
            {"x": 1},
            "at character 10: in brackets behind a value :x would be the bound of a slice",
            "Write (:x) for the parameter.",
        ),
        ("SELECT 'a", None, "at character 8: a string does not end", "Give each :name a value of that name."),
        (
            "SELECT :idempotency_key",
            None,
            "at character 8: there is no parameter `idempotency_key`",
            "Parameters: none.",
        ),
        ("", None, "at character 1: there is no SQL in it", "Give each :name a value of that name."),
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


@pytest.mark.parametrize("value", [None, 1, "x", [1], (1, 2), b"x"])
def test_other_values_are_sent_as_they_are(value: Any) -> None:
    assert adapt(value) is value
