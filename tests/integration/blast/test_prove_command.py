"""``pgmoat blast --prove`` from the outside, and on a database by others, before and after its policy."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.command import Answer, Command
from tests.holes.world import World, open_world
from tests.integration.blast.proving import compute, prove_it
from tests.integration.schemas.examples import NORTHWIND
from tests.postgres_fixtures import Database, PostgresServer, draw_role_prefix
from tests.store_fixtures import open_store, open_template


@pytest.fixture(scope="module")
def world(server: PostgresServer) -> Generator[World]:
    """A shop with a few holes."""
    with (
        draw_role_prefix(server) as prefix,
        open_world(server, prefix, "definer-public", "set-only-role", "grant-option") as opened,
    ):
        yield opened


def run(*arguments: str) -> Answer:
    """Run the command in no particular directory."""
    return Command(Path.cwd(), None)(*arguments)


def test_it_prints_the_proof_and_exits_with_0(world: World) -> None:
    done = run("blast", world.role, "--any-role", "--prove", "--dsn", world.database.dsn)
    assert done.code == 0, done.err
    assert "no difference between claim and fact" in done.out
    assert "claims that could not be tried" in done.out


def test_json_has_every_line(world: World) -> None:
    done = run("blast", world.role, "--any-role", "--prove", "--json", "--dsn", world.database.dsn)
    proof = done.json["proof"]
    assert (done.code, proof["differences"]) == (0, 0)
    line = next(line for line in proof["lines"] if line["what"] == "DELETE on hr.grievances")
    assert line["verdict"] == "proven"
    assert line["how"] == "tried"
    assert line["identity"].startswith("after SET ROLE ")


def test_without_a_superuser_it_takes_the_roles_own_login(world: World) -> None:
    clerk = world.clerk_dsn
    refused = run("blast", world.role, "--any-role", "--prove", "--dsn", clerk)
    assert refused.code == 1
    assert "cannot become" in refused.err
    assert "--as" in refused.err
    done = run("blast", world.role, "--any-role", "--prove", "--dsn", clerk, "--as", world.dsn)
    assert "no difference between claim and fact" in done.out, done.out + done.err
    assert done.code == 0


@pytest.mark.parametrize("options", [("--prove", "--sql"), ("--as", "dbname=x")])
def test_options_that_do_not_go_together(world: World, options: tuple[str, ...]) -> None:
    done = run("blast", world.role, "--any-role", *options, "--dsn", world.database.dsn)
    assert done.code == 1
    assert options[0] in done.err


@pytest.fixture(scope="module")
def northwind(server: PostgresServer) -> Generator[Database]:
    """The trading company as it is loaded."""
    with open_template(server, NORTHWIND.file, NORTHWIND.before, NORTHWIND.after) as database:
        yield database


@pytest.mark.parametrize("superuser", [True, False], ids=["superuser", "installer"])
def test_no_difference_on_northwind_before_and_after_its_policy(
    server: PostgresServer, northwind: Database, tmp_path: Path, superuser: bool
) -> None:
    people = (
        "CREATE ROLE {people} LOGIN PASSWORD {password}; GRANT SELECT ON orders, customers TO {people};"
        " GRANT SELECT (first_name), UPDATE (title) ON employees TO {people}"
    )
    with open_store(server, northwind, NORTHWIND.policy_file, tmp_path, people, superuser=superuser) as store:
        dsn = store.site.database.dsn
        roles = [f"{store.site.prefix}people"]
        assert prove_it(dsn, compute(dsn, roles[0])).differences == ()
        store.close_ways()
        store.apply()
        roles += [store.policy.settings.agent_role(agent) for agent in store.policy.agents]
        for role in roles:
            assert prove_it(dsn, compute(dsn, role)).differences == (), role
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"GRANT DELETE ON employees TO {roles[-1]}".encode())
        proof = prove_it(dsn, compute(dsn, roles[-1]))
        assert proof.differences == ()
        assert any(line.what == "DELETE on public.employees" for line in proof.lines)
