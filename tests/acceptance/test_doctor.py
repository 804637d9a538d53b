"""doctor, as a user runs it."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.acceptance.command import Command
from tests.postgres_fixtures import Database

# Databases of other tests on the same server come and go.
QUIET = ("--accept", "doctor-databases")


def execute(database: Database, statement: str) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(statement.encode())


def test_it_exits_with_two_until_the_policy_is_in_force_and_again_after_drift(
    shop: Command, database: Database, role_prefix: str
) -> None:
    before = shop("doctor", *QUIET)
    assert before.code == 2
    assert "the policy is not in force" in before.out
    shop.must("apply", "--yes")
    assert shop("doctor", *QUIET).code == 0
    execute(database, f"GRANT SELECT ON public.orders TO {role_prefix}a_clerk")
    after = shop("doctor", *QUIET)
    assert after.code == 2
    assert "somebody changed by hand" in after.out
    assert "remedy: pgmoat plan moat.yaml" in after.out
    shop.must("apply", "--yes")
    assert shop("doctor", *QUIET).code == 0


def test_accepted_findings_are_shown_and_do_not_count(shop: Command) -> None:
    answer = shop("doctor", *QUIET, "--accept", "doctor-drift")
    assert answer.code == 0
    assert "(accepted)" in answer.out


def test_json_has_every_check(shop: Command) -> None:
    shop.must("apply", "--yes")
    answer = shop("doctor", "--json", *QUIET)
    assert answer.json["is_in_order"] is True
    checks = answer.json["checks"]
    assert {tuple(check) for check in checks} == {("area", "code", "status", "message", "remedy")}
    assert {check["status"] for check in checks} <= {"ok", "note"}
    assert {check["area"] for check in checks} == {
        "server",
        "privileges",
        "extensions",
        "settings",
        "pooler",
        "drift",
        "clock",
        "codes",
        "state",
    }


def test_without_a_policy_the_rest_is_looked_at(shop: Command, tmp_path: Path, database: Database) -> None:
    shop.must("apply", "--yes")
    empty = tmp_path / "empty"
    empty.mkdir()
    elsewhere = Command(empty, database.dsn)
    answer = elsewhere("doctor", "--json", *QUIET)
    assert answer.code == 0
    statuses = {check["code"]: check["status"] for check in answer.json["checks"]}
    assert statuses["doctor-drift"] == "unknown"
    assert statuses["doctor-gate"] == "ok"
    assert statuses["doctor-agents-known"] == "ok"
    assert elsewhere("doctor", "-f", str(shop.directory / "moat.yaml"), *QUIET).code == 0


def test_mistakes_are_errors(shop: Command) -> None:
    assert shop("doctor", "-f", "missing.yaml").code == 1
    answer = shop("doctor", "--accept", "doctor-drft")
    assert answer.code == 1
    assert "doctor-drift" in answer.err
    answer = shop("doctor", "--dsn", "postgresql://nobody:s3cr3t@127.0.0.1:1/none")
    assert answer.code == 1
    assert "s3cr3t" not in answer.err
    answer = shop("doctor", "--pooler", "postgresql://nobody:s3cr3t@127.0.0.1:1/none")
    assert answer.code == 2
    assert "s3cr3t" not in answer.out + answer.err


def test_what_an_agent_named_its_table_does_not_reach_the_terminal(
    shop: Command, database: Database, role_prefix: str
) -> None:
    shop.must("apply", "--yes")
    execute(
        database,
        'CREATE TABLE public."a\x1b[31mb" (); ALTER TABLE public."a\x1b[31mb" OWNER TO '
        + f"{role_prefix}a_clerk",
    )
    answer = shop("doctor", *QUIET)
    assert answer.code == 2
    assert "\x1b[31mb" not in answer.out
