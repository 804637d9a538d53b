"""What soft deletes meet."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import Column, ForeignKeyChild
from pgmoat.model.finding import Severity
from pgmoat.policy.schema import DeletePolicy, Policy
from tests.unit.compiler.catalogs import (
    find_codes,
    find_one,
    make_catalog,
    make_column,
    make_orders,
    make_policy,
    make_table,
    make_unique,
)

MARKS = (
    make_column("deleted_at", "timestamptz"),
    make_column("deleted_by"),
    make_column("delete_reason", "varchar"),
)
SOFT: dict[str, Any] = {"delete": "soft"}


def test_nothing_is_said_without_soft_deletes() -> None:
    table = make_orders(make_column("is_deleted", "bool"), children=(ForeignKeyChild("public.i", "f", "c"),))
    assert find_codes(make_policy({"delete": "forbid"}), make_catalog(table)) == []


def test_new_columns_are_said_to_change_what_people_see() -> None:
    finding = find_one(make_policy(SOFT), make_catalog(make_orders()), "delete-column-added")
    assert finding.severity == Severity.NOTE
    assert "deleted_at, deleted_by and delete_reason will be added" in finding.message
    assert "SELECT *" in finding.message


def test_existing_columns_are_reused_and_people_filter_already() -> None:
    assert find_codes(make_policy(SOFT), make_catalog(make_orders(*MARKS))) == ["delete-column-reused"]


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("deleted_at", make_column("deleted_at", "date")),
        ("deleted_at", make_column("deleted_at", "timestamptz", not_null=True)),
        ("deleted_at", make_column("deleted_at", "timestamptz", default="now()")),
        ("deleted_by", make_column("deleted_by", "int8")),
        ("deleted_by", make_column("deleted_by", "varchar", max_length=10)),
        ("delete_reason", make_column("delete_reason", "int4")),
        ("delete_reason", make_column("delete_reason", generated=True)),
    ],
)
def test_existing_columns_that_cannot_serve(field: str, column: Column) -> None:
    policy = make_policy(SOFT, {"delete": True})
    finding = find_one(policy, make_catalog(make_orders(column)), "delete-column-type")
    assert finding.severity == Severity.ERROR
    assert finding.path == ("entities", "orders", "delete", field)


def test_renamed_columns_are_looked_up_by_their_names() -> None:
    policy = make_policy({"delete": {"mode": "soft", "deleted_at": "removed_at"}})
    table = make_orders(make_column("removed_at", "timestamp"))
    assert "removed_at" in find_one(policy, make_catalog(table), "delete-column-reused").message


@pytest.mark.parametrize(
    "name", ["is_deleted", "deleted", "deleted_on", "removed_at", "archived_at", "DeletedDate", "del_flg"]
)
def test_another_soft_delete_column_is_noticed(name: str) -> None:
    table = make_orders(make_column(name, "timestamptz"))
    finding = find_one(make_policy(SOFT), make_catalog(table), "delete-column-exists")
    assert finding.hint == f"set delete.deleted_at: {name}"


def test_a_flag_cannot_be_reused() -> None:
    table = make_orders(make_column("is_deleted", "bool"))
    finding = find_one(make_policy(SOFT), make_catalog(table), "delete-column-exists")
    assert "only a timestamp" in finding.hint


@pytest.mark.parametrize("name", ["deleted_items", "undeleted_at", "removed_by"])
def test_other_names_are_left_alone(name: str) -> None:
    assert "delete-column-exists" not in find_codes(
        make_policy(SOFT), make_catalog(make_orders(make_column(name, "timestamptz")))
    )


def test_unique_constraint_comes_with_its_remedy() -> None:
    unique = make_unique("orders_ref_key", "usr_id", "stat_cd")
    finding = find_one(
        make_policy(SOFT), make_catalog(make_orders(*MARKS, unique_indexes=(unique,))), "unique-keeps-deleted"
    )
    assert finding.severity == Severity.WARNING
    assert finding.hint == (
        'CREATE UNIQUE INDEX CONCURRENTLY "orders_ref_key_active" ON "public"."orders" ("usr_id", "stat_cd")'
        ' WHERE "deleted_at" IS NULL; ALTER TABLE "public"."orders" DROP CONSTRAINT "orders_ref_key";'
    )


def test_unique_index_over_an_expression_comes_with_its_remedy() -> None:
    unique = make_unique("mails", "lower(mail)", is_constraint=False, predicate="(stat_cd > 0)")
    finding = find_one(
        make_policy(SOFT), make_catalog(make_orders(unique_indexes=(unique,))), "unique-keeps-deleted"
    )
    assert finding.hint == (
        'CREATE UNIQUE INDEX CONCURRENTLY "mails_active" ON "public"."orders" ((lower(mail)))'
        ' WHERE "deleted_at" IS NULL AND ((stat_cd > 0)); DROP INDEX CONCURRENTLY "public"."mails";'
    )


def test_keys_and_indexes_over_active_rows_are_in_order() -> None:
    indexes = (
        make_unique("orders_pkey", "id", is_primary=True),
        make_unique("live", "usr_id", is_constraint=False, predicate="(deleted_at IS NULL)"),
    )
    table = make_orders(*MARKS, unique_indexes=indexes)
    assert find_codes(make_policy(SOFT), make_catalog(table)) == ["delete-column-reused"]


def test_cascading_children_stay_active() -> None:
    children = (
        ForeignKeyChild("public.items", "items_order_fkey", "c"),
        ForeignKeyChild("public.notes", "notes_order_fkey", "r"),
    )
    finding = find_one(
        make_policy(SOFT), make_catalog(make_orders(children=children)), "cascade-not-followed"
    )
    assert "public.items (items_order_fkey)" in finding.message
    assert "public.notes" not in finding.message


def test_people_still_see_deleted_rows_unless_they_get_a_view() -> None:
    catalog = make_catalog(make_orders())
    finding = find_one(make_policy(SOFT), catalog, "people-see-deleted")
    assert "people_view: public.active_orders" in finding.hint
    with_view = make_policy({**SOFT, "people_view": "public.active_orders"})
    assert "people-see-deleted" not in find_codes(with_view, catalog)


def test_people_still_see_deleted_rows_after_our_own_column_was_added() -> None:
    ours = make_column("deleted_at", "timestamptz", comment="Made by pgmoat.")
    assert "people-see-deleted" in find_codes(make_policy(SOFT), make_catalog(make_orders(ours)))


def test_one_people_view_does_for_two_entities_of_a_table() -> None:
    catalog = make_catalog(make_orders())
    policy = make_policy({**SOFT, "people_view": "public.active_orders"})
    orders = policy.entities["orders"]

    def add(delete: DeletePolicy) -> Policy:
        mine = orders.model_copy(update={"people_view": None, "delete": delete})
        return policy.model_copy(update={"entities": {"orders": orders, "my_orders": mine}})

    assert "people-see-deleted" not in find_codes(add(orders.delete), catalog)
    apart = orders.delete.model_copy(update={"deleted_at": "gone_at"})  # which the view does not look at
    assert find_codes(add(apart), catalog).count("people-see-deleted") == 1


@pytest.mark.parametrize(
    ("fields", "is_taken"),
    [
        ({"kind": "r"}, True),
        ({"kind": "v"}, True),
        ({"kind": "v", "owner": "pgmoat_views"}, False),
        ({"kind": "v", "comment": "Made by pgmoat."}, False),
    ],
)
def test_people_view_must_be_free_or_ours(fields: dict[str, Any], is_taken: bool) -> None:
    catalog = make_catalog(make_orders(), make_table("public.active_orders", **fields))
    policy = make_policy({**SOFT, "people_view": "public.active_orders"})
    assert ("people-view-taken" in find_codes(policy, catalog)) == is_taken


def test_a_key_of_the_agents_own_choice_stays_taken() -> None:
    table = make_table(
        "public.orders",
        make_column("id", "int8"),
        make_column("usr_id", "int8"),
        make_column("stat_cd", "int2"),
    )
    access = {"insert": ["id", "stat_cd"], "delete": True}
    finding = find_one(make_policy({"delete": "soft"}, access), make_catalog(table), "unique-keeps-deleted")
    assert "by a row that it cannot see" in finding.message


def test_a_key_that_the_database_numbers_does_not() -> None:
    policy = make_policy({"delete": "soft"}, {"insert": ["stat_cd"], "delete": True})
    assert "unique-keeps-deleted" not in find_codes(policy, make_catalog(make_orders()))
