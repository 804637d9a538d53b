"""What agents reach through PUBLIC or a membership."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import Catalog, Reach
from pgmoat.model.finding import Severity
from pgmoat.policy.schema import Policy
from tests.unit.compiler.catalogs import find_codes, find_one, make_catalog, make_orders, make_policy


def reach_by(*reach: Reach, accept: list[str] | None = None) -> tuple[Policy, Catalog]:
    """Return a policy that accepts the named objects, and a catalog with *reach*."""
    entries: list[dict[str, Any]] = [{"object": name, "why": "known"} for name in accept or []]
    return make_policy(accept=entries), make_catalog(make_orders(), reach=reach)


@pytest.mark.parametrize(
    ("kind", "name", "privilege", "statement"),
    [
        ("table", "public.Orders", "SELECT", 'REVOKE SELECT ON "public"."Orders" FROM PUBLIC;'),
        ("column", "public.orders.id", "SELECT", 'REVOKE SELECT ("id") ON "public"."orders" FROM PUBLIC;'),
        ("sequence", "public.s", "USAGE", 'REVOKE USAGE ON SEQUENCE "public"."s" FROM PUBLIC;'),
        (
            "function",
            "public.f(integer)",
            "EXECUTE",
            "REVOKE EXECUTE ON ROUTINE public.f(integer) FROM PUBLIC;",
        ),
        ("schema-create", "public", "CREATE", 'REVOKE CREATE ON SCHEMA "public" FROM PUBLIC;'),
        ("database-create", "shop", "CREATE", 'REVOKE CREATE ON DATABASE "shop" FROM PUBLIC;'),
        ("large-object", "16400", "SELECT", "REVOKE SELECT ON LARGE OBJECT 16400 FROM PUBLIC;"),
    ],
)
def test_reach_through_public_blocks_and_says_how_to_close_it(
    kind: str, name: str, privilege: str, statement: str
) -> None:
    finding = find_one(*reach_by(Reach(name, kind, privilege, "PUBLIC")), "reach-public")
    assert finding.severity == Severity.ERROR
    assert finding.hint.startswith(statement)


def test_privileges_of_one_object_are_one_finding() -> None:
    table = [Reach("public.orders", "table", privilege, "PUBLIC") for privilege in ("INSERT", "SELECT")]
    finding = find_one(*reach_by(*table), "reach-public")
    assert finding.hint.startswith('REVOKE INSERT, SELECT ON "public"."orders"')


def test_membership_is_said_with_what_closes_it() -> None:
    finding = find_one(*reach_by(Reach("staff", "membership", "SET", "agent_clerk")), "reach-membership")
    assert finding.severity == Severity.WARNING
    assert finding.hint.startswith('REVOKE "staff" FROM "agent_clerk";')


def test_one_of_pgmoats_own_roles_cannot_be_accepted() -> None:
    reach = Reach("pgmoat_orchestrator", "membership", "SET", "agent_clerk")
    policy, catalog = reach_by(reach, accept=["pgmoat_orchestrator"])
    assert find_one(policy, catalog, "reach-system-role").severity == Severity.ERROR
    assert find_one(policy, catalog, "reach-membership").severity == Severity.WARNING


def test_an_accepted_role_must_not_lead_to_one_of_pgmoats_own() -> None:
    staff = Reach("staff", "membership", "SET", "agent_clerk")
    chain = Reach("pgmoat_owner", "membership-chain", "staff", "agent_clerk")
    finding = find_one(*reach_by(staff, chain, accept=["staff"]), "reach-system-role")
    assert finding.severity == Severity.ERROR
    assert finding.hint.startswith('REVOKE "staff" FROM "agent_clerk";')


def test_accepted_reach_is_a_note_with_the_reason() -> None:
    reach = Reach("public.orders", "table", "SELECT", "PUBLIC")
    finding = find_one(*reach_by(reach, accept=["public.orders"]), "reach-accepted")
    assert finding.severity == Severity.NOTE
    assert finding.path == ("accept", 0)
    assert finding.message.endswith("accepted: known")


@pytest.mark.parametrize(
    "written", ["public.f(integer,text)", "public.f(integer, text)", "public.f ( integer , text )"]
)
def test_blanks_in_an_argument_list_do_not_matter(written: str) -> None:
    reach = Reach("public.f(integer,text)", "function", "EXECUTE", "PUBLIC")
    assert find_codes(*reach_by(reach, accept=[written])) == ["reach-accepted"]


def test_another_overload_is_not_accepted() -> None:
    reach = Reach("public.f(text)", "function", "EXECUTE", "PUBLIC")
    assert find_codes(*reach_by(reach, accept=["public.f(integer)"])) == ["reach-public", "accept-unused"]


def test_an_accepted_table_has_its_columns_accepted() -> None:
    reach = Reach("public.orders.id", "column", "SELECT", "PUBLIC")
    assert find_codes(*reach_by(reach, accept=["public.orders"])) == ["reach-accepted"]


def test_an_acceptance_of_nothing_is_a_warning() -> None:
    finding = find_one(*reach_by(accept=["public.orders"]), "accept-unused")
    assert finding.severity == Severity.WARNING
    assert finding.path == ("accept", 0, "object")
