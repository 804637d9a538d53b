"""Claims and facts agree, a difference in either direction is told, and nothing of the trying stays."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgmoat.errors import ConnectionFailedError
from pgmoat.report.blast.compare import Proof, Verdict
from pgmoat.report.blast.model import Blast, Claim, Standing, Step, StepKind, Subject, Way
from pgmoat.report.blast.trial import How
from tests.holes.world import World, open_world
from tests.integration.blast.proving import compute, install_example, prove_it
from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

TRAPS = Path(__file__).with_name("traps.sql")


@pytest.fixture(scope="module")
def example(server: PostgresServer) -> Generator[Moat]:
    """The demo's shop under its policy; the tests only look."""
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        install_example(database, prefix) as moat,
    ):
        yield moat


@pytest.fixture(scope="module")
def world(server: PostgresServer) -> Generator[World]:
    """The shop with all holes; the tests only look."""
    with draw_role_prefix(server) as prefix, open_world(server, prefix) as opened:
        yield opened


@pytest.fixture(scope="module")
def blast(world: World) -> Blast:
    """Its blast radius."""
    return compute(world.database.dsn, world.role)


def test_no_difference_for_any_agent_of_the_example(example: Moat) -> None:
    dsn = example.database.dsn
    for agent in example.policy.agents:
        proof = prove_it(dsn, compute(dsn, example.role(agent)))
        assert proof.differences == ()
        assert proof.of(Verdict.BLOCKED) == ()
        assert len(proof.of(Verdict.PROVEN)) > 20
        assert proof.refused > 100


def test_no_difference_for_roles_that_pgmoat_did_not_make(world: World) -> None:
    for name in ("owner", "clerk"):
        proof = prove_it(world.database.dsn, compute(world.database.dsn, f"{world.prefix}{name}"))
        assert proof.differences == ()
        assert len(proof.of(Verdict.PROVEN)) > 10


def test_no_difference_for_a_superuser(world: World) -> None:
    proof = prove_it(world.database.dsn, compute(world.database.dsn, world.database.server.user))
    assert proof.differences == ()


def test_no_difference_with_every_hole_open(world: World, blast: Blast) -> None:
    proof = prove_it(world.database.dsn, blast)
    assert proof.differences == ()
    tried = {line.what for line in proof.of(Verdict.PROVEN) if line.how is How.TRIED}
    assert {
        "read on file",
        "run on program",
        "CREATEROLE on attribute",
        "REPLICATION on attribute",
        "read on stored password warehouse",
        "SELECT on large object 4711",
        "SET on parameter session_replication_role",
        "UPDATE on shop.invoices_id_seq",
        "EXECUTE on shop.bank_account(text)",
        "TEMPORARY on database " + world.database.name,
    } <= tried | _ways_of_ddl(proof)
    after_set_role = {line.what for line in proof.of(Verdict.PROVEN) if line.identity}
    assert "DELETE on hr.grievances" in after_set_role


def _ways_of_ddl(proof: Proof) -> set[str]:
    """Return what is only asked while an event trigger of people's would hear of it."""
    return {line.what for line in proof.of(Verdict.PROVEN) if line.what.startswith("TEMPORARY")}


def test_the_roles_own_login_proves_the_same(world: World, blast: Blast) -> None:
    session = prove_it(world.database.dsn, blast)
    login = prove_it(world.database.dsn, blast, world.dsn)
    assert login.differences == ()
    assert {line.what for line in login.of(Verdict.PROVEN)} == {
        line.what for line in session.of(Verdict.PROVEN)
    }


def test_a_member_proves_what_set_role_shows_and_says_what_is_lost(world: World) -> None:
    database, member = world.database, f"{world.prefix}member"
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {member} LOGIN PASSWORD '{member}'".encode())
        connection.execute(f"GRANT {world.prefix}clerk TO {member}".encode())
    proof = prove_it(
        database.dsn, compute(database.dsn, f"{world.prefix}clerk"), database.dsn_for(member, member)
    )
    assert proof.differences == ()
    assert any("SET ROLE" in note for note in proof.notes)
    with pytest.raises(ConnectionFailedError, match="cannot become"):
        prove_it(database.dsn, compute(database.dsn, world.role), database.dsn_for(member, member))


def _claims(blast: Blast, **wanted: str) -> list[Claim]:
    return [
        claim
        for claim in blast.claims
        if (claim.code, claim.action) == (wanted["code"], wanted["action"])
        and claim.subject.name.startswith(wanted["name"])
    ]


@pytest.mark.parametrize(
    ("code", "action", "name", "told"),
    [
        ("read-table", "SELECT", "shop.customers", "SELECT on shop.customers"),
        ("write-table", "INSERT", "shop.notes", "INSERT on shop.notes"),
        ("definer-function", "EXECUTE", "shop.bank_account", "EXECUTE on shop.bank_account(text)"),
        ("set-parameter", "SET", "session_replication_role", "SET on parameter session_replication_role"),
        ("run-programs", "EXECUTE", "the server", "run on program"),
        ("create-role", "CREATE", "the server", "CREATEROLE on attribute"),
        ("read-large-object", "SELECT", "4711", "SELECT on large object 4711"),
        ("use-sequence", "UPDATE", "shop.invoices_id_seq", "UPDATE on shop.invoices_id_seq"),
    ],
)
def test_a_claim_that_is_left_out_is_missed(  # noqa: PLR0917 - a case and its fixtures
    world: World, blast: Blast, code: str, action: str, name: str, told: str
) -> None:
    gone = _claims(blast, code=code, action=action, name=name)
    assert gone, sorted({(claim.code, claim.action, claim.subject.name) for claim in blast.claims})
    less = replace(blast, claims=tuple(claim for claim in blast.claims if claim not in gone))
    differences = prove_it(world.database.dsn, less).differences
    assert [line for line in differences if line.what.startswith(told) and not line.claim], differences


def test_a_column_that_is_left_out_is_missed(world: World, blast: Blast) -> None:
    (claim,) = _claims(blast, code="write-view", action="UPDATE", name="shop.raises")
    ways = tuple(replace(way, columns=("person",)) for way in claim.ways)
    less = replace(
        blast, claims=tuple(replace(one, ways=ways) if one is claim else one for one in blast.claims)
    )
    lines = {line.what for line in prove_it(world.database.dsn, less).differences}
    assert lines == {"UPDATE on shop.raises (salary)"}


def test_a_claim_too_many_is_refuted(world: World) -> None:
    blast = compute(world.database.dsn, f"{world.prefix}clerk")
    with psycopg.connect(world.database.dsn) as connection:
        ((oid,),) = connection.execute("SELECT 'hr.payroll'::regclass::oid::int8").fetchall()
    way = Way((Step(StepKind.GRANT, "hr.payroll"),), blast.role)
    for action, expected in (("DELETE", "DELETE on hr.payroll"), ("UPDATE", "UPDATE on hr.payroll (")):
        subject = Subject("table", "hr.payroll", '"hr"."payroll"', oid)
        claim = replace(
            blast.claims[0],
            code="write-table",
            subject=subject,
            action=action,
            ways=(way,),
            standing=Standing.BEYOND,
        )
        more = replace(blast, claims=(*blast.claims, claim))
        differences = prove_it(world.database.dsn, more).differences
        assert len(differences) == 1
        assert differences[0].what.startswith(expected)
        assert "claimed, and refused" in differences[0].why


def test_nothing_that_is_tried_runs_or_stays(database: Database, role_prefix: str) -> None:
    def look(*queries: str) -> list[object]:
        with psycopg.connect(database.dsn) as connection:
            return [connection.execute(query.encode()).fetchall() for query in queries]

    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(TRAPS.read_text().replace("PREFIX", role_prefix).encode())
    state = (
        "SELECT last_value, is_called FROM traps.sprung",
        "SELECT last_value, is_called FROM traps.numbers",
        "SELECT last_value, is_called FROM traps.things_id_seq",
        "SELECT count(*) FROM traps.things",
        "SELECT relname, relfilenode, relacl::text, relowner FROM pg_class ORDER BY 1, 2",
        "SELECT nspname, nspacl::text FROM pg_namespace ORDER BY 1",
        "SELECT * FROM pg_roles ORDER BY oid",
        "SELECT roleid, member, admin_option FROM pg_auth_members ORDER BY 1, 2",
        "SELECT * FROM pg_db_role_setting ORDER BY 1, 2",
        "SELECT datname, datacl::text FROM pg_database WHERE datname = current_database()",
        "SELECT slot_name FROM pg_replication_slots",
        "SELECT oid, lomacl::text FROM pg_largeobject_metadata ORDER BY 1",
        "SELECT sum(hashtext(data::text)) FROM pg_largeobject",
    )
    blast = compute(database.dsn, f"{role_prefix}bot")
    before = look(*state)
    for dsn in (database.dsn, database.dsn_for(f"{role_prefix}bot", f"{role_prefix}bot")):
        proof = prove_it(database.dsn, blast, dsn)
        assert proof.differences == ()
        proven = {line.what for line in proof.of(Verdict.PROVEN) if line.how is How.TRIED}
        assert {"EXECUTE on traps.definer(text)", "EXECUTE on traps.act(text, integer)"} <= {
            what.replace(",integer", ", integer") for what in proven
        }
        assert "INSERT on traps.gated (id, a)" in proven
    assert look(*state) == before


def test_a_table_that_somebody_locks_is_not_waited_for(world: World, blast: Blast) -> None:
    with psycopg.connect(world.database.dsn) as other:
        other.execute("LOCK TABLE shop.notes IN ACCESS EXCLUSIVE MODE")
        proof = prove_it(world.database.dsn, blast)
        assert proof.differences == ()
        (line,) = [
            line
            for line in proof.lines
            if line.what.startswith("INSERT on shop.notes") and not line.identity and line.how is How.ASKED
        ]
    assert "lock timeout" in line.why


def test_a_view_that_lost_what_stands_behind_it_is_blocked(
    server: PostgresServer, database: Database, role_prefix: str
) -> None:
    with open_world(server, role_prefix, "owners-view") as small:
        small.run("REVOKE SELECT ON hr.payroll FROM PREFIXowner; REVOKE USAGE ON SCHEMA hr FROM PREFIXowner")
        proof = prove_it(small.database.dsn, compute(small.database.dsn, small.role))
    assert proof.differences == ()
    (line,) = proof.of(Verdict.BLOCKED)
    assert line.what.startswith("SELECT on shop.staff_directory")
    assert "permission denied" in line.why


def test_without_asking_trying_still_shows_it(database: Database, role_prefix: str) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(TRAPS.read_text().replace("PREFIX", role_prefix).encode())
        connection.execute("REVOKE EXECUTE ON FUNCTION has_table_privilege(oid, text) FROM PUBLIC")
    proof = prove_it(database.dsn, compute(database.dsn, f"{role_prefix}bot"))
    assert proof.differences == ()
    assert any("could not be asked" in note for note in proof.notes)


def test_it_must_be_the_same_database(world: World, blast: Blast) -> None:
    with pytest.raises(ConnectionFailedError, match="is of"):
        prove_it(world.database.dsn, blast, world.other.dsn)


def test_the_server_of_another_template_is_left_alone(world: World, server: PostgresServer) -> None:
    with create_database(server) as empty:
        proof = prove_it(empty.dsn, compute(empty.dsn, world.role))
    assert proof.differences == ()
