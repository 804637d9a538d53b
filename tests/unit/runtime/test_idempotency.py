"""Keys: the same for a retry, another for another purpose."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Hashable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations
from types import MappingProxyType
from typing import cast
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from psycopg.types.json import Json, Jsonb

from pgmoat.errors import ValueRefusedError
from pgmoat.runtime.idempotency import encode_value, make_idempotency_key


def make(target: object) -> str:
    return make_idempotency_key("T-1", "write", target)


def test_parts_do_not_run_into_each_other() -> None:
    keys = {
        make_idempotency_key("a:b", "c", "d"),
        make_idempotency_key("a", "b:c", "d"),
        make_idempotency_key("a", "b", "c:d"),
        make_idempotency_key('a","b', "c", "d"),
        make_idempotency_key("a", 'b","c', "d"),
    }
    assert len(keys) == 5


def test_the_encoding_stays_as_it_is() -> None:
    """Keys of running tasks must not change with a release: what was written would be written again."""
    target = [
        "SQL \u2603",
        {"b": None, "a": [1, True, 1.5, Decimal("1.50"), (b"\x00\xff",)]},
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        UUID(int=1),
        Jsonb({"x": {"y": "z"}}),
    ]
    assert make_idempotency_key("T-1", "refund", target, 2) == (
        "1060b3f65aa005d906cefda4ca25ab235e15f6e89480fbd7af505425eee6edcc"
    )


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (None, None),
        (True, True),
        (1, 1),
        ("1", "1"),
        (1.0, {"float": "1.0"}),
        (Decimal("1.0"), {"Decimal": "1.0"}),
        (date(2026, 1, 2), {"date": "2026-01-02"}),
        (b"\xff", {"bytes": "ff"}),
        (bytearray(b"\xff"), {"bytes": "ff"}),
        (memoryview(b"\xff"), {"bytes": "ff"}),
        ((1, [2]), [1, [2]]),
        ({"a": {1: None}}, {"mapping": {"a": {"mapping": {"1": None}}}}),
        (MappingProxyType({"a": 1}), {"mapping": {"a": 1}}),
        ({None: 1, True: 2, 1.5: 3}, {"mapping": {"null": 1, "true": 2, "1.5": 3}}),
        ({date(2026, 1, 2): 1}, {"pairs": [[{"date": "2026-01-02"}, 1]]}),
        ({"b", "a"}, {"set": ["a", "b"]}),
        (Jsonb({"a": Decimal(1)}), {"json": {"mapping": {"a": {"Decimal": "1"}}}}),
    ],
)
def test_encoding(value: object, encoded: object) -> None:
    assert encode_value(value) == encoded
    assert type(encode_value(value)) is type(encoded)


DIFFERENT: list[object] = [
    None,
    "None",
    "null",
    1,
    "1",
    True,
    "True",
    "true",
    1.0,
    "1.0",
    Decimal(1),
    Decimal("1.0"),
    b"1",
    "31",
    date(2026, 1, 2),
    "2026-01-02",
    datetime(2026, 1, 2, tzinfo=UTC),
    UUID(int=1),
    str(UUID(int=1)),
    [],
    {},
    set[int](),
    "",
    b"",
    [1],
    [[1]],
    [1, 1],
    {"a": 1},
    {"a": "1"},
    {"a": {"b": 1}},
    {"a": {"mapping": {"b": 1}}},
    {"mapping": {"a": 1}},
    {"json": 1},
    Jsonb(1),
    Jsonb({"json": 1}),
    Jsonb("1"),
    Jsonb({"a": 1}),
    {"float": "1.0"},
    {"Decimal": "1"},
    {"date": "2026-01-02"},
    {"bytes": "31"},
    {"pairs": []},
    {"set": []},
    {date(2026, 1, 2): 1},
    {"2026-01-02": 1},
    {None: 1},
    {"None": 1},
    {True: 1},
    {"True": 1},
]


def test_different_values_have_different_keys() -> None:
    shown = {make(value): value for value in DIFFERENT}
    assert len(shown) == len(DIFFERENT)
    for one, other in combinations(DIFFERENT, 2):
        assert make([one]) != make([other]), (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}),
        ([1, 2], (1, 2)),  # parameters in a list or a tuple
        ({1: "x"}, {"1": "x"}),  # before and after a way through JSON, where both are {"1": "x"}
        ({None: "x", True: "y"}, {"null": "x", "true": "y"}),
        ({date(2026, 1, 2): 1, date(2026, 1, 3): 2}, {date(2026, 1, 3): 2, date(2026, 1, 2): 1}),
        (b"x", memoryview(b"x")),
        (Json({"a": 1}), Jsonb({"a": 1})),
        ({"x", "y", "z"}, {"z", "y", "x"}),
    ],
)
def test_what_is_the_same_has_one_key(one: object, other: object) -> None:
    assert make(one) == make(other)


def test_occurrences_differ() -> None:
    keys = {make_idempotency_key("T-1", "write", 1, occurrence) for occurrence in (1, 2, 3)}
    assert len(keys) == 3
    assert make_idempotency_key("T-1", "write", 1) in keys


@pytest.mark.parametrize(
    ("task_id", "operation", "occurrence", "message"),
    [
        ("T-1", "write", 0, "occurrence counts from 1, not 0"),
        ("", "write", 1, "a key needs the task's id and the operation's name"),
        ("T-1", "", 1, "a key needs the task's id and the operation's name"),
    ],
)
def test_what_gives_no_key(task_id: str, operation: str, occurrence: int, message: str) -> None:
    with pytest.raises(ValueRefusedError, match=message):
        make_idempotency_key(task_id, operation, 1, occurrence)


def test_a_value_without_a_text_of_its_own_is_refused() -> None:
    """Its text would be an address, another one in each process: every retry would write again."""

    class Order:
        pass

    for target in (Order(), [{"a": Order()}], {Order()}):
        with pytest.raises(ValueRefusedError, match="a Order is no value"):
            make(target)


def test_the_same_in_every_process() -> None:
    code = (
        "from pgmoat.runtime.idempotency import make_idempotency_key as make;"
        "print(make('T-1', 'write', [{'a', 'b', 'c', 'd'}, memoryview(b'x'), {'k': 1.5}]))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert printed == {make([{"a", "b", "c", "d"}, memoryview(b"x"), {"k": 1.5}]) + "\n"}


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False)
    | st.binary(max_size=5)
    | st.decimals(allow_nan=False)
    | st.dates()
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def freeze(value: object) -> Hashable:
    """Return *value* with its types, so that 1, True and 1.0 are not equal."""
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value)
        return "dict", frozenset((key, freeze(item)) for key, item in pairs.items())
    if isinstance(value, list):
        return "list", tuple(freeze(item) for item in cast("list[object]", value))
    return type(value).__name__, str(value)


_PARTS = st.tuples(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5), _VALUES)


@given(_PARTS, _PARTS)
def test_no_collisions(one: tuple[str, str, object], other: tuple[str, str, object]) -> None:
    assume(freeze(list(one)) != freeze(list(other)))
    assert make_idempotency_key(*one) != make_idempotency_key(*other)


@given(st.text(alphabet=st.characters(categories=["Cs", "L"]), min_size=1))
def test_lone_surrogates_have_keys_too(text: str) -> None:
    assert len(make_idempotency_key(text, text, {text: text})) == 64
