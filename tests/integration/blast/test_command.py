"""The verb: agents, any role, with and without pgmoat, as superuser and as nobody in particular."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgmoat.cli.main import run
from tests.integration.blast.conftest import PASSWORD, Place
from tests.integration.doctor.conftest import POLICY, SCHEMA
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer, create_database


@pytest.fixture(scope="module")
def desk(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


def blast(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["blast", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_an_agent_within_its_policy(desk: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = blast(capsys, "clerk", "--check", "--dsn", desk.database.dsn)
    assert code == 0
    first = out.splitlines()[0]
    assert first.startswith(f"{desk.role('clerk')}: reaches 1 entity, can change at most ")
    assert first.endswith("beyond its policy: nothing")
    assert "The password is good for 5 sessions" in out


def test_check_fails_when_something_is_beyond(desk: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    role = sql.Identifier(desk.role("clerk"))
    desk.run(sql.SQL("GRANT SELECT ON public.notes TO {}").format(role))
    try:
        code, out, _ = blast(capsys, "clerk", "--check", "--dsn", desk.database.dsn)
        assert code == 2
        assert "beyond its policy: 1 thing" in out
        assert "all 50 rows of public.notes" in out
        _, script, _ = blast(capsys, "clerk", "--sql", "--dsn", desk.database.dsn)
    finally:
        desk.run(sql.SQL("REVOKE SELECT ON public.notes FROM {}").format(role))
    assert f'REVOKE SELECT ON TABLE "public"."notes" FROM "{desk.role("clerk")}" CASCADE;' in script


def test_json_and_a_page_at_once(desk: Moat, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "clerk.html"
    code, out, _ = blast(capsys, "clerk", "--json", "--html", str(page), "--dsn", desk.database.dsn)
    assert code == 0
    data = json.loads(out)
    assert data["agent"] == "clerk"
    assert data["is_within_policy"] is True
    assert data["budget"]["task_mode"] == "issued"
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("clark", "did you mean clerk?"), ("postgres", "postgres is a role: --any-role takes it")],
)
def test_an_unknown_agent(desk: Moat, capsys: pytest.CaptureFixture[str], name: str, hint: str) -> None:
    code, _, err = blast(capsys, name, "--dsn", desk.database.dsn)
    assert code == 1
    assert hint in err


def test_without_pgmoat_an_agent_is_no_word(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = blast(capsys, "clerk", "--dsn", place.database.dsn)
    assert code == 1
    assert "--any-role takes the name of a role" in err


def test_any_role_without_pgmoat(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.run("GRANT SELECT, DELETE ON public.orders TO {me}")
    code, out, _ = blast(capsys, place.me, "--any-role", "--all", "--dsn", place.database.dsn)
    assert code == 0
    assert "can change about 100 rows in one statement, again and again" in out.splitlines()[0]
    assert "sensitive: email" in out
    assert "advisory lock" in out
    _, short, _ = blast(capsys, place.me, "--any-role", "--dsn", place.database.dsn)
    assert short.count("may log in to") == 1, "other databases are one line"
    code, _, err = blast(capsys, f"{place.me}x", "--any-role", "--dsn", place.database.dsn)
    assert code == 1
    assert f"did you mean {place.me}?" in err


def test_a_role_without_rights_looks_at_itself_and_is_told_what_it_cannot_see(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.run("GRANT DELETE ON public.orders TO {me}; CREATE VIEW hr.v AS TABLE hr.salaries")
    dsn = place.database.dsn_for(place.me, PASSWORD)
    code, out, _ = blast(capsys, place.me, "--any-role", "--json", "--dsn", dsn)
    assert code == 0
    data = json.loads(out)
    assert any("pg_hba_file_rules" in note for note in data["notes"])
    seen = {claim.key for claim in place.blast().claims}
    assert {
        (claim["code"], "", f"{claim['object']['kind']} {claim['object']['name']}", claim["action"])
        for claim in data["claims"]
    } == seen


def test_an_agent_that_looks_is_told_what_to_do(desk: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    dsn = desk.dsns()["clerk"]
    code, _, err = blast(capsys, "clerk", "--dsn", dsn)
    assert code == 1
    assert "may not read which agents there are" in err
    code, out, _ = blast(capsys, desk.role("clerk"), "--any-role", "--dsn", dsn)
    assert code == 0
    assert "what the policy granted is not told apart" in out


def test_a_schema_pgmoat_that_the_reader_may_not_use_is_no_failure(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """What destroy leaves, the history, is there for its owner only."""
    place.run("CREATE SCHEMA pgmoat; CREATE TABLE pgmoat.object (kind text, name text, detail text)")
    dsn = place.database.dsn_for(place.me, PASSWORD)
    code, out, err = blast(capsys, place.me, "--any-role", "--dsn", dsn)
    assert (code, err) == (0, "")
    assert f"{place.me} may not read pgmoat's own tables" in out


def test_a_table_that_was_never_analyzed_is_counted_by_what_was_written(place: Place) -> None:
    """Autovacuum leaves a table of few rows alone: eight employees are not none."""
    place.run("CREATE TABLE small (id int) WITH (autovacuum_enabled = off)")
    place.run("INSERT INTO small SELECT generate_series(1, 8)")
    place.run("GRANT SELECT ON small TO {me}")
    place.run("SELECT pg_stat_force_next_flush()")
    (claim,) = place.find("read-table", "public.small", "SELECT")
    assert claim.rows == 8


def test_what_public_has_by_default_is_no_finding_once_it_was_taken_and_given_back(place: Place) -> None:
    """After a hardening and its way back the privilege is written down, and says what it said before."""
    before = {claim.key for claim in place.blast().beyond}
    place.run("REVOKE EXECUTE ON FUNCTION pg_cancel_backend(int), lo_creat(int) FROM PUBLIC")
    place.run("GRANT EXECUTE ON FUNCTION pg_cancel_backend(int), lo_creat(int) TO PUBLIC")
    assert {claim.key for claim in place.blast().beyond} == before
    place.run("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC")  # initdb keeps it from everybody
    assert {claim.code for claim in place.blast().beyond if claim.key not in before} == {"read-files"}


def test_sql_and_json_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert blast(capsys, "clerk", "--sql", "--json")[0] == 1


def test_other_databases(place: Place, server: PostgresServer, capsys: pytest.CaptureFixture[str]) -> None:
    with create_database(server) as other, psycopg.connect(other.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.ledger (id int); GRANT SELECT ON public.ledger TO PUBLIC")
        code, out, _ = blast(
            capsys, place.me, "--any-role", "--databases", "--json", "--dsn", place.database.dsn
        )
        assert code == 0
        found = {
            (claim["object"]["database"], claim["code"], claim["object"]["name"])
            for claim in json.loads(out)["claims"]
        }
        assert (other.name, "read-table", "public.ledger") in found
        # A database that it may not log in to is left out.
        connection.execute(
            sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other.name))
        )
        code, out, _ = blast(
            capsys, place.me, "--any-role", "--databases", "--json", "--dsn", place.database.dsn
        )
        assert "public.ledger" not in out
