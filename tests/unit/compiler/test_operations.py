"""Operations against a catalog: types, names, roles, grants, and who sees a constraint's row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgmoat.catalog.snapshot import Catalog, TypeName
from pgmoat.compiler.access import list_accesses
from pgmoat.compiler.compile import compile_wanted
from pgmoat.compiler.entity import resolve_entities
from pgmoat.model.objects import Grant
from pgmoat.plan.checks import point_at
from pgmoat.policy.schema import Policy
from tests.unit.compiler.catalogs import find_codes, find_one, make_catalog, make_orders, make_policy

_TYPES = {
    "bigint": TypeName("bigint", "pg_catalog", "b"),
    "public.mood": TypeName("public.mood", "public", "e"),
}


def policy_with(parameters: dict[str, Any], agents: dict[str, Any] | None = None, **fields: Any) -> Policy:
    operation = {"parameters": parameters, "entities": {"orders": {"update": ["stat_cd"]}},
                 "sql": "UPDATE orders SET stat_cd = 1", **fields}  # fmt: skip
    return make_policy(operations={"refund": operation}, agents=agents or {"bot": {"operations": ["refund"]}})


def catalog_with(**fields: Any) -> Catalog:
    return replace(make_catalog(make_orders()), types=_TYPES, **fields)


@pytest.mark.parametrize(("wrong", "hint"), [("string", "text"), ("bigin", "bigint"), ("mood", "its schema")])
def test_a_type_that_is_not_there(wrong: str, hint: str) -> None:
    finding = find_one(policy_with({"a": wrong}), catalog_with(), "missing-type")
    assert finding.path == ("operations", "refund", "parameters", "a")
    assert hint in finding.hint


def test_a_row_type_and_a_taken_name() -> None:
    catalog = replace(
        catalog_with(taken_functions=frozenset({"refund"})),
        types={"public.orders": TypeName("public.orders", "public", "c")},
    )
    assert find_codes(policy_with({"a": "public.orders"}), catalog) == [
        "operation-name-taken",
        "parameter-kind",
    ]


def test_rights_of_operations_are_checked_like_agents() -> None:
    finding = find_one(
        policy_with({}, entities={"orders": {"insert": ["stat_cd"]}}),
        catalog_with(),
        "insert-lacks-column",
    )
    assert finding.message.startswith("operation refund may insert")


def test_grants_are_the_listed_ones() -> None:
    wanted = compile_wanted(policy_with({"a": "bigint", "m": "public.mood"}), catalog_with())
    mine = {grant for grant in wanted.grants if grant.grantee == "pgmoat_op_refund"}
    assert {g for g in mine if g.object_kind == "schema"} == {
        Grant("schema", f'"{name}"', None, "USAGE", "pgmoat_op_refund")
        for name in ("agent", "pgmoat", "public")
    }
    assert {(g.object, g.column, g.privilege) for g in mine if g.object_kind == "table"} == {
        ('"agent"."orders"', None, "SELECT"),
        ('"agent"."orders"', "stat_cd", "UPDATE"),
    }
    callers = {g.grantee for g in wanted.grants if g.object == "agent.refund(bigint,public.mood,text)"}
    assert callers == {"agent_bot"}
    settings = next(dict(role.settings) for role in wanted.roles if role.name == "agent_bot")
    assert "default_transaction_read_only" not in settings


@pytest.mark.parametrize(
    ("entities", "sees_all"), [({}, False), ({"orders": {}}, True), ({"orders": {"select": ["id"]}}, False)]
)
def test_a_callers_view_decides_what_an_error_shows(entities: dict[str, Any], sees_all: bool) -> None:
    policy = policy_with({}, {"bot": {"operations": ["refund"], "entities": entities}})
    assert [a.sees_all for a in list_accesses(policy, "orders") if a.holder.startswith("operation")] == [
        sees_all
    ]
    assert resolve_entities(policy, catalog_with())[0].operations == ("update",)


def test_the_place_of_an_error() -> None:
    assert point_at("PREPARE x AS\nSELECT nr", 21) == "SELECT nr\n       ^"
    assert point_at("SELECT", 0) == ""
    assert point_at("", 5) == ""
