"""Old days of the record are dropped, whole, by who may, and nothing else is."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
from psycopg import sql

from pgmoat.cli.main import run
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer

SCHEMA = "CREATE TABLE notes (id int PRIMARY KEY, body text)"
POLICY = """\
entities:
  notes:
    table: public.notes
    columns: {id: {}, body: {}}
agents:
  clerk:
    entities: {notes: {}}
"""
PARENTS = ("activity", "sampling", "statement_text", "unfinished", "usage", "usage_detail")


@pytest.fixture(scope="module")
def installed(server: PostgresServer) -> Generator[Moat]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


@pytest.fixture
def moat(installed: Moat) -> Moat:
    """A record of today, and of days 10, 20 and 100 days ago, that holds something."""
    for parent in PARENTS:
        for (part,) in installed.read(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            f"pgmoat.{parent}",
        ):
            installed.run(sql.SQL("DROP TABLE {}").format(sql.Identifier(*part.split("."))))
    installed.run("SELECT pgmoat.make_days()")
    owner = sql.Identifier(installed.system_role("owner"))
    for parent in PARENTS:
        for days in (10, 20, 100):
            start = installed.value("SELECT (current_date - %s)::text", days)
            end = installed.value("SELECT (current_date - %s + 1)::text", days)
            name = sql.Identifier("pgmoat", f"{parent}_{start.replace('-', '')}")
            installed.run(
                sql.SQL(
                    "SET timezone = 'UTC'; CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({});"
                    "ALTER TABLE {} OWNER TO {}"
                ).format(name, sql.Identifier("pgmoat", parent), start, end, name, owner)
            )
    installed.run(
        "INSERT INTO pgmoat.sampling SELECT now() - n * interval '1 day', 60, 60, 0"
        " FROM unnest('{0,10,20,100}'::int[]) AS n"
    )
    return installed


def read_days(moat: Moat) -> dict[str, set[int]]:
    """Return how many days ago each partition began, by table, without those of these days."""
    rows = moat.read(
        "SELECT p.relname, current_date - right(c.relname, 8)::date FROM pg_inherits AS i"
        " JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_class AS c ON c.oid = i.inhrelid"
        " WHERE p.relnamespace = 'pgmoat'::regnamespace AND c.relkind = 'r'"
    )
    return {parent: {days for name, days in rows if name == parent and days > 1} for parent in PARENTS}


def hire(moat: Moat, system_role: str) -> str:
    name, password = f"{moat.policy.settings.agent_role_prefix}p_{secrets.token_hex(3)}", secrets.token_hex(8)
    moat.run(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
            sql.Identifier(name), password, sql.Identifier(moat.system_role(system_role))
        )
    )
    return moat.database.dsn_for(name, password)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["prune", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_old_days_are_dropped(moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    dsn = hire(moat, "owner")
    before = read_days(moat)
    shown = run_json(capsys, "--dry-run", "--dsn", dsn)
    assert read_days(moat) == before
    done = run_json(capsys, "--dsn", dsn)
    assert done == {**shown, "dry_run": False}
    assert len(done["dropped"]) == 8
    assert all(each["bytes"] > 0 for each in done["dropped"] if each["table"] == "sampling")
    detail = {"usage_detail", "statement_text"}
    assert read_days(moat) == {parent: {10} if parent in detail else {10, 20} for parent in PARENTS}
    assert moat.value("SELECT count(*) FROM pgmoat.sampling") == 3
    assert run(["prune", "--keep", "5d", "--dsn", dsn]) == 0
    shown = capsys.readouterr().out
    assert "dropped 10, " in shown
    assert read_days(moat) == {parent: set[int]() for parent in PARENTS}
    assert run(["prune", "--dsn", dsn]) == 0
    assert capsys.readouterr().out == "nothing is older\n"
    assert moat.value("SELECT count(*) FROM pgmoat.sampling") == 1


def test_only_partitions_of_the_record(moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    """What only has the name, what was taken out to be kept, and what has a name that lies."""
    moat.run("CREATE TABLE pgmoat.usage_19990101 (x int)")
    day = moat.value("SELECT 'usage_' || to_char(current_date - 100, 'YYYYMMDD')")
    moat.run(sql.SQL("ALTER TABLE pgmoat.usage DETACH PARTITION {}").format(sql.Identifier("pgmoat", day)))
    today = moat.value("SELECT 'activity_' || to_char(current_date, 'YYYYMMDD')")
    moat.run(sql.SQL("ALTER TABLE {} RENAME TO activity_19990102").format(sql.Identifier("pgmoat", today)))
    moat.run("CREATE TABLE pgmoat.unfinished_19990103 PARTITION OF pgmoat.unfinished DEFAULT")
    try:
        done = run_json(capsys, "--dsn", moat.database.dsn)
        assert len(done["dropped"]) == 7
        kept = "SELECT to_regclass('pgmoat.' || x) IS NOT NULL FROM unnest(%s::text[]) AS x"
        names = ["usage_19990101", day, "activity_19990102", "unfinished_19990103"]
        assert moat.read(kept, names) == [(True,)] * 4
    finally:
        moat.run("DROP TABLE pgmoat.usage_19990101")
        moat.run(sql.SQL("DROP TABLE {}").format(sql.Identifier("pgmoat", day)))


def test_who_watches_cannot_erase(moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    before = read_days(moat)
    dsn = hire(moat, "monitor")
    assert run(["prune", "--dsn", dsn]) == 1
    shown = capsys.readouterr().err
    assert "may not drop" in shown
    assert moat.system_role("owner") in shown
    assert read_days(moat) == before
    assert len(run_json(capsys, "--dry-run", "--dsn", dsn)["dropped"]) == 8


def test_it_does_not_queue_before_readers(moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    with moat.superuser() as reader, moat.superuser() as other:
        reader.execute("BEGIN; SELECT FROM pgmoat.usage")
        thread = threading.Thread(target=run, args=(["prune", "--dsn", moat.database.dsn],))
        thread.start()
        time.sleep(1)
        for _ in range(5):
            other.execute("SET statement_timeout = '5s'; SELECT FROM pgmoat.usage")
        reader.execute("COMMIT")
        thread.join(60)
        assert not thread.is_alive()
    assert 100 not in read_days(moat)["usage"]


@pytest.mark.parametrize("options", [["--keep", "12h"], ["--keep", "90"], ["--keep-detail", "0d"]])
def test_what_is_no_age(moat: Moat, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prune", *options, "--dsn", moat.database.dsn]) == 1
    assert options[0] in capsys.readouterr().err


def test_what_others_read_all_the_time_is_left(
    moat: Moat, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgmoat.ledger.prune._TRIES", 2)
    with moat.superuser() as reader:
        reader.execute("BEGIN; SELECT FROM pgmoat.usage")
        assert run(["prune", "--json", "--dsn", moat.database.dsn]) == 1
        shown = capsys.readouterr()
        assert [each["table"] for each in json.loads(shown.out)["left"]] == ["usage"]
        assert "1 could not be dropped" in shown.err
    assert 100 in read_days(moat)["usage"]
    assert 100 not in read_days(moat)["activity"]
