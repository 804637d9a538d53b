"""Scopes against tables, and tables under row security."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import TablePolicy, TableTrigger
from pgmoat.compiler.check import check_policy
from pgmoat.model.finding import Severity
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

INDEXED: dict[str, Any] = {"indexed_columns": ("id", "usr_id")}
SCOPED: dict[str, Any] = {"rows": "usr_id = task.customer_id"}
ITEMS: dict[str, Any] = {
    "table": "public.items",
    "columns": {"id": {}, "ord_id": {}},
    "rows": "ord_id in orders",
}


def make_items(*more: Any, base: str = "int8", **fields: Any) -> Any:
    columns = (make_column("id", "int8", not_null=True), make_column("ord_id", base, not_null=True), *more)
    return make_table("public.items", *columns, **{"indexed_columns": ("id", "ord_id"), **fields})


def make_two(orders: dict[str, Any] | None = None, items: dict[str, Any] | None = None) -> Any:
    """Return a policy with orders and items, both granted to the clerk."""
    columns: dict[str, Any] = {"id": {}, "usr_id": {}}
    return make_policy(
        entities={
            "orders": {
                "table": "public.orders",
                "columns": columns,
                **(SCOPED if orders is None else orders),
            },
            "items": {**ITEMS, **(items or {})},
        },
        agents={"clerk": {"entities": {"orders": {}, "items": {}}}},
    )


def test_a_scope_that_fits_has_no_findings() -> None:
    catalog = make_catalog(make_orders(**INDEXED), make_items())
    assert find_codes(make_policy(SCOPED, {"update": ["stat_cd"]}), catalog) == []
    assert find_codes(make_two(), catalog) == []


def test_a_column_that_is_not_there_gets_a_suggestion() -> None:
    policy = make_policy({"rows": "user_id = task.customer_id"})
    finding = find_one(policy, make_catalog(make_orders()), "missing-column")
    assert finding.path == ("entities", "orders", "rows")
    assert finding.hint == "did you mean usr_id?"


def test_a_hidden_column_can_decide() -> None:
    table = make_orders(make_column("tenant"), indexed_columns=("id", "tenant"))
    assert find_codes(make_policy({"rows": "tenant = task.tenant"}), make_catalog(table)) == []


@pytest.mark.parametrize("base", ["timestamptz", "jsonb", "float8", "interval", "bytea"])
def test_a_type_that_depends_on_settings_is_refused(base: str) -> None:
    column = make_column("c", base, type_category="D")
    policy = make_policy({"rows": "c = task.c"})
    assert find_one(policy, make_catalog(make_orders(column)), "rows-type").severity is Severity.ERROR


def test_a_decoded_column_is_refused() -> None:
    columns = {"id": {}, "stat_cd": {"name": "status", "values": {1: "pending"}}}
    policy = make_policy({"columns": columns, "rows": "status = task.status"})
    assert "rows-decoded" in find_codes(policy, make_catalog(make_orders()))


def test_a_missing_index_is_named_with_its_remedy() -> None:
    finding = find_one(make_policy(SCOPED), make_catalog(make_orders()), "rows-no-index")
    assert finding.severity is Severity.WARNING
    assert finding.hint == 'CREATE INDEX CONCURRENTLY ON "public"."orders" ("usr_id");'


def test_a_reference_needs_a_key_of_one_column_and_of_its_type() -> None:
    two = make_orders(
        unique_indexes=(make_unique("orders_pkey", "id", "usr_id", is_primary=True),), **INDEXED
    )
    assert find_one(make_two(), make_catalog(two, make_items()), "rows-key").severity is Severity.ERROR
    catalog = make_catalog(make_orders(**INDEXED), make_items(base="text"))
    assert find_one(make_two(), catalog, "rows-type").severity is Severity.ERROR
    catalog = make_catalog(make_orders(**INDEXED), make_items(base="int4"))
    assert find_codes(make_two(), catalog) == []


@pytest.mark.parametrize(("has_trigger", "severity"), [(False, Severity.ERROR), (True, Severity.WARNING)])
def test_inserts_that_can_never_be_in_scope_are_found(has_trigger: bool, severity: Severity) -> None:
    trigger = TableTrigger("fill", "public.fill", security_definer=True)
    table = make_orders(
        make_column("tenant"), indexed_columns=("tenant",), triggers=(trigger,) if has_trigger else ()
    )
    policy = make_policy({"rows": "tenant = task.tenant"}, {"insert": ["usr_id"]})
    finding = find_one(policy, make_catalog(table), "rows-insert")
    assert finding.severity is severity
    assert finding.path == ("agents", "clerk", "entities", "orders", "insert")


def test_a_way_round_the_scope_on_the_same_table_is_said_where_one_agent_has_both() -> None:
    catalog = make_catalog(make_orders(**INDEXED))
    entities: dict[str, Any] = {
        "orders": {"table": "public.orders", "columns": {"id": {}}, **SCOPED},
        "totals": {"table": "public.orders", "columns": {"id": {}}},
    }
    both = make_policy(entities=entities, agents={"a": {"entities": {"orders": {}, "totals": {}}}})
    assert find_one(both, catalog, "rows-same-table").path == ("entities", "totals")
    apart = make_policy(
        entities=entities, agents={"a": {"entities": {"orders": {}}}, "b": {"entities": {"totals": {}}}}
    )
    assert "rows-same-table" not in find_codes(apart, catalog)


def test_an_unscoped_entity_that_points_to_a_scoped_one_is_said() -> None:
    catalog = make_catalog(make_orders(**INDEXED), make_items())
    columns = {"id": {}, "ord_id": {"name": "order_id", "references": "orders"}}
    policy = make_two(items={"columns": columns, "rows": None})
    finding = find_one(policy, catalog, "rows-reference-open")
    assert finding.severity is Severity.WARNING
    assert finding.hint == "rows: order_id in orders"


def test_all_without_row_security_changes_nothing() -> None:
    assert find_codes(make_policy({"rows": "all"}), make_catalog(make_orders())) == ["rows-no-effect"]


def make_secured(*policies: TablePolicy) -> Any:
    return make_catalog(make_orders(row_security=True, row_policies=policies, **INDEXED))


def make_row_policy(name: str = "p", **fields: Any) -> TablePolicy:
    values: dict[str, Any] = {
        "is_permissive": True,
        "command": "*",
        "roles": ("PUBLIC",),
        "reads_settings": False,
        **fields,
    }
    return TablePolicy(name, **values)


READING = make_row_policy("tenant", reads_settings=True)
STRICT = make_row_policy("strict", is_permissive=False, reads_settings=True)


@pytest.mark.parametrize(
    ("rows", "policies", "codes"),
    [
        (None, (), ["row-security"]),
        (None, (make_row_policy(),), ["row-security-people"]),
        (None, (make_row_policy(), READING), ["row-security"]),
        (None, (make_row_policy(), STRICT), ["row-security"]),
        (None, (make_row_policy(is_permissive=False),), ["row-security"]),
        (None, (make_row_policy(roles=("app",)),), ["row-security"]),
        (None, (make_row_policy(command="w"),), ["row-security"]),
        (None, (make_row_policy(roles=("pgmoat_views",)),), ["row-security-people"]),
        ("all", (), ["row-security-open"]),
        ("all", (make_row_policy(),), ["row-security-open"]),
        ("all", (READING,), ["row-security"]),
        ("all", (make_row_policy(roles=("app",), reads_settings=True),), ["row-security"]),
        ("usr_id = task.c", (), ["row-security-policy"]),
        ("usr_id = task.c", (READING,), ["row-security-policy"]),
        ("usr_id = task.c", (STRICT,), ["row-security-restrictive", "row-security-policy"]),
    ],
)
def test_row_security(rows: str | None, policies: tuple[TablePolicy, ...], codes: list[str]) -> None:
    assert find_codes(make_policy({"rows": rows}), make_secured(*policies)) == codes


def test_pgmoat_s_policy_does_not_open_another_entity() -> None:
    entities: dict[str, Any] = {
        "orders": {"table": "public.orders", "columns": {"id": {}}, **SCOPED},
        "totals": {"table": "public.orders", "columns": {"id": {}}},
    }
    found = check_policy(make_policy(entities=entities), make_secured(make_row_policy()))
    assert [f.path[1] for f in found if f.code == "row-security"] == ["totals"]
