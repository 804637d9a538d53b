"""What an entity of the policy resolves to."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.compiler.entity import Entity, EntityColumn, name_map_table, resolve_entities
from tests.unit.compiler.catalogs import make_catalog, make_column, make_orders, make_policy

VALUES = {"stat_cd": {"name": "status", "values": {1: "pending", 5: "shipped"}}}


def resolve(access: dict[str, object], **orders: object) -> Entity:
    table = make_orders(
        make_column("note"),
        make_column("total", generated=True),
        make_column("number", "int8", default="nextval('s'::regclass)", sequence='"public"."s"'),
        make_column("serial_no", "int8", identity="a", sequence='"public"."t"'),
    )
    columns = {"id": {}, "usr_id": {}, **VALUES, "note": {}, "total": {}, "number": {}, "serial_no": {}}
    policy = make_policy({"columns": columns, **orders}, access)
    (entity,) = resolve_entities(policy, make_catalog(table))
    return entity


def names(columns: tuple[EntityColumn, ...]) -> list[str]:
    return [column.name for column in columns]


def test_insert_all_leaves_out_what_the_database_numbers_or_computes() -> None:
    assert names(resolve({"insert": "all"}).inserted) == ["usr_id", "status", "note"]


def test_insert_may_name_a_number_that_has_a_default() -> None:
    assert names(resolve({"insert": ["number", "note"]}).inserted) == ["note", "number"]


def test_update_all_leaves_out_the_key_and_what_the_database_computes() -> None:
    assert names(resolve({"update": "all"}).updated) == ["usr_id", "status", "note", "number"]


def test_delete_needs_a_soft_delete() -> None:
    assert not resolve({"delete": True}).is_deletable
    assert resolve({"delete": True}, delete="soft").is_deletable


def test_an_entity_that_is_only_read_has_no_operations() -> None:
    assert resolve({"select": "all"}).operations == ()


def test_operations_stand_in_one_order() -> None:
    entity = resolve({"delete": True, "update": ["note"], "insert": ["note"]}, delete="soft")
    assert entity.operations == ("insert", "update", "delete")


def test_a_word_decodes_by_case_and_compares_as_text_only_without_equality() -> None:
    entity = resolve({})
    status = next(column for column in entity.columns if column.name == "status")
    assert status.decode("b").as_string(None) == (
        """CASE "b"."stat_cd" WHEN '1'::int2 THEN 'pending' WHEN '5'::int2 THEN 'shipped' END"""
    )


def test_types_without_an_equality_of_pg_catalog_compare_as_text() -> None:
    policy = make_policy({"columns": {"id": {}, "data": {}, "mail": {}}})
    table = make_orders(make_column("data", "json"), make_column("mail", type_name="public.citext"))
    (entity,) = resolve_entities(policy, make_catalog(table))
    for column in entity.columns[1:]:
        test = column.compare(column.decode("b"), column.decode("c")).as_string(None)
        assert test.count("::text") == 2, column.name


def test_long_map_names_stay_unique_within_63_bytes() -> None:
    first, second = (name_map_table("e" * 40, "c" * 40 + end) for end in "ab")
    assert len(first) == len(second) == 63
    assert first != second


@pytest.mark.parametrize(
    ("access", "drawn"),
    [
        ({"insert": "all"}, ["id", "number", "serial_no"]),
        ({"insert": ["note"]}, ["id", "number", "serial_no"]),
        ({"insert": ["number", "note"]}, ["id", "serial_no"]),
    ],
)
def test_only_what_nobody_may_insert_is_drawn(access: dict[str, object], drawn: list[str]) -> None:
    assert names(resolve(access).drawn) == drawn


@pytest.mark.parametrize(
    ("column", "is_drawn"),
    [
        ({"default": "gen_random_uuid()"}, True),
        ({"default": "'theme'::text"}, False),
        ({"default": "current_setting('app.site'::text)"}, False),
        ({"default": "date_trunc('day', now())", "type_category": "D"}, False),
        ({}, False),
    ],
)
def test_which_default_of_a_key_is_drawn(column: dict[str, Any], is_drawn: bool) -> None:
    assert EntityColumn(make_column("k", **column), "k", "", (), None, "").is_key_drawn is is_drawn
