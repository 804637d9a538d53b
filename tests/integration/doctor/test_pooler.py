"""A real PgBouncer: what its console says, and what doctor makes of it."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from pgmoat.doctor.check import Diagnosis, Status
from tests.integration.doctor.conftest import look_at, select
from tests.moat_fixtures import Moat
from tests.pooler_fixtures import Pooler


@pytest.fixture(scope="module")
def pooler(desk: Moat) -> Pooler:
    return desk.start_pooler()


def look_through(desk: Moat, pooler: Pooler, *, resets: bool = True) -> list[Diagnosis]:
    return look_at(desk, pooler=pooler.console(resets=resets))


def test_a_pooler_that_is_configured_as_asked_is_in_order(desk: Moat, pooler: Pooler) -> None:
    found = [line for line in look_through(desk, pooler) if line.code.startswith("doctor-pooler")]
    codes = {line.code for line in found}
    assert len(codes) == len(found) == 10
    assert not [line for line in found if line.is_finding]


def test_a_pool_above_the_connection_limit_is_found(desk: Moat, pooler: Pooler) -> None:
    role = sql.Identifier(desk.role("clerk"))
    desk.run(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 4").format(role))
    try:
        (line,) = select(look_through(desk, pooler), "doctor-pooler-size")
    finally:
        desk.run(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 5").format(role))
    assert line.status is Status.WARNING
    assert "up to 5 connections" in line.message
    assert "CONNECTION LIMIT is 4" in line.message


def test_a_pooler_without_a_reset_is_found(desk: Moat, pooler: Pooler) -> None:
    (line,) = select(look_through(desk, pooler, resets=False), "doctor-pooler-reset")
    assert line.status is Status.WARNING
    assert "server_reset_query_always" in line.remedy


def test_behind_a_pooler_the_server_must_notice_that_a_client_has_gone(desk: Moat, pooler: Pooler) -> None:
    (line,) = select(look_through(desk, pooler), "doctor-connection-check")
    assert line.status is Status.WARNING


def test_a_user_who_may_not_use_the_console_is_told_how(desk: Moat, pooler: Pooler) -> None:
    role = desk.role("clerk")
    dsn = pooler.dsn(role, desk.passwords[role], desk.database.name)
    (line,) = select(look_at(desk, pooler=dsn), "doctor-pooler")
    assert line.status is Status.ERROR
    assert "stats_users" in line.remedy
    assert desk.passwords[role] not in f"{line.message} {line.remedy}"


def test_a_server_that_is_no_pooler_is_said_to_be_none(desk: Moat) -> None:
    (line,) = select(look_at(desk, pooler=desk.database.dsn), "doctor-pooler")
    assert line.status is Status.ERROR


def test_sessions_that_look_pooled_are_noticed(desk: Moat, pooler: Pooler) -> None:
    assert select(look_at(desk), "doctor-pooler")[0].status is Status.OK
    role = desk.role("clerk")
    dsn = pooler.dsn(role, desk.passwords[role], desk.database.name)
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("SELECT 1")
        # The answer to this one comes when the session has been reset after the one before.
        connection.execute("SELECT 2")
        (line,) = select(look_at(desk), "doctor-pooler")
    assert line.status is Status.NOTE
    assert "--pooler" in line.remedy
