"""Options of `pgmoat init`, and what it never overwrites."""

from __future__ import annotations

import json
from typing import LiteralString

import psycopg
from psycopg import conninfo, sql

from pgmoat.cli.main import run
from pgmoat.policy.load import load_policy
from tests.integration.draft.cycle import Cli

SCHEMA: LiteralString = """
CREATE SCHEMA sales;
CREATE TABLE customers (id int PRIMARY KEY, email text);
CREATE TABLE sales.orders (id int PRIMARY KEY, note text);
CREATE TABLE sales.items (id int PRIMARY KEY);
CREATE TABLE sales.schema_migrations (version text PRIMARY KEY);
"""


def prepare(cli: Cli) -> None:
    with psycopg.connect(cli.dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)


def list_tables(cli: Cli) -> set[str]:
    return {entity.table for entity in load_policy(cli.policy).policy.entities.values()}


def test_only_some_tables(cli: Cli) -> None:
    prepare(cli)
    for options, tables in (
        (("--schema", "sales"), {"sales.orders", "sales.items"}),
        (("--schema", "s*", "--exclude", "items"), {"sales.orders"}),
        (("--table", "public.*", "--table", "items"), {"public.customers", "sales.items"}),
        (("--exclude", "sales.*"), {"public.customers"}),
    ):
        cli.init("--force", *options)
        assert list_tables(cli) == tables


def test_a_second_database_of_a_server_gets_roles_of_its_own(cli: Cli) -> None:
    prepare(cli)
    with psycopg.connect(cli.dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE agent_reader")
        try:
            cli.init("--force")
            assert run(["plan", str(cli.policy), "--dsn", cli.dsn]) == 0
        finally:
            connection.execute("DROP ROLE agent_reader")
    settings = load_policy(cli.policy).policy.settings
    assert settings.agent_role("reader") != "agent_reader"
    assert settings.agent_role_prefix.startswith("agent_")
    assert "role-taken" not in cli.capsys.readouterr().out


def test_a_name_that_no_table_has_is_an_error(cli: Cli) -> None:
    """Rather than a draft of nothing, which the next run would take for a person's wish."""
    prepare(cli)
    cli.init("--table", "ordrs", code=1)
    assert not cli.policy.exists()


def test_no_agents(cli: Cli) -> None:
    prepare(cli)
    cli.init("--agents", "none")
    assert load_policy(cli.policy).policy.agents == {}
    cli.init()  # and later three
    assert "reader" in load_policy(cli.policy).policy.agents


def test_a_dry_run_writes_nothing(cli: Cli) -> None:
    prepare(cli)
    cli.capsys.readouterr()
    assert run(["init", "--output", str(cli.policy), "--dsn", cli.dsn, "--dry-run"]) == 0
    printed = cli.capsys.readouterr()
    assert not cli.policy.exists()
    assert not cli.memory.exists()
    cli.init()
    assert cli.policy.read_text() == printed.out
    cli.policy.write_text(
        printed.out.replace("\n  customers:\n", "\n  clients:\n").replace(" customers: ", " clients: ")
    )
    with psycopg.connect(cli.dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE customers ADD COLUMN since date")
    before = cli.policy.read_bytes(), cli.memory.read_bytes()
    assert run(["init", "--output", str(cli.policy), "--dsn", cli.dsn, "--dry-run"]) == 0
    assert "\n+      since: {}\n" in cli.capsys.readouterr().out
    assert (cli.policy.read_bytes(), cli.memory.read_bytes()) == before


def test_starting_over_keeps_a_copy(cli: Cli) -> None:
    prepare(cli)
    cli.init()
    mine = (
        cli.policy.read_text()
        .replace("\n  customers:\n", "\n  clients:\n")
        .replace(" customers: ", " clients: ")
    )
    cli.policy.write_text(mine)
    cli.init("--force")
    assert cli.policy.with_name("moat.yaml.bak").read_text() == mine
    assert "customers" in load_policy(cli.policy).policy.entities


def test_what_is_no_policy_is_never_overwritten(cli: Cli) -> None:
    prepare(cli)
    for content in (b"name: something else\n", b"\xff\xfe binary", b"just text"):
        cli.policy.write_bytes(content)
        cli.init(code=1)
        cli.init("--force", code=1)
        assert cli.policy.read_bytes() == content
    cli.policy.write_text("version: 1\nentities: 7\n")
    cli.init(code=1)
    assert cli.policy.read_text() == "version: 1\nentities: 7\n"
    cli.init("--force")
    assert list_tables(cli)


def test_the_same_database_gives_the_same_bytes(cli: Cli) -> None:
    prepare(cli)
    cli.init()
    first = cli.policy.read_bytes(), cli.memory.read_bytes()
    cli.policy.unlink()
    cli.memory.unlink()
    cli.init()
    assert (cli.policy.read_bytes(), cli.memory.read_bytes()) == first


def test_the_summary_says_what_comes_next(cli: Cli) -> None:
    prepare(cli)
    cli.capsys.readouterr()
    assert run(["init", "--output", str(cli.policy), "--dsn", cli.dsn]) == 0
    out = cli.capsys.readouterr().out
    for part in ("entities", "hidden columns  1: email 1", "DECIDE", "pgmoat plan", "pgmoat apply"):
        assert part in out, out
    assert json.loads(cli.memory.read_text())["tables"]["public.customers"] == ["email", "id"]


def test_a_model_fills_what_is_missing(cli: Cli) -> None:
    prepare(cli)
    where = ["init", "--output", str(cli.policy), "--dsn", cli.dsn]
    assert run([*where, "--prompt"]) == 1
    assert "pgmoat init drafts it" in cli.capsys.readouterr().err
    cli.init()
    cli.capsys.readouterr()
    assert run([*where, "--prompt", "--table", "customers"]) == 0
    printed = cli.capsys.readouterr().out
    assert "ENTITY customers" in printed
    assert "ENTITY orders" not in printed
    answer = cli.folder / "answer.json"
    answer.write_text(json.dumps({"entities": {"customers": {"doc": "One row per company that buys."}}}))
    before = cli.policy.read_text()
    assert run([*where, "--merge", str(answer), "--dry-run"]) == 0
    assert cli.policy.read_text() == before
    assert run([*where, "--merge", str(answer)]) == 0
    assert load_policy(cli.policy).policy.entities["customers"].doc == "One row per company that buys."
    answer.write_text(json.dumps({"entities": {"customers": {"columns": {"email": {}}}}}))
    filled = cli.policy.read_text()
    assert run([*where, "--merge", str(answer)]) == 1
    assert cli.policy.read_text() == filled
    assert not cli.init()["written"]
    assert run([*where, "--prompt", "--force"]) == 1


def test_who_may_apply_nothing_drafts_for_somebody_else(cli: Cli) -> None:
    prepare(cli)
    name = f"{cli.prefix}analyst"
    with psycopg.connect(cli.dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {role} LOGIN PASSWORD {word}; GRANT SELECT ON customers TO {role}").format(
                role=sql.Identifier(name), word=sql.Literal(name)
            )
        )
        dsn = conninfo.make_conninfo(cli.dsn, user=name, password=name)
    found = cli.init("--dsn", dsn)
    assert list_tables(cli) == {"public.customers", "sales.orders", "sales.items"}
    assert "cannot-create-roles" in {error["code"] for error in found["plan_errors"]}
    assert any("sales.orders" in note for note in found["notes"])
    cli.expect("plan")  # as the superuser


def test_an_empty_database(cli: Cli) -> None:
    cli.draft()
    cli.expect("plan")
    prepare(cli)
    found = cli.init()
    assert "entities.customers" in found["added"]
    cli.expect("plan")
