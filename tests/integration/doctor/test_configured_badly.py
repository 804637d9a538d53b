"""Settings that only a start can change: a server of its own, configured badly."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from psycopg import sql

from pgmoat.devpg.server import start
from pgmoat.doctor.check import Diagnosis, Status
from tests.integration.doctor.conftest import POLICY, SCHEMA, look_at, select
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer, find_binaries

SETTINGS = {
    "max_prepared_transactions": "5",
    "superuser_reserved_connections": "1",
    "max_connections": "24",
    "track_activity_query_size": "200",
    "default_transaction_isolation": "repeatable read",
    "log_parameter_max_length_on_error": "-1",
    "log_min_duration_statement": "0",
    "shared_preload_libraries": "auto_explain",
}


@pytest.fixture(scope="module")
def moat() -> Generator[Moat]:
    choice = os.environ.get("PGMOAT_TEST_SERVER", "wheel18")
    settings = dict(SETTINGS)
    if choice.startswith("wheel"):
        del settings["shared_preload_libraries"]  # no contrib
    with start(binaries=find_binaries(choice), settings=settings) as own:
        server = PostgresServer(own.host, own.port, "postgres", own.password, own.server_version)
        with open_moat(server, SCHEMA, POLICY) as opened:
            yield opened


@pytest.fixture(scope="module")
def found(moat: Moat) -> list[Diagnosis]:
    return look_at(moat)


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        ("doctor-max-prepared-transactions", Status.ERROR, "is 5"),
        ("doctor-reserved-connections", Status.WARNING, "is 1"),
        ("doctor-connections", Status.WARNING, "max_connections 24"),
        ("doctor-activity", Status.WARNING, "200 bytes"),
        ("doctor-isolation", Status.ERROR, "repeatable read"),
    ],
)
def test_a_setting_is_found(found: list[Diagnosis], code: str, status: Status, says: str) -> None:
    (line,) = select(found, code)
    assert line.status is status
    assert says in line.message
    assert line.remedy


def test_what_the_log_holds_of_tokens_is_found_twice(found: list[Diagnosis]) -> None:
    lines = select(found, "doctor-log-statement")
    assert [line.status for line in lines] == [Status.WARNING, Status.WARNING]


def test_a_library_that_logs_plans_is_found(moat: Moat, found: list[Diagnosis]) -> None:
    libraries = moat.value("SELECT current_setting('shared_preload_libraries')")
    wanted = Status.NOTE if libraries else Status.OK
    assert select(found, "doctor-auto-explain")[0].status is wanted
    if moat.value("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'"):
        # On a server that does not load it the extension is there and counts nothing.
        moat.run("CREATE EXTENSION pg_stat_statements")
        (line,) = select(look_at(moat), "doctor-pg-stat-statements")
        assert "not loaded" in line.message


def test_a_transaction_that_an_agent_left_prepared_is_found_and_can_be_rolled_back(moat: Moat) -> None:
    with moat.superuser() as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(moat.role("clerk"))))
        connection.execute("BEGIN")
        connection.execute("SELECT pg_advisory_xact_lock_shared(1)")
        connection.execute("PREPARE TRANSACTION 'left''behind'")
    (line,) = select(look_at(moat), "doctor-prepared-transactions")
    assert line.status is Status.ERROR
    assert moat.role("clerk") in line.message
    with moat.superuser() as connection:
        connection.execute(line.remedy.encode())
    assert select(look_at(moat), "doctor-prepared-transactions")[0].status is Status.OK


def test_a_setting_that_waits_for_a_restart_is_said(moat: Moat) -> None:
    with moat.superuser() as connection:
        connection.execute("ALTER SYSTEM SET max_connections = 200")
        connection.execute("SELECT pg_reload_conf()")
    lines = select(look_at(moat), "doctor-pending-restart")
    assert [line.status for line in lines] == [Status.NOTE]
    assert "max_connections" in lines[0].message
