"""
After apply, what an agent reaches is exactly what the policy grants, and what PostgreSQL lets every role do.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from psycopg import sql

from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.compile import compile_wanted
from pgmoat.report.blast.describe import describe_password
from pgmoat.report.blast.everyone import GIVEN
from pgmoat.report.blast.measure import measure_blast
from pgmoat.report.blast.model import Blast, Claim, Standing, StepKind
from tests.integration.blast.proving import install_example
from tests.moat_fixtures import Moat
from tests.postgres_fixtures import PostgresServer, create_database, draw_role_prefix

AGENTS = ("fulfillment", "customer_support", "analytics", "concierge", "courier")

# What PUBLIC holds in a fresh database beside everyone.GIVEN: nothing else may be open to an agent.
PUBLIC_BASE = {
    ("temporary-tables", "TEMPORARY"),
    ("use-language", "USAGE"),
    ("use-schema", "USAGE"),
}


@pytest.fixture(scope="module")
def shop(server: PostgresServer) -> Generator[Moat]:
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        install_example(database, prefix) as moat,
    ):
        yield moat


def measure(shop: Moat, agent: str) -> Blast:
    with shop.superuser() as connection:
        return measure_blast(connection, agent)


def granted(shop: Moat, agent: str) -> set[tuple[str, str, str, str | None]]:
    """Return what the policy compiles to for an agent's role: kind, object, privilege, column."""
    with shop.superuser() as connection:
        wanted = compile_wanted(shop.policy, read_catalog(connection, shop.policy))
    return {
        (grant.object_kind, grant.object, grant.privilege, grant.column)
        for grant in wanted.grants
        if grant.grantee == shop.role(agent)
    }


def claimed(claims: list[Claim]) -> set[tuple[str, str, str, str | None]]:
    """Return the privileges by which claims are reached, as grants have them."""
    kinds = {"view": "table", "procedure": "function"}
    return {
        (kinds.get(claim.subject.kind, claim.subject.kind), claim.subject.sql, claim.action, column)
        for claim in claims
        for way in claim.ways
        if way.steps[-1].kind is StepKind.GRANT and len(way.steps) == 1
        for column in (way.columns or (None,))
    }


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_reaches_what_the_policy_grants_and_nothing_else(shop: Moat, agent: str) -> None:
    found = measure(shop, agent)
    assert found.beyond == ()
    assert found.notes == ()
    assert claimed([claim for claim in found.claims if claim.standing is Standing.POLICY]) == granted(
        shop, agent
    )


@pytest.mark.parametrize("agent", AGENTS)
def test_base_tables_are_reached_through_entities_only(shop: Moat, agent: str) -> None:
    tables = [claim for claim in measure(shop, agent).claims if claim.subject.name.startswith("public.")]
    assert tables
    for claim in tables:
        for way in claim.ways:
            assert way.steps[0].kind is StepKind.GRANT, way.text
            assert way.steps[0].name.startswith("agent."), way.text
            assert way.confidence == "bounded"
    assert "public.payments" not in {claim.subject.name for claim in tables}


@pytest.mark.parametrize("agent", AGENTS)
def test_the_base_is_the_documented_one(shop: Moat, agent: str) -> None:
    base = {
        (claim.code, claim.action)
        for claim in measure(shop, agent).claims
        if claim.standing is Standing.BASE and claim.code != "connect-database"
    }
    assert base == PUBLIC_BASE | {(given.code, given.action) for given in GIVEN}


def test_the_limits_are_those_in_force(shop: Moat) -> None:
    counts = measure(shop, "fulfillment").counts
    assert (counts.rows_per_statement, counts.rows_per_task, counts.rows_per_hour) == (50, 200, 5000)
    assert counts.changeable_rows == 0
    assert measure(shop, "analytics").counts.rows_per_statement == 0
    assert measure(shop, "courier").login.needs_token is False
    assert measure(shop, "concierge").login.needs_token is True


def test_scoped_entities_say_so_and_a_freeze_is_told(shop: Moat) -> None:
    scoped = {
        claim.subject.name: claim.limit
        for claim in measure(shop, "concierge").claims
        if claim.code == "read-view" and claim.action == "SELECT"
    }
    assert set(scoped.values()) == {"only rows of the task's scope"}
    orders = measure(shop, "fulfillment").claims_of("read-view")
    assert {claim.limit for claim in orders} == {""}
    shop.run("SELECT pgmoat.freeze_agent('courier', 'test')")
    try:
        assert describe_password(measure(shop, "courier"))[0].startswith("The agent is frozen")
    finally:
        shop.run("SELECT pgmoat.thaw_agent('courier')")


def test_a_grant_by_hand_is_beyond(shop: Moat) -> None:
    role = sql.Identifier(shop.role("analytics"))
    shop.run(sql.SQL("GRANT SELECT (id) ON public.customers TO {}").format(role))
    try:
        found = measure(shop, "analytics")
        assert [(claim.code, claim.subject.name, claim.columns) for claim in found.beyond] == [
            ("read-table", "public.customers", found.beyond[0].columns)
        ]
        assert "id" in found.beyond[0].columns
    finally:
        shop.run(sql.SQL("REVOKE SELECT (id) ON public.customers FROM {}").format(role))
    assert measure(shop, "analytics").beyond == ()
