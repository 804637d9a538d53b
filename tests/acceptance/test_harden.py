"""plan and apply with --harden and --soften, as a user runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.command import Command
from tests.postgres_fixtures import Database


@pytest.fixture
def open_shop(shop: Command, database: Database, role_prefix: str) -> Command:
    """The shop under its policy, with a role of people's and a function that PUBLIC may call."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role_prefix}web LOGIN".encode())
        connection.execute("CREATE FUNCTION total() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    policy = shop.directory / "moat.yaml"
    policy.write_text(policy.read_text() + "accept: [{object: public.total(), why: as it was}]\n")
    shop.must("apply", "--yes")
    return shop


def may(database: Database, role: str) -> bool:
    with psycopg.connect(database.dsn) as connection:
        row = connection.execute(
            "SELECT has_function_privilege(%s, 'public.total()', 'EXECUTE')", [role]
        ).fetchone()
    return row == (True,)


def test_the_whole_way(open_shop: Command, database: Database, role_prefix: str) -> None:
    shop, agent, web = open_shop, f"{role_prefix}a_clerk", f"{role_prefix}web"
    shown = shop("plan", "--harden", "functions", "--check")
    assert shown.code == 2
    assert "1 way to close" in shown.out
    assert "every role may call it with the rights of postgres" in shown.out
    assert "REVOKE EXECUTE ON FUNCTION public.total() FROM PUBLIC;" in shown.out
    assert "GRANT EXECUTE ON FUNCTION public.total() TO PUBLIC;" in shown.out
    assert web in shown.out
    assert "in order: nothing to do" not in shown.out
    assert may(database, agent)
    shop.must("apply", "--harden", "functions", "--yes")
    assert (may(database, agent), may(database, web)) == (False, True)
    checked = shop("plan", "--check")
    assert checked.code == 0
    assert "nothing to accept" in checked.out + checked.err
    assert shop("plan", "--harden", "functions", "--check").code == 0
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("GRANT EXECUTE ON FUNCTION total() TO PUBLIC")
    reopened = shop("plan", "--check")
    assert reopened.code == 2
    assert "closure-reopened" in reopened.out
    shop.must("apply", "--harden", "functions", "--yes")
    assert shop("plan", "--check").code == 0
    softened = shop.must("plan", "--soften", "functions")
    assert "give EXECUTE back to PUBLIC" in softened.out
    shop.must("apply", "--soften", "functions", "--yes")
    assert may(database, agent)
    assert shop("plan", "--check").code == 0


def test_the_script_does_the_same(
    open_shop: Command, database: Database, role_prefix: str, run_psql: Callable[[str, Path], None]
) -> None:
    script = open_shop.directory / "harden.sql"
    script.write_text(open_shop.must("plan", "--harden", "usual", "--sql").out)
    text = script.read_text()
    assert text.index("GRANT EXECUTE ON FUNCTION public.total()") < text.index("REVOKE EXECUTE ON FUNCTION")
    assert "-- revert: GRANT EXECUTE ON FUNCTION public.total() TO PUBLIC;" in text
    run_psql(database.dsn, script)
    assert not may(database, f"{role_prefix}a_clerk")
    assert open_shop("plan", "--harden", "usual", "--check").code == 0
    script.write_text(open_shop.must("plan", "--soften", "usual", "--sql").out)
    run_psql(database.dsn, script)
    assert may(database, f"{role_prefix}a_clerk")


def test_json_has_the_closures(open_shop: Command, role_prefix: str) -> None:
    answer = open_shop.must("plan", "--harden", "functions", "--json").json["hardening"]
    (closure,) = answer["closures"]
    assert closure["object"] == "function public.total()"
    assert f"{role_prefix}web" in closure["keeps"]
    assert closure["sql"] == ["REVOKE EXECUTE ON FUNCTION public.total() FROM PUBLIC"]
    assert closure["needs"] == "superuser"
    assert (answer["left_to_superuser"], answer["left_closed"]) == ([], [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--harden", "nonsense"], "--harden nonsense: there is no such area"),
        (["--harden", "usual", "--soften", "connect"], "connect cannot be hardened and softened at once"),
        (["--harden", "connect:nowhere"], "there is no database nowhere"),
    ],
)
def test_mistakes_are_named(open_shop: Command, arguments: list[str], message: str) -> None:
    answer = open_shop("plan", *arguments)
    assert answer.code == 1
    assert message in answer.err
