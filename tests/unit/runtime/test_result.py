"""Results: a sequence of rows, and tables of other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pgmoat.runtime.result import Change, Preview, Result, name_columns, warn_of_names

ROWS = ({"id": 1, "name": "a"}, {"id": 2, "name": None}, {"id": 3, "name": "c"})
RESULT = Result(("id", "name"), ROWS, 3)
EMPTY = Result(("id", "name"), (), 0)


def test_a_result_is_the_sequence_of_its_rows() -> None:
    assert isinstance(RESULT, Sequence)
    assert len(RESULT) == 3
    assert RESULT[0] == {"id": 1, "name": "a"}
    assert RESULT[-1]["id"] == 3
    assert RESULT[1:] == ROWS[1:]
    assert [row["id"] for row in RESULT] == [1, 2, 3]
    assert [row["id"] for row in reversed(RESULT)] == [3, 2, 1]
    assert {"id": 2, "name": None} in RESULT
    assert RESULT.index({"id": 3, "name": "c"}) == 2
    with pytest.raises(IndexError):
        RESULT[3]


def test_nothing_is_false_and_keeps_its_columns() -> None:
    assert RESULT
    assert not EMPTY
    assert list(EMPTY) == []
    assert EMPTY.columns == ("id", "name")


def test_the_key_is_not_shown() -> None:
    assert "k-1" not in repr(Result((), (), 0, key="k-1"))


def test_to_pandas() -> None:
    frame: Any = RESULT.to_pandas()
    assert list(frame.columns) == ["id", "name"]
    assert list(frame["id"]) == [1, 2, 3]
    assert frame["name"].isna().tolist() == [False, True, False]
    assert list(EMPTY.to_pandas().columns) == ["id", "name"]
    assert len(EMPTY.to_pandas()) == 0


def test_to_arrow() -> None:
    row = {
        "n": Decimal("1.50"),
        "at": datetime(2026, 1, 2, 3, tzinfo=UTC),
        "day": date(2026, 1, 2),
        "raw": b"\x00",
        "list": [1, 2],
        "none": None,
    }
    table: Any = Result(tuple(row), (row,), 1).to_arrow()
    assert table.column_names == list(row)
    assert table.to_pylist() == [row]
    assert EMPTY.to_arrow().column_names == ["id", "name"]
    assert Result((), (), 1).to_arrow().num_rows == 0


def test_a_preview_counts_what_would_be_written() -> None:
    change = Change("orders", "delete", {"id": 1}, None)
    assert Preview(Result((), (), 1), (change,)).affected == 1


def test_names() -> None:
    assert name_columns(["b", "a"]) == ("b", "a")
    assert name_columns([]) == ()
    assert name_columns(["b", "a", "c", "a", "b", "b"]) == ("b", "a", "c", "a_2", "b_2", "b_3")
    assert warn_of_names(["b", "a"]) == []
    assert "called a, b:" in warn_of_names(["b", "a", "c", "a", "b"])[0]
