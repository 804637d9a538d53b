"""What is kept of sampled values: codes, and nothing that could be a person's."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import Column
from pgmoat.report.survey.snapshot import ColumnSample
from pgmoat.report.survey.summary import shape_of, summarize_column


def make_column(name: str, base_type: str = "text", **fields: Any) -> Column:
    known: dict[str, Any] = {
        "name": name, "type_name": base_type, "type_category": "S", "base_type_name": base_type,
        "max_length": None, "enum_labels": (), "not_null": False, "default": None,
        "default_is_portable": False, "identity": "", "generated": False, "sequence": None, "comment": None,
    }  # fmt: skip
    return Column(**known | fields)


def summarize(name: str, values: list[str | None], base_type: str = "text", **fields: Any) -> ColumnSample:
    return summarize_column(make_column(name, base_type, **fields), values, is_whole=True, is_key=False)


def test_codes_are_kept_with_their_rows() -> None:
    sample = summarize("stat_cd", ["1", "2", "1", None, "1", "9"] * 3, "int2")
    assert [(value.value, value.rows) for value in sample.values] == [("1", 9), ("2", 3), ("9", 3)]
    assert (sample.rows, sample.nulls, sample.distinct, sample.is_whole) == (18, 3, 3, True)


@pytest.mark.parametrize(
    ("name", "values", "base_type"),
    [
        ("email", ["a@b.example"] * 9, "text"),
        ("first_name", ["Ann", "Bob"] * 9, "varchar"),
        ("ref", ["ann@shop.example", "bob@shop.example", "eve@shop.example"] * 5, "text"),
        ("title", [f"title {number}" for number in range(31)] * 5, "text"),
        ("city", ["Kassel", "Bonn", "Trier"], "text"),
        ("remark", ["x" * 41] * 9, "text"),
        ("price", ["1.99", "2.99"] * 9, "numeric"),
        ("made_on", ["2024-01-01", "2024-01-02"] * 9, "date"),
    ],
)
def test_other_values_are_not_kept(name: str, values: list[str], base_type: str) -> None:
    sample = summarize(name, list(values), base_type)
    assert sample.values == ()
    assert not any(value in repr(sample) for value in values)


def test_values_of_keys_are_not_kept() -> None:
    column = make_column("status", "int4")
    values = ["1", "2"] * 9
    assert summarize_column(column, values, is_whole=True, is_key=False).values
    assert summarize_column(column, values, is_whole=True, is_key=True).values == ()


def test_a_name_that_says_code_is_enough_in_a_small_table() -> None:
    assert summarize("order_status", ["1", "2", "3"], "int2").values
    assert summarize("is_open", ["t", "f"], "bool").values
    assert summarize("points", ["1", "2", "3"], "int2").values == ()


def test_flags_of_other_databases() -> None:
    assert summarize("aktiv", ["0", "1"] * 9, "numeric", type_name="numeric(1,0)").values
    assert summarize("amount", ["0", "1"] * 9, "numeric", type_name="numeric(12,2)").values == ()


def test_shapes_show_no_letter_and_no_digit() -> None:
    assert shape_of("Ann.Lee7@shop.example") == "Aaa.Aaa9@aaa.aaa"
    assert shape_of("AB-1234") == "AA-999"
    assert shape_of("Größe ЖЖ 四五") == "Aaaa AA AA"
    assert len(shape_of("a1" * 200)) == 40


def test_shapes_have_their_share() -> None:
    sample = summarize("part", ["AB-1000", "CD-2000", "EF-3000", "x"], "text")
    assert [(shape.pattern, shape.share) for shape in sample.shapes] == [("AA-999", 0.75), ("a", 0.25)]
    assert sample.longest == 7


def test_an_empty_sample() -> None:
    sample = summarize("part", [])
    assert (sample.rows, sample.distinct, sample.shapes, sample.values, sample.longest) == (0, 0, (), (), 0)
