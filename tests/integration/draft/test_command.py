"""Options of `pgmoat init`, and what it never overwrites."""

from __future__ import annotations

import json
from typing import LiteralString

import psycopg

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


def test_an_empty_database(cli: Cli) -> None:
    cli.draft()
    cli.expect("plan")
    prepare(cli)
    found = cli.init()
    assert "entities.customers" in found["added"]
    cli.expect("plan")
