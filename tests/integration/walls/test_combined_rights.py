"""
Who may call, read and write what, where logs, operations, scopes and claimed tasks stand in one policy.

I/O: PostgreSQL.
"""

from __future__ import annotations

import pytest

from tests.moat_fixtures import Moat

_SYSTEM = {
    "begin_write",
    "claim",
    "enter",
    "finish_write",
    "gate",
    "hold_write",
    "my_changes",
    "my_task",
    "open_child",
    "outcome",
    "preview_changes",
    "refuse_large_row",
    "scope",
    "sign_preview",
}
_OF_LOGS = {f"{log}_log_{name}" for log in ("order", "ticket", "case") for name in ("at", "undo")}


@pytest.mark.parametrize(
    ("agent", "own"),
    [
        ("thrifty", {"annotate"}),
        ("robot", {"annotate", "bump", "pay"} | _OF_LOGS),
    ],
)
def test_an_agent_may_call_nothing_else(mix: Moat, agent: str, own: set[str]) -> None:
    names = mix.read(
        "SELECT p.proname::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN ('pgmoat', 'pgmoat_write', 'pgmoat_map', 'agent')"
        " AND has_function_privilege(%s, p.oid, 'EXECUTE')",
        mix.role(agent),
    )
    assert {name for (name,) in names} == _SYSTEM | own


def test_every_definer_function_looks_into_pg_temp_last(mix: Moat) -> None:
    loose = mix.read(
        "SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname IN ('pgmoat', 'pgmoat_write', 'agent') AND p.prosecdef AND NOT EXISTS"
        " (SELECT FROM unnest(p.proconfig) AS c (setting)"
        " WHERE c.setting ~ '^search_path=pg_catalog,( .*,)? pg_temp$')"
    )
    assert loose == []


def test_an_operation_holds_views_only(mix: Moat) -> None:
    """Nothing on a base table, a log's table or a table of pgmoat; nobody is a member of its role."""
    held = mix.read(
        "SELECT c.oid::regclass::text FROM pg_roles AS r CROSS JOIN pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE starts_with(r.rolname, %s) AND c.relkind IN ('r', 'v', 'p', 'S')"
        " AND n.nspname IN ('public', 'pgmoat', 'pgmoat_map')"
        " AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(r.oid, c.oid, 'USAGE, SELECT, UPDATE')"
        "          ELSE has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')"
        "            OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER') END",
        mix.system_role("op_"),
    )
    assert held == []
    members = (
        "SELECT count(*) FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid IN (m.roleid, m.member)"
        " WHERE starts_with(r.rolname, %s)"
    )
    assert mix.value(members, mix.system_role("op_")) == 0
    roles = "SELECT count(*) FROM pg_roles WHERE starts_with(rolname, %s)"
    assert mix.value(roles, mix.system_role("op_")) == 3


def test_nothing_of_pgmoat_is_granted_to_public(mix: Moat) -> None:
    granted = mix.read(
        "SELECT o.name FROM pg_namespace AS n CROSS JOIN LATERAL ("
        "  SELECT n.nspname::text, n.nspacl UNION ALL"
        "  SELECT c.oid::regclass::text, c.relacl FROM pg_class AS c WHERE c.relnamespace = n.oid UNION ALL"
        "  SELECT c.oid::regclass || '.' || a.attname, a.attacl FROM pg_class AS c"
        "    JOIN pg_attribute AS a ON a.attrelid = c.oid WHERE c.relnamespace = n.oid UNION ALL"
        "  SELECT p.oid::regprocedure::text, COALESCE(p.proacl, acldefault('f', p.proowner))"
        "    FROM pg_proc AS p WHERE p.pronamespace = n.oid) AS o (name, acl)"
        " CROSS JOIN LATERAL aclexplode(o.acl) AS e"
        " WHERE n.nspname IN ('pgmoat', 'pgmoat_write', 'pgmoat_map', 'agent') AND e.grantee = 0"
    )
    assert granted == []
