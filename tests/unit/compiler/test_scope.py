"""How scopes are compared with columns."""

from __future__ import annotations

import pytest

from pgmoat.catalog.snapshot import Column
from pgmoat.compiler.scope import can_point_to, find_element_type
from tests.unit.compiler.catalogs import make_column

MOOD = make_column("c", "mood", type_name="public.mood", type_category="E", enum_labels=("a", "b"))
ODD = make_column("c", "Odd Mood", type_name='public."Odd Mood"', type_category="E", enum_labels=("a",))
DOMAIN = make_column("c", "mood", type_name="public.mood_domain", type_category="E", enum_labels=("a", "b"))


@pytest.mark.parametrize(
    ("column", "type_name"),
    [
        (make_column("c", "int8"), "pg_catalog.int8"),
        (make_column("c", "int8", type_name="public.customer_number"), "pg_catalog.int8"),
        (make_column("c", "uuid", type_category="U"), "pg_catalog.uuid"),
        (make_column("c", "varchar"), "text"),
        (make_column("c", "citext", type_name="public.citext"), "text"),
        (MOOD, "public.mood"),
        (ODD, 'public."Odd Mood"'),
        (DOMAIN, "text"),
        (make_column("c", "timestamptz"), None),
        (make_column("c", "jsonb"), None),
    ],
)
def test_values_are_compared_by_an_operator_of_pg_catalog(column: Column, type_name: str | None) -> None:
    assert find_element_type(column) == type_name


@pytest.mark.parametrize(
    ("column", "key", "is_possible"),
    [
        (make_column("c", "int4"), make_column("k", "int8"), True),
        (make_column("c", "varchar"), make_column("k", "text"), True),
        (make_column("c", "text"), make_column("k", "int8"), False),
        (MOOD, MOOD, True),
        (DOMAIN, DOMAIN, False),
        (MOOD, ODD, False),
        (make_column("c", "date"), make_column("k", "date"), True),
    ],
)
def test_a_reference_needs_an_operator_for_both_types(column: Column, key: Column, is_possible: bool) -> None:
    assert can_point_to(column, key) == is_possible
