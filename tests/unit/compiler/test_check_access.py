"""What agents may write, and how many connections they may hold."""

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
)


@pytest.mark.parametrize("insert", ["all", ["stat_cd"]])
def test_insert_without_a_required_column(insert: str | list[str]) -> None:
    policy = make_policy({"columns": {"id": {}, "stat_cd": {}}}, {"insert": insert})
    finding = find_one(policy, make_catalog(make_orders()), "insert-lacks-column")
    assert finding.severity == Severity.ERROR
    assert finding.path == ("agents", "clerk", "entities", "orders", "insert")
    assert "clerk" in finding.message
    assert "usr_id" in finding.message


def test_insert_that_a_trigger_may_complete_is_a_warning() -> None:
    trigger = TableTrigger("fill", "public.fill", security_definer=True)
    policy = make_policy({"columns": {"id": {}, "stat_cd": {}}}, {"insert": "all"})
    catalog = make_catalog(make_orders(triggers=(trigger,)))
    assert find_one(policy, catalog, "insert-lacks-column").severity == Severity.WARNING


def test_insert_of_renamed_columns() -> None:
    policy = make_policy(
        {"columns": {"id": {}, "usr_id": {"name": "customer_id"}}}, {"insert": ["customer_id"]}
    )
    assert find_codes(policy, make_catalog(make_orders())) == []


@pytest.mark.parametrize("verb", ["insert", "update"])
@pytest.mark.parametrize("fields", [{"generated": True}, {"identity": "a", "not_null": True}])
def test_computed_columns_cannot_be_named(verb: str, fields: dict[str, object]) -> None:
    table = make_orders(make_column("total", "int8", **fields))
    columns: dict[str, Any] = {"columns": {"id": {}, "usr_id": {}, "total": {}}}
    named = make_policy(columns, {verb: ["usr_id", "total"]})
    assert find_codes(named, make_catalog(table)) == ["column-computed"]
    assert find_codes(make_policy(columns, {verb: "all"}), make_catalog(table)) == []


def test_the_key_is_not_updated() -> None:
    catalog = make_catalog(make_orders())
    finding = find_one(make_policy(access={"update": ["id", "stat_cd"]}), catalog, "update-of-key")
    assert finding.path == ("agents", "clerk", "entities", "orders", "update")
    assert find_codes(make_policy(access={"update": "all"}), catalog) == []


def test_connections_of_all_agents_leave_room_for_people() -> None:
    agents = {"a": {"connections": 50}, "b": {"connections": 28}}
    assert find_codes(make_policy(agents=agents), make_catalog(make_orders(), max_connections=101)) == []
    finding = find_one(
        make_policy(agents=agents), make_catalog(make_orders(), max_connections=100), "too-many-connections"
    )
    assert finding.severity == Severity.WARNING
    assert "78 connections, but the server has 77" in finding.message
