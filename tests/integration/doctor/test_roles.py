"""Doctor as people who may not see everything: what they cannot see is said, the rest is looked at."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from psycopg import sql

from pgmoat.doctor.check import Status
from tests.integration.doctor.conftest import look_at, select
from tests.moat_fixtures import Moat


@pytest.fixture
def joe(desk: Moat) -> Generator[str]:
    """The name of a role without any rights; its password is ``joe``."""
    name = f"{desk.role('clerk')}_joe"
    with desk.superuser() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'joe'").format(sql.Identifier(name)))
        yield name
        connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_role_without_rights_is_told_what_it_cannot_see(desk: Moat, joe: str) -> None:
    found = look_at(desk, dsn=desk.database.dsn_for(joe, "joe"))
    unknown = {line.code for line in found if line.status is Status.UNKNOWN}
    assert unknown >= {
        "doctor-installed-version",
        "doctor-gate",
        "doctor-pg-stat-statements",
        "doctor-auto-explain",
        "doctor-drift",
        "doctor-codes",
        "doctor-charges",
    }
    assert all(line.remedy for line in found if line.status is Status.UNKNOWN)
    assert select(found, "doctor-max-prepared-transactions")[0].status is Status.OK
    assert select(found, "doctor-reading")[0].status is Status.OK


def test_a_role_that_cannot_apply_is_told_what_it_lacks(desk: Moat, joe: str) -> None:
    found = look_at(desk, dsn=desk.database.dsn_for(joe, "joe"))
    assert "CREATEROLE" in select(found, "doctor-apply-rights")[0].message
    (line,) = select(found, "doctor-table-owners")
    assert "public.notes" in line.message
    # The tables are a superuser's: no remedy may make Joe one.
    assert "GRANT" not in line.remedy


def test_a_remedy_for_owners_that_are_no_superusers_works(desk: Moat, joe: str) -> None:
    owner = sql.Identifier(f"{joe}_owner")
    with desk.superuser() as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(owner))
        connection.execute(sql.SQL("ALTER TABLE public.notes OWNER TO {}").format(owner))
        try:
            (line,) = select(look_at(desk, dsn=desk.database.dsn_for(joe, "joe")), "doctor-table-owners")
            connection.execute(line.remedy.encode())
            (line,) = select(look_at(desk, dsn=desk.database.dsn_for(joe, "joe")), "doctor-table-owners")
            assert line.status is Status.OK
        finally:
            connection.execute("ALTER TABLE public.notes OWNER TO CURRENT_USER")
            connection.execute(sql.SQL("DROP ROLE {}").format(owner))


def test_a_monitor_sees_tasks_and_frozen_agents(desk: Moat, joe: str) -> None:
    grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(desk.system_role("monitor")), sql.Identifier(joe))
    desk.run(grant)
    found = look_at(desk, dsn=desk.database.dsn_for(joe, "joe"))
    assert select(found, "doctor-frozen")[0].status is Status.OK
    assert select(found, "doctor-tasks-expired")[0].status is Status.OK


def test_where_plpgsql_may_not_be_used_it_is_said(desk: Moat, joe: str) -> None:
    desk.run("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC")
    try:
        (line,) = select(look_at(desk, dsn=desk.database.dsn_for(joe, "joe")), "doctor-plpgsql")
    finally:
        desk.run("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC")
    assert line.status is Status.WARNING


def test_doctor_changes_nothing(desk: Moat) -> None:
    before = desk.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    look_at(desk)
    # No transaction wrote: each would have taken a number.
    assert desk.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text") == before


def test_a_table_of_another_version_does_not_keep_the_rest_from_being_looked_at(desk: Moat) -> None:
    desk.run("ALTER TABLE pgmoat.ledger RENAME COLUMN xid TO old_xid")
    try:
        found = look_at(desk)
    finally:
        desk.run("ALTER TABLE pgmoat.ledger RENAME COLUMN old_xid TO xid")
    assert select(found, "doctor-reading")[0].status is Status.ERROR
    assert select(found, "doctor-charges")[0].status is Status.UNKNOWN
    assert select(found, "doctor-clock")[0].status is Status.OK
