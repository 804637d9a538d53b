"""Rows as pandas and Arrow have them: every value of PostgreSQL's arrives, none is another one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, time, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.range import Range

from pgmoat.runtime.frames import make_frame, make_table

ONE = UUID(int=1)
MOST = 2**63 - 1


def arrow(*values: object) -> list[Any]:
    """Return a column as it comes back from Arrow."""
    return make_table(("c",), [{"c": value} for value in values]).column("c").to_pylist()


@pytest.mark.parametrize(
    "values",
    [
        (ONE, None),
        (Decimal("1.5"), Decimal("2.25"), Decimal(10) ** 40),
        (timedelta(days=3, seconds=5), None),
        (time(1, 2, 3),),
        (MOST, -MOST - 1, None),
        ([1, 2], None, []),
        ([[1], [2, 3]],),
        (True, None, False),
        (None, None),
    ],
)
def test_arrow_has_a_type_for_these(values: tuple[object, ...]) -> None:
    assert arrow(*values) == list(values)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((ip_address("10.0.0.1"), ip_address("::1")), ["10.0.0.1", "::1"]),
        ((ip_network("10.0.0.0/8"), None), ["10.0.0.0/8", None]),
        ((Range(1, 2),), ["[1, 2)"]),
        ((Decimal("1.5"), Decimal("NaN")), ["1.5", "NaN"]),
        ((2**70, 1), [str(2**70), "1"]),
        ((time(1, 2, tzinfo=UTC),), ["01:02:00+00:00"]),
    ],
)
def test_others_are_text(values: tuple[object, ...], texts: list[str | None]) -> None:
    assert arrow(*values) == texts


def test_json_is_json() -> None:
    """Whatever the rows hold: a column's type does not hang on the shape of its objects."""
    assert arrow({"a": 1}, None, {"b": [1, "ü"]}) == ['{"a": 1}', None, '{"b": [1, "ü"]}']
    assert arrow({"a": 1}, [1], "t", 5, True) == ['{"a": 1}', "[1]", '"t"', "5", "true"]
    assert arrow([1, "a"], None) == ['[1, "a"]', None]
    assert arrow("t", 5) == ['"t"', "5"]
    assert arrow({"at": ONE}) == [f'{{"at": "{ONE}"}}']


def test_lists_of_what_arrow_has_alone() -> None:
    assert arrow([ONE], [ONE, None]) == [[str(ONE)], [str(ONE), None]]
    assert arrow([Range(1, 2)]) == ['["[1, 2)"]']


def test_whole_numbers_stay_whole_beside_null() -> None:
    frame = make_frame(("n",), [{"n": MOST}, {"n": None}])
    assert str(frame["n"].dtype) == "Int64"
    assert int(frame["n"][0]) == MOST
    assert frame["n"].isna().tolist() == [False, True]
    large = make_frame(("n",), [{"n": 2**70}, {"n": None}])
    assert large["n"][0] == 2**70
    assert str(make_frame(("n",), [{"n": 1}, {"n": 2}])["n"].dtype) == "int64"


@pytest.mark.parametrize(("make", "library"), [(make_frame, "pandas"), (make_table, "pyarrow")])
def test_a_library_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, make: Callable[..., object], library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"{library} is not installed: pip install 'pgmoat\["):
        make(("id",), [])
