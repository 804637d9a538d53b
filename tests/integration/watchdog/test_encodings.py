"""Bytes that are no UTF-8 reach the watchdog from databases of other encodings: it goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import psycopg
import pytest
from psycopg import sql

from pgmoat.doctor.overrides import read_overrides
from pgmoat.doctor.target import Target
from pgmoat.plan.make import plan_policy
from pgmoat.postgres.connect import connect
from tests.integration.watchdog.conftest import POLICY, SCHEMA, Connection, Post, wait_for
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import Database, PostgresServer, create_database


@pytest.fixture(scope="module", params=["LATIN1", "SQL_ASCII"])
def foreign(server: PostgresServer, request: pytest.FixtureRequest) -> Generator[Database]:
    """A database whose bytes mean something else, or nothing; everybody may connect to it."""
    with create_database(server, encoding=request.param) as database:
        yield database


@pytest.fixture(scope="module")
def owned(server: PostgresServer) -> Generator[Post]:
    """A superuser's watchdog: it may set roles right."""
    with open_moat(server, SCHEMA, POLICY) as moat:
        moat.run(
            "UPDATE pgmoat.agent AS a SET password_verifier = r.rolpassword"
            " FROM pg_authid AS r WHERE r.rolname = a.role"
        )
        yield Post(moat, moat.database.dsn)


def enter(moat: Moat, database: Database, agent: str) -> Connection:
    role = moat.role(agent)
    dsn = database.dsn_for(role, moat.passwords[role])
    connection = psycopg.connect(dsn, autocommit=True, client_encoding="latin1")
    connection.execute("SET default_transaction_read_only = off")
    return connection


def read_settings(moat: Moat) -> list[bytes]:
    return moat.value(
        "SELECT array(SELECT textsend(x) FROM pg_db_role_setting, unnest(setconfig) AS x"
        " WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = %s) ORDER BY 1)",
        moat.role("slow"),
    )


def test_a_query(post: Post, moat: Moat, foreign: Database) -> None:
    with (
        post.watch(),
        enter(moat, foreign, "slow") as idle,
        contextlib.closing(enter(moat, foreign, "clerk")) as waiting,
    ):
        idle.execute("SELECT 'café'")
        waiting.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT 'café'")
        wait_for(post.incidents)
    ((kind, action, detail),) = post.incidents("kind, action, detail")
    assert (kind, action) == ("idle-in-transaction", "terminated")
    assert detail["query"].endswith("SELECT 'caf\ufffd'")
    assert detail["database"] == foreign.name


def test_a_setting(owned: Post, foreign: Database) -> None:
    moat = owned.moat
    before = read_settings(moat)
    moat.run("TRUNCATE pgmoat.incident")
    with enter(moat, foreign, "slow") as slow:
        slow.execute("ALTER ROLE CURRENT_USER SET search_path = 'café'")
    try:
        with moat.superuser() as reader:
            planned = plan_policy(reader, moat.policy)
        assert planned.plan.actions
        with owned.watch():
            wait_for(lambda: read_settings(moat) == before and owned.incidents())
    finally:
        role = sql.Identifier(moat.role("slow"))
        moat.run(sql.SQL("ALTER ROLE {} SET search_path = agent, pg_temp").format(role))
    ((kind, action, detail),) = owned.incidents("kind, action, detail")
    assert (kind, action, detail["setting"]) == ("role-changed", "repaired", "search_path")
    assert detail["found"] == '"caf\ufffd"'


def test_a_name_of_a_setting_does_nothing_and_is_left(owned: Post, foreign: Database) -> None:
    moat = owned.moat
    moat.run("TRUNCATE pgmoat.incident")
    role = sql.Identifier(moat.role("slow"))
    with psycopg.connect(foreign.dsn, autocommit=True, client_encoding="latin1") as people:
        people.execute(sql.SQL('ALTER ROLE {} SET "café.x" = 1').format(role))
        people.execute(sql.SQL("ALTER ROLE {} SET work_mem = '1GB'").format(role))
        try:
            with owned.watch():
                wait_for(lambda: b"work_mem=1GB" not in read_settings(moat))
                wait_for(owned.incidents)
        finally:
            people.execute(sql.SQL('ALTER ROLE {} RESET "café.x"').format(role))
    assert {detail["setting"] for (detail,) in owned.incidents("detail")} == {"work_mem"}


def test_settings_that_cannot_be_read_stop_no_judging(post: Post, moat: Moat) -> None:
    monitor = sql.Identifier(moat.system_role("monitor"))
    moat.run(sql.SQL("REVOKE SELECT ON pgmoat.object FROM {}").format(monitor))
    try:
        with post.watch() as running, moat.connect("clerk") as clerk:
            clerk.execute("SET statement_timeout = 0")
            with pytest.raises(psycopg.errors.QueryCanceled):
                clerk.execute("SELECT pg_sleep(20)")
            assert sum("settings cannot be read" in note for note in running.notes) == 1
    finally:
        moat.run(sql.SQL("GRANT SELECT ON pgmoat.object TO {}").format(monitor))


def test_what_doctor_reads(server: PostgresServer, moat: Moat, foreign: Database) -> None:
    here = sql.Identifier(moat.database.name)
    target = Target(moat.database.name, server.user, True, True, (moat.role("slow"),))
    with enter(moat, foreign, "slow") as slow, connect(moat.database.dsn) as reader:
        slow.execute(sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET search_path = 'café'").format(here))
        found = [one.setting for one in read_overrides(reader, target).overrides if one.role]
        slow.execute(sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} RESET search_path").format(here))
    assert found == ['search_path="caf\ufffd"']
