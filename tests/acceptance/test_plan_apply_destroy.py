"""plan, apply and destroy, as a user runs them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.acceptance.command import Command
from tests.postgres_fixtures import Database


def edit_policy(shop: Command, old: str, new: str) -> None:
    path = shop.directory / "moat.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def execute(database: Database, statement: str) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_check_says_two_until_applied_and_zero_after(shop: Command) -> None:
    assert shop.in_a_process("plan", "--check").code == 2
    assert shop("apply", "--yes").code == 0
    assert shop.in_a_process("plan", "--check").code == 0
    assert shop("apply", "--yes").code == 0
    assert shop("plan", "--check").code == 0


def test_plan_changes_nothing(shop: Command, database: Database, role_prefix: str) -> None:
    shop("plan")
    shop("plan", "--sql")
    with psycopg.connect(database.dsn) as connection:
        roles = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE starts_with(rolname, %s)", (role_prefix,)
        )
        assert roles.fetchone() == (0,)
        assert connection.execute("SELECT to_regnamespace('pgmoat')").fetchone() == (None,)


def test_apply_without_yes_and_without_a_terminal_does_nothing(shop: Command) -> None:
    answer = shop("apply")
    assert answer.code == 1
    assert "--yes" in answer.err
    assert shop("plan", "--check").code == 2


def test_credentials_are_private_and_work(shop: Command, role_prefix: str) -> None:
    answer = shop.must("apply", "--yes")
    path = shop.directory / "moat.credentials"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = dict(
        line.split("=", 1) for line in path.read_text().splitlines() if line.startswith("PGMOAT_DSN_")
    )
    assert set(lines) == {"PGMOAT_DSN_CLERK", "PGMOAT_DSN_READER"}
    for dsn in lines.values():
        password = urlsplit(dsn.strip("'\"")).password
        assert password
        assert password not in answer.out + answer.err
    with psycopg.connect(lines["PGMOAT_DSN_CLERK"].strip("'\"")) as connection:
        assert connection.execute("SELECT session_user").fetchone() == (f"{role_prefix}a_clerk",)


def test_a_grant_shrunk_in_the_policy_is_revoked(shop: Command, database: Database, role_prefix: str) -> None:
    shop.must("apply", "--yes")
    edit_policy(shop, "update: [status], delete: true", "update: [status]")
    assert shop("plan", "--check").code == 2
    shop.must("apply", "--yes")
    with psycopg.connect(database.dsn) as connection:
        held = connection.execute(
            "SELECT has_table_privilege(%s, 'agent.orders', 'DELETE')", (f"{role_prefix}a_clerk",)
        )
        assert held.fetchone() == (False,)
    assert shop("plan", "--check").code == 0


def test_an_entity_taken_out_of_the_policy_takes_its_view_along(shop: Command, database: Database) -> None:
    shop.must("apply", "--yes")
    edit_policy(shop, "      customers: {}\n", "")
    edit_policy(shop, ", references: customers", "")
    text = (shop.directory / "moat.yaml").read_text()
    start, end = text.index("  customers:\n"), text.index("agents:\n")
    (shop.directory / "moat.yaml").write_text(text[:start] + text[end:])
    shop.must("apply", "--yes")
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("SELECT to_regclass('agent.customers')").fetchone() == (None,)
    assert shop("plan", "--check").code == 0


def test_an_agent_taken_out_of_the_policy_loses_its_role(
    shop: Command, database: Database, role_prefix: str
) -> None:
    shop.must("apply", "--yes")
    text = (shop.directory / "moat.yaml").read_text()
    (shop.directory / "moat.yaml").write_text(text[: text.index("  reader:\n")])
    shop.must("apply", "--yes")
    with psycopg.connect(database.dsn) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (f"{role_prefix}a_reader",))
        assert found.fetchone() is None
    assert shop("plan", "--check").code == 0


DRIFTS = (
    "GRANT SELECT ON payments TO {a}clerk",
    "REVOKE DELETE ON agent.orders FROM {a}clerk",
    "ALTER ROLE {a}clerk SET statement_timeout = 0",
    "ALTER ROLE {a}reader PASSWORD 'stolen'",
    "GRANT pg_read_all_data TO {a}reader",
    "CREATE OR REPLACE VIEW agent.customers AS SELECT id AS id, nm AS name FROM customers",
    "ALTER TABLE pgmoat.statement DISABLE TRIGGER charge",
    "UPDATE pgmoat_map.orders__status SET word = 'done' WHERE code = 2",
    "UPDATE pgmoat.agent SET rows_per_statement = 1000000 WHERE name = 'clerk'",
)


def test_drift_is_found_named_and_repaired(shop: Command, database: Database, role_prefix: str) -> None:
    shop.must("apply", "--yes")
    for statement in DRIFTS:
        execute(database, statement.format(a=f"{role_prefix}a_"))
    answer = shop("plan", "--check", "--json")
    assert answer.code == 2
    drifted = {action["name"] for action in answer.json["actions"] if action["cause"] == "drift"}
    for name in ("payments", "agent.customers", "charge", "orders__status", "agent clerk", "reader"):
        assert any(name in found for found in drifted), (name, drifted)
    assert {action["cause"] for action in answer.json["actions"]} == {"drift"}
    shop.must("apply", "--yes")
    assert shop("plan", "--check").code == 0


def test_what_pgmoat_did_not_make_is_named_and_left_alone(shop: Command, database: Database) -> None:
    shop.must("apply", "--yes")
    execute(database, "CREATE VIEW agent.smuggled AS SELECT * FROM payments")
    answer = shop("plan", "--check")
    assert answer.code == 2
    assert "agent.smuggled" in answer.out
    with psycopg.connect(database.dsn) as connection:
        assert connection.execute("SELECT to_regclass('agent.smuggled') IS NOT NULL").fetchone() == (True,)


def test_the_printed_script_does_what_apply_does(
    shop: Command, database: Database, run_psql: Callable[[str, Path], None]
) -> None:
    script = shop.directory / "plan.sql"
    script.write_text(shop.must("plan", "--sql").out)
    run_psql(database.dsn, script)
    remaining = shop("plan", "--json")
    assert remaining.code == 0
    assert [action for action in remaining.json["actions"] if "password" not in action["description"]] == []


def test_history_survives_destroy_and_a_new_apply(
    shop: Command, database: Database, role_prefix: str
) -> None:
    shop.must("apply", "--yes")
    token = shop.must("task", "open", "clerk", "T-1").out.strip()
    dsn = _credentials(shop)["PGMOAT_DSN_CLERK"]
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pgmoat.enter(%s, 'clean up', 'duplicate')", (token,))
        connection.execute("DELETE FROM orders WHERE id = 7")
    assert "id=7" in shop.must("history", "--agent", "clerk", "--operation", "delete").out
    shop.must("destroy", "--yes")
    with psycopg.connect(database.dsn) as connection:
        roles = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE starts_with(rolname, %s)", (role_prefix,)
        )
        assert roles.fetchone() == (0,)
        kept = connection.execute("SELECT count(*) FROM pgmoat.change").fetchone()
        assert kept == (1,)
        deleted = connection.execute("SELECT deleted_by, delete_reason FROM orders WHERE id = 7").fetchone()
        assert deleted == ("agent:clerk-v1", "duplicate")
    shop.must("apply", "--yes")
    assert shop("plan", "--check").code == 0
    assert len(shop.must("history", "--json").json) == 1
    assert shop("task", "open", "clerk", "T-1").code == 1  # closed by destroy


def _credentials(shop: Command) -> dict[str, str]:
    lines = (shop.directory / "moat.credentials").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line.startswith("PGMOAT_DSN_"))
    return {name: value.strip("'\"") for name, value in pairs}
