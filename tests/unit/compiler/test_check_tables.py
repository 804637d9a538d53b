"""Tables, columns and keys that a policy names."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import TableTrigger
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

WRITES = {"update": ["stat_cd"]}


def test_policy_that_fits_has_no_findings() -> None:
    assert find_codes(make_policy(access=WRITES), make_catalog(make_orders())) == []


def test_missing_table_suggests_the_nearest_name() -> None:
    finding = find_one(make_policy({"table": "public.ordres"}), make_catalog(make_orders()), "missing-table")
    assert finding.severity == Severity.ERROR
    assert finding.path == ("entities", "orders", "table")
    assert finding.hint == "did you mean public.orders?"


def test_missing_table_suggests_the_same_name_in_another_schema() -> None:
    catalog = make_catalog(make_table("public.ordering"), make_table("sales.orders"))
    assert find_one(make_policy(), catalog, "missing-table").hint == "did you mean sales.orders?"


@pytest.mark.parametrize("kind", ["v", "m", "f"])
def test_a_view_is_not_a_table(kind: str) -> None:
    assert find_codes(make_policy(), make_catalog(make_orders(kind=kind))) == ["not-a-table"]


def test_a_partitioned_table_is_a_table() -> None:
    assert find_codes(make_policy(), make_catalog(make_orders(kind="p"))) == []


def test_missing_column_suggests_the_nearest_name() -> None:
    policy = make_policy({"columns": {"id": {}, "user_id": {}}})
    finding = find_one(policy, make_catalog(make_orders()), "missing-column")
    assert finding.path == ("entities", "orders", "columns", "user_id")
    assert finding.hint == "did you mean usr_id?"


@pytest.mark.parametrize(("access", "severity"), [({}, Severity.NOTE), (WRITES, Severity.ERROR)])
def test_no_key_is_an_error_only_for_writers(access: dict[str, object], severity: Severity) -> None:
    catalog = make_catalog(make_orders(unique_indexes=()))
    assert find_one(make_policy(access=access), catalog, "no-key").severity == severity


def test_given_key_needs_a_unique_index_with_exactly_its_columns() -> None:
    ref = make_column("ref", not_null=True)
    wide = make_unique("wide", "ref", "usr_id")
    policy = make_policy({"key": ["ref"], "columns": {"ref": {}, "stat_cd": {}}}, WRITES)
    finding = find_one(policy, make_catalog(make_orders(ref, unique_indexes=(wide,))), "key-not-unique")
    assert finding.hint == 'CREATE UNIQUE INDEX CONCURRENTLY ON "public"."orders" ("ref");'
    exact = make_unique("exact", "ref")
    assert find_codes(policy, make_catalog(make_orders(ref, unique_indexes=(wide, exact)))) == []


def test_given_key_is_not_held_by_a_partial_index() -> None:
    ref = make_column("ref", not_null=True)
    partial = make_unique("live", "ref", predicate="(deleted_at IS NULL)", is_constraint=False)
    policy = make_policy({"key": ["ref"], "columns": {"ref": {}}})
    finding = find_one(policy, make_catalog(make_orders(ref, unique_indexes=(partial,))), "key-not-unique")
    assert "live is partial" in finding.message


def test_given_key_must_not_be_null() -> None:
    table = make_orders(make_column("ref"), unique_indexes=(make_unique("refs", "ref"),))
    policy = make_policy({"key": ["ref"], "columns": {"ref": {}}})
    assert find_codes(policy, make_catalog(table)) == ["key-nullable"]


def test_given_key_must_exist() -> None:
    finding = find_one(make_policy({"key": ["idd"]}), make_catalog(make_orders()), "missing-column")
    assert finding.path == ("entities", "orders", "key")


def test_an_agent_that_changes_rows_must_see_their_key() -> None:
    columns: dict[str, Any] = {"columns": {"stat_cd": {}}}
    catalog = make_catalog(make_orders())
    assert find_codes(make_policy(columns, WRITES), catalog) == ["key-hidden"]
    assert find_codes(make_policy(columns, {"select": "all"}), catalog) == []


def test_people_triggers_are_named_for_written_tables() -> None:
    triggers = (
        TableTrigger("touch", "public.touch", security_definer=False),
        TableTrigger("audit", "public.audit", security_definer=True),
    )
    catalog = make_catalog(make_orders(triggers=triggers))
    finding = find_one(make_policy(access=WRITES), catalog, "people-trigger")
    assert "pgmoat_writer: touch (public.touch)" in finding.message
    assert "audit" not in finding.message
    assert find_codes(make_policy(access={}), catalog) == []


def test_rights_that_a_people_trigger_lacks_are_named() -> None:
    trigger = TableTrigger("log", "public.log", security_definer=False, touches=("INSERT on public.audit",))
    catalog = make_catalog(make_orders(triggers=(trigger,)))
    finding = find_one(make_policy(access=WRITES), catalog, "people-trigger-rights")
    assert "log lacks INSERT on public.audit" in finding.message
    assert 'ALTER FUNCTION "public"."log"() SECURITY DEFINER' in finding.hint
    assert find_codes(make_policy(access={}), catalog) == []


def test_rules_are_named_for_written_tables() -> None:
    catalog = make_catalog(make_orders(rules=("route_a", "route_b")))
    finding = find_one(make_policy(access=WRITES), catalog, "people-rule")
    assert finding.severity == Severity.WARNING
    assert "route_a and route_b" in finding.message
    assert find_codes(make_policy(access={}), catalog) == []


def test_a_key_does_not_cover_inheriting_tables() -> None:
    finding = find_one(make_policy(), make_catalog(make_orders(has_inheritors=True)), "key-not-inherited")
    assert finding.severity == Severity.WARNING
    assert "id is unique" in finding.hint


def test_undocumented_columns_are_listed_once_by_entity_name() -> None:
    bare = [make_column("note", comment=None), make_column("flg_1", "bool", comment=None)]
    policy = make_policy(
        {"columns": {"id": {}, "note": {"doc": "What was said."}, "flg_1": {"name": "signed"}}}
    )
    finding = find_one(policy, make_catalog(make_orders(*bare)), "column-without-doc")
    assert finding.severity == Severity.NOTE
    assert finding.message.endswith(" of signed")


def test_errors_come_before_warnings_and_notes() -> None:
    table = make_orders(make_column("note", comment=None), unique_indexes=())
    policy = make_policy({"columns": {"note": {}, "nope": {}}, "delete": "soft"}, WRITES)
    assert find_codes(policy, make_catalog(table)) == [
        "missing-column",
        "no-key",
        "people-see-deleted",
        "column-without-doc",
        "delete-column-added",
    ]
