"""Value maps against types, data and defaults."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import Catalog, CodeCounts, Column
from pgmoat.model.finding import Severity
from pgmoat.policy.schema import Policy
from tests.unit.compiler.catalogs import (
    find_codes,
    find_one,
    make_catalog,
    make_column,
    make_orders,
    make_policy,
)

NO_ROWS = CodeCounts({}, sampled=False)


def check_map(
    column: Column, *codes: str, data: CodeCounts | None = NO_ROWS, **fields: Any
) -> tuple[Policy, Catalog]:
    """Return a policy that maps *codes* of *column*, and the catalog with its *data*."""
    values = {code: f"word_{number}" for number, code in enumerate(codes)}
    policy = make_policy({"columns": {"id": {}, column.name: {"values": values, **fields}}})
    counts = {} if data is None else {("public.orders", column.name): data}
    return policy, make_catalog(make_orders(column), codes=counts)


@pytest.mark.parametrize(
    ("type_name", "fields", "code", "reason"),
    [
        ("int2", {}, "x", "not an integer"),
        ("int4", {}, "1.0", "not an integer"),
        ("int2", {}, "32768", "out of range"),
        ("int4", {}, "-2147483649", "out of range"),
        ("int8", {}, "9223372036854775808", "out of range"),
        ("numeric", {"type_name": "numeric(1,0)"}, "1.5", "would round it"),
        ("numeric", {"type_name": "numeric(1,0)"}, "10", "out of range"),
        ("numeric", {}, "NaN", "not a number"),
        ("bool", {}, "maybe", "not a boolean"),
        ("varchar", {"max_length": 2}, "abc", "longer than"),
        ("bpchar", {"max_length": 1}, "ab", "longer than"),
        ("char", {}, "ab", "one byte"),
        (
            "mood",
            {"type_category": "E", "enum_labels": ("sad", "ok")},
            "happy",
            "not a label of mood (sad, ok)",
        ),
    ],
)
def test_a_code_that_the_type_cannot_hold(
    type_name: str, fields: dict[str, Any], code: str, reason: str
) -> None:
    policy, catalog = check_map(make_column("c", type_name, **fields), code)
    finding = find_one(policy, catalog, "code-type")
    assert finding.path == ("entities", "orders", "columns", "c", "values", code)
    assert reason in finding.message


@pytest.mark.parametrize(
    ("type_name", "fields", "codes"),
    [
        ("int2", {}, ["-32768", "32767"]),
        ("numeric", {"type_name": "numeric(3,1)"}, ["1", "99.5", "0"]),
        ("bool", {}, ["t", "False"]),
        ("varchar", {"max_length": 2}, ["ab", ""]),
        ("bpchar", {"max_length": 1}, ["a"]),
        ("mood", {"type_category": "E", "enum_labels": ("sad", "ok")}, ["ok"]),
    ],
)
def test_codes_that_fit(type_name: str, fields: dict[str, Any], codes: list[str]) -> None:
    policy, catalog = check_map(make_column("c", type_name, **fields), *codes)
    assert find_codes(policy, catalog) == []


@pytest.mark.parametrize("type_name", ["json", "jsonb", "timestamptz", "date"])
def test_types_without_value_maps(type_name: str) -> None:
    policy, catalog = check_map(make_column("c", type_name), "1")
    assert find_codes(policy, catalog) == ["value-map-type"]


def test_two_spellings_of_one_code() -> None:
    policy, catalog = check_map(make_column("c", "int4"), "1", "01")
    assert find_codes(policy, catalog) == ["code-repeated"]


def test_codes_of_the_data_that_are_not_mapped_block_with_their_counts() -> None:
    data = CodeCounts({"1": 5, "3": 1204, "4": 1}, sampled=False)
    policy, catalog = check_map(make_column("c", "int4"), "1", data=data)
    finding = find_one(policy, catalog, "codes-not-mapped")
    assert finding.severity == Severity.ERROR
    assert "not mapped: 3 (1,204 rows) and 4 (1 row)" in finding.message
    assert "unmapped: allow" in finding.hint


def test_unmapped_allow_makes_it_a_warning() -> None:
    data = CodeCounts({"3": 2}, sampled=False)
    policy, catalog = check_map(make_column("c", "int4"), "1", data=data, unmapped="allow")
    finding = find_one(policy, catalog, "codes-not-mapped")
    assert finding.severity == Severity.WARNING
    assert "read them as NULL" in finding.message


def test_counts_that_are_estimates_or_unknown_are_shown_as_such() -> None:
    data = CodeCounts({"3": 2000, "4": -1}, sampled=False, estimated=True)
    policy, catalog = check_map(make_column("c", "int4"), "1", data=data)
    assert "3 (about 2,000 rows) and 4" in find_one(policy, catalog, "codes-not-mapped").message


def test_codes_from_statistics_are_never_proof() -> None:
    data = CodeCounts({"1": 2}, sampled=True, estimated=True)
    assert find_codes(*check_map(make_column("c", "int4"), "1", data=data)) == ["codes-sampled"]


def test_codes_that_could_not_be_read_are_said() -> None:
    assert find_codes(*check_map(make_column("c", "int4"), "1", data=None)) == ["codes-not-read"]


@pytest.mark.parametrize(
    ("type_name", "stored", "written"),
    [("numeric", "1.00", "1"), ("bool", "true", "t"), ("bpchar", "A", "A "), ("int4", "7", "+7")],
)
def test_data_and_map_are_compared_by_value(type_name: str, stored: str, written: str) -> None:
    data = CodeCounts({stored: 1}, sampled=False)
    assert find_codes(*check_map(make_column("c", type_name), written, data=data)) == []


def test_data_that_no_code_can_name_is_unmapped() -> None:
    data = CodeCounts({"NaN": 1}, sampled=False)
    assert find_codes(*check_map(make_column("c", "numeric"), "1", data=data)) == ["codes-not-mapped"]


@pytest.mark.parametrize("default", ["9", "'9'::smallint", "(-1)"])
def test_default_that_is_not_mapped(default: str) -> None:
    policy, catalog = check_map(make_column("c", "int2", default=default), "1")
    assert find_one(policy, catalog, "default-not-mapped").severity == Severity.WARNING


@pytest.mark.parametrize("default", ["1", "'1'::smallint", "pick_code()", "NULL::smallint", None])
def test_default_that_is_mapped_or_an_expression(default: str | None) -> None:
    assert find_codes(*check_map(make_column("c", "int2", default=default), "1")) == []


def test_quoted_text_default() -> None:
    column = make_column("c", "varchar", default="'it''s'::character varying")
    assert find_codes(*check_map(column, "it's")) == []
