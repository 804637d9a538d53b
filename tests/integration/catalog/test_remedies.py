"""The SQL that findings show does what it says when it is pasted."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.check import check_policy
from pgmoat.policy.schema import Policy


def read_hints(connection: psycopg.Connection[Any], policy: Policy, code: str) -> list[str]:
    """Return the hints of all findings with *code*."""
    found = check_policy(policy, read_catalog(connection, policy))
    return [finding.hint for finding in found if finding.code == code]


def test_revokes_close_every_way(shop: psycopg.Connection[Any], role_prefix: str) -> None:
    policy = Policy.model_validate(
        {"version": 1, "settings": {"agent_role_prefix": role_prefix}, "agents": {"clerk": {}}}
    )
    staff, clerk = sql.Identifier(role_prefix + "staff"), sql.Identifier(role_prefix + "clerk")
    for statement in (
        "GRANT USAGE, CREATE ON SCHEMA shop TO PUBLIC",
        "GRANT ALL ON ALL TABLES IN SCHEMA shop TO PUBLIC",
        "GRANT SELECT (stat_cd), UPDATE (stat_cd) ON shop.orders TO PUBLIC",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA shop TO PUBLIC",
        "CREATE PROCEDURE shop.\"Work\"(a shop.mood, OUT b int) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        'CREATE TABLE shop."Odd Table" ("ID" int)',
        'GRANT SELECT ON shop."Odd Table" TO PUBLIC',
    ):
        shop.execute(statement)
    shop.execute(sql.SQL("CREATE ROLE {}; CREATE ROLE {}; GRANT {} TO {}").format(staff, clerk, staff, clerk))
    assert len(read_hints(shop, policy, "reach-public")) > 10
    for hint in [
        *read_hints(shop, policy, "reach-public"),
        *read_hints(shop, policy, "reach-membership"),
    ]:
        shop.execute(hint.encode())
    assert read_hints(shop, policy, "reach-public") == []
    assert read_hints(shop, policy, "reach-membership") == []


def test_partial_unique_index_lets_a_value_be_used_again(shop: psycopg.Connection[Any]) -> None:
    entity: dict[str, Any] = {"table": "shop.orders", "columns": {"id": {}}, "delete": "soft"}
    policy = Policy.model_validate({"version": 1, "entities": {"orders": entity}})
    shop.execute("ALTER TABLE shop.orders ADD deleted_at timestamptz")
    shop.execute("CREATE UNIQUE INDEX tags ON shop.orders (lower(tag), ref) WHERE stat_cd > 50")
    hints = read_hints(shop, policy, "unique-keeps-deleted")
    assert len(hints) == 2
    for statement in "".join(hints).split(";"):
        if statement:
            shop.execute(statement.encode())
    assert read_hints(shop, policy, "unique-keeps-deleted") == []
    shop.execute("UPDATE shop.orders SET deleted_at = now() WHERE ref = 'r1'")
    shop.execute(
        "INSERT INTO shop.orders (usr_id, stat_cd, ref, tag)"
        " SELECT usr_id, stat_cd, ref, tag FROM shop.orders WHERE ref = 'r1'"
    )
