"""A database whose owner put operators before PostgreSQL's: no verb of a superuser calls one."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgmoat.cli.main import run
from tests.postgres_fixtures import Database

_TYPES = ("text", "name", "oid", '"char"', "integer", "bigint", "text[]")
_POLICY = """\
version: 1
settings: {{agent_role_prefix: {prefix}a_, system_role_prefix: {prefix}s_}}
entities:
  orders: {{table: public.orders, columns: {{id: {{}}, status: {{}}}}}}
agents:
  desk: {{entities: {{orders: {{update: [status]}}}}}}
"""


@pytest.fixture
def hostile(database: Database) -> Database:
    """``=`` and ``<>`` of the usual types fail, and say so, for whoever takes the database's search_path."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.orders (id integer PRIMARY KEY, status varchar(2) NOT NULL)")
        connection.execute("INSERT INTO public.orders VALUES (1, 'a'), (2, 'b'); CREATE SCHEMA evil")
        for type_name in _TYPES:
            for operator in ("=", "<>"):
                kind = sql.SQL(type_name)
                connection.execute(
                    sql.SQL(
                        "CREATE OR REPLACE FUNCTION evil.planted({kind}, {kind}) RETURNS boolean"
                        " IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;"
                        " CREATE OPERATOR evil.{operator}"
                        " (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = evil.planted)"
                    ).format(kind=kind, operator=sql.SQL(operator))
                )
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET search_path = evil, pg_catalog, public").format(
                sql.Identifier(database.name)
            )
        )
    with (
        psycopg.connect(database.dsn, autocommit=True) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="planted"),
    ):
        connection.execute("SELECT FROM pg_class WHERE relname = 'orders'::name")
    return database


def test_no_verb_calls_what_the_owner_planted(
    hostile: Database, role_prefix: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "moat.yaml"
    policy.write_text(_POLICY.format(prefix=role_prefix))
    verbs = [
        ["lint"],
        ["init", "--output", str(tmp_path / "draft.yaml")],
        ["plan", str(policy)],
        ["apply", str(policy), "--yes"],
        ["plan", str(policy), "--check", "--harden", "usual"],
        ["apply", str(policy), "--yes", "--harden", "usual"],
        ["blast", "desk", "--prove"],
        ["doctor", "--policy", str(policy)],
        ["task", "open", "desk", "T-1"],
        ["task", "list"],
        ["freeze", "desk"],
        ["thaw", "desk"],
        ["history"],
        ["incidents"],
        ["usage"],
        ["approvals"],
        ["watch", "--once"],
        ["prune", "--dry-run"],
        ["apply", str(policy), "--yes", "--soften", "usual"],
        ["destroy", "--everything", "--yes"],
    ]
    for verb in verbs:
        capfd.readouterr()
        code = run([*verb, "--dsn", hostile.dsn])
        shown = "".join(capfd.readouterr())
        assert "planted" not in shown, verb
        assert code in (0, 2), f"{verb}: {shown}"
