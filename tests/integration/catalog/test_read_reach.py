"""What agents reach through PUBLIC or a membership."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.catalog.read import read_catalog
from pgmoat.catalog.snapshot import Reach
from pgmoat.policy.schema import Policy


def read_reach(connection: psycopg.Connection[Any], prefix: str = "agent_") -> set[Reach]:
    """Return what the agents `clerk` and `other` reach."""
    policy = Policy.model_validate(
        {"version": 1, "settings": {"agent_role_prefix": prefix}, "agents": {"clerk": {}, "other": {}}}
    )
    return set(read_catalog(connection, policy).reach)


@pytest.fixture
def open_shop(shop: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The shop with its schema open to PUBLIC, and nothing granted in it."""
    shop.execute("GRANT USAGE ON SCHEMA shop TO PUBLIC")
    shop.execute("REVOKE EXECUTE ON FUNCTION shop.audit() FROM PUBLIC")
    return shop


def test_nothing_is_reached_in_a_schema_without_usage(shop: psycopg.Connection[Any]) -> None:
    shop.execute("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO PUBLIC")
    assert read_reach(shop) == set()


def test_nothing_is_reached_without_a_grant(open_shop: psycopg.Connection[Any]) -> None:
    assert read_reach(open_shop) == set()


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        ("SELECT ON shop.orders", Reach("shop.orders", "table", "SELECT", "PUBLIC")),
        ("TRUNCATE ON shop.events", Reach("shop.events", "table", "TRUNCATE", "PUBLIC")),
        ("SELECT ON shop.open_orders", Reach("shop.open_orders", "table", "SELECT", "PUBLIC")),
        ("SELECT ON shop.totals", Reach("shop.totals", "table", "SELECT", "PUBLIC")),
        ("UPDATE (stat_cd) ON shop.orders", Reach("shop.orders.stat_cd", "column", "UPDATE", "PUBLIC")),
        ("USAGE ON SEQUENCE shop.orders_id_seq", Reach("shop.orders_id_seq", "sequence", "USAGE", "PUBLIC")),
        ("CREATE ON SCHEMA shop", Reach("shop", "schema-create", "CREATE", "PUBLIC")),
        ("EXECUTE ON FUNCTION shop.audit()", Reach("shop.audit()", "function", "EXECUTE", "PUBLIC")),
    ],
)
def test_grants_to_public(open_shop: psycopg.Connection[Any], grant: str, expected: Reach) -> None:
    open_shop.execute(f"GRANT {grant} TO PUBLIC".encode())
    assert read_reach(open_shop) == {expected}


def test_grants_to_others_are_not_public(open_shop: psycopg.Connection[Any], role_prefix: str) -> None:
    role = sql.Identifier(role_prefix + "people")
    open_shop.execute(sql.SQL("CREATE ROLE {}").format(role))
    open_shop.execute(sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA shop TO {}").format(role))
    assert read_reach(open_shop) == set()


def test_security_definer_functions_have_public_by_default(open_shop: psycopg.Connection[Any]) -> None:
    open_shop.execute("CREATE FUNCTION shop.mine(a shop.mood, OUT b int) LANGUAGE sql AS 'SELECT 1'")
    assert read_reach(open_shop) == set()
    open_shop.execute("ALTER FUNCTION shop.mine SECURITY DEFINER")
    open_shop.execute("CREATE PROCEDURE shop.work(a int, b text) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    assert {(reach.object, reach.kind) for reach in read_reach(open_shop)} == {
        ("shop.mine(shop.mood)", "function"),
        ("shop.work(integer,text)", "function"),
    }


def test_the_statements_that_findings_show_close_the_way(open_shop: psycopg.Connection[Any]) -> None:
    from_before = read_reach(open_shop)
    open_shop.execute(
        "CREATE PROCEDURE shop.\"Work\"(a int, b text) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    )
    (reach,) = read_reach(open_shop) - from_before
    assert reach.object == 'shop."Work"(integer,text)'
    open_shop.execute(f"REVOKE EXECUTE ON ROUTINE {reach.object} FROM PUBLIC".encode())
    assert read_reach(open_shop) == from_before


def test_own_schemas_are_left_out(open_shop: psycopg.Connection[Any]) -> None:
    open_shop.execute("GRANT USAGE ON SCHEMA pgmoat, agent TO PUBLIC")
    open_shop.execute("GRANT SELECT ON pgmoat.task, agent.orders TO PUBLIC")
    assert read_reach(open_shop) == set()


def test_database_and_large_objects(shop: psycopg.Connection[Any]) -> None:
    name = shop.info.dbname
    shop.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO PUBLIC").format(sql.Identifier(name)))
    row = shop.execute("SELECT pg_catalog.lo_create(0)").fetchone()
    assert row is not None
    shop.execute(sql.SQL("GRANT SELECT ON LARGE OBJECT {} TO PUBLIC").format(sql.Literal(row[0])))
    assert read_reach(shop) == {
        Reach(name, "database-create", "CREATE", "PUBLIC"),
        Reach(str(row[0]), "large-object", "SELECT", "PUBLIC"),
    }


def test_memberships_of_agents_roles(shop: psycopg.Connection[Any], role_prefix: str) -> None:
    names = {name: role_prefix + name for name in ("staff", "clerk", "stranger")}
    for name in names.values():
        shop.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    for member in ("clerk", "stranger"):
        grant = sql.SQL("GRANT {} TO {} WITH ADMIN OPTION")
        shop.execute(grant.format(sql.Identifier(names["staff"]), sql.Identifier(names[member])))
    expected = Reach(names["staff"], "membership", "ADMIN, INHERIT, SET", names["clerk"])
    assert read_reach(shop, role_prefix) == {expected}


def test_a_membership_that_gives_nothing_is_none(shop: psycopg.Connection[Any], role_prefix: str) -> None:
    if shop.info.server_version < 160000:
        # There SET ROLE needs no option: the role's own NOINHERIT is all that can be taken away.
        option, expected = sql.SQL(""), "SET"
    else:
        option, expected = sql.SQL("WITH INHERIT FALSE, SET FALSE"), None
    staff, clerk = sql.Identifier(role_prefix + "staff"), sql.Identifier(role_prefix + "clerk")
    shop.execute(sql.SQL("CREATE ROLE {}").format(staff))
    shop.execute(sql.SQL("CREATE ROLE {} NOINHERIT").format(clerk))
    shop.execute(sql.SQL("GRANT {} TO {} {}").format(staff, clerk, option))
    assert [reach.privilege for reach in read_reach(shop, role_prefix)] == ([expected] if expected else [])
