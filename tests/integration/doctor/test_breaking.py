"""Each check, made to fail for real, and mended again."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from pgmoat.doctor.check import Status, run_checks
from pgmoat.doctor.clock import CHECKS as CLOCK_CHECKS
from pgmoat.doctor.clock import read_clock
from pgmoat.doctor.examine import CHECKS
from tests.integration.doctor.conftest import look_at, select
from tests.moat_fixtures import Moat

# Databases of other tests on the same server come and go.
ABOUT_OTHERS = {"doctor-databases"}


@dataclass(frozen=True, slots=True)
class Breakage:
    """What is done to the database, what doctor says of it, and how it is undone."""

    code: str
    status: Status
    broken: str
    mended: str
    says: str = ""


BREAKAGES = (
    Breakage(
        "doctor-agent-powers",
        Status.ERROR,
        "ALTER ROLE {clerk} CREATEDB",
        "ALTER ROLE {clerk} NOCREATEDB",
        "CREATEDB",
    ),
    Breakage(
        "doctor-agent-memberships",
        Status.ERROR,
        "GRANT pg_monitor TO {clerk}",
        "REVOKE pg_monitor FROM {clerk}",
        "pg_monitor",
    ),
    Breakage(
        "doctor-agent-owns",
        Status.WARNING,
        "CREATE TABLE public.owned (); ALTER TABLE public.owned OWNER TO {clerk}",
        "DROP TABLE public.owned",
        "public.owned",
    ),
    Breakage(
        "doctor-create",
        Status.WARNING,
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "public",
    ),
    Breakage(
        "doctor-connections",
        Status.ERROR,
        "ALTER ROLE {clerk} CONNECTION LIMIT -1",
        "ALTER ROLE {clerk} CONNECTION LIMIT 5",
        "no CONNECTION LIMIT",
    ),
    Breakage(
        "doctor-connections",
        Status.WARNING,
        "ALTER ROLE {clerk} CONNECTION LIMIT 5000",
        "ALTER ROLE {clerk} CONNECTION LIMIT 5",
        "5000",
    ),
    Breakage(
        "doctor-role-overrides",
        Status.WARNING,
        "ALTER ROLE {clerk} IN DATABASE {database} SET statement_timeout = 0",
        "ALTER ROLE {clerk} IN DATABASE {database} RESET statement_timeout",
        "statement_timeout=0",
    ),
    Breakage(
        "doctor-database-overrides",
        Status.WARNING,
        "ALTER DATABASE {database} SET default_transaction_read_only = on",
        "ALTER DATABASE {database} RESET default_transaction_read_only",
        "READ WRITE",
    ),
    Breakage(
        "doctor-isolation",
        Status.ERROR,
        "ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'",
        "ALTER DATABASE {database} RESET default_transaction_isolation",
        "PM006",
    ),
    Breakage(
        "doctor-triggers",
        Status.ERROR,
        "ALTER DATABASE {database} SET session_replication_role = 'replica'",
        "ALTER DATABASE {database} RESET session_replication_role",
        "replica",
    ),
    Breakage(
        "doctor-row-security",
        Status.WARNING,
        "ALTER DATABASE {database} SET row_security = off",
        "ALTER DATABASE {database} RESET row_security",
        "off",
    ),
    Breakage(
        "doctor-password-encryption",
        Status.WARNING,
        "ALTER DATABASE {database} SET password_encryption = 'md5'",
        "ALTER DATABASE {database} RESET password_encryption",
        "md5",
    ),
    Breakage(
        "doctor-log-statement",
        Status.WARNING,
        "ALTER DATABASE {database} SET log_statement = 'all'",
        "ALTER DATABASE {database} RESET log_statement",
        "tokens",
    ),
    Breakage(
        "doctor-activity",
        Status.WARNING,
        "ALTER DATABASE {database} SET track_activities = off",
        "ALTER DATABASE {database} RESET track_activities",
        "track_activities",
    ),
    Breakage(
        "doctor-drift",
        Status.WARNING,
        "GRANT SELECT ON public.notes TO {clerk}",
        "REVOKE SELECT ON public.notes FROM {clerk}",
        "1 thing",
    ),
    Breakage(
        "doctor-policy",
        Status.ERROR,
        "GRANT SELECT ON public.notes TO PUBLIC",
        "REVOKE SELECT ON public.notes FROM PUBLIC",
        "reach-public",
    ),
    Breakage(
        "doctor-codes",
        Status.ERROR,
        "UPDATE public.notes SET state = 77 WHERE id = 1",
        "UPDATE public.notes SET state = 1 WHERE id = 1",
        "77",
    ),
    Breakage(
        "doctor-new-columns",
        Status.NOTE,
        "ALTER TABLE public.notes ADD COLUMN salary int",
        "ALTER TABLE public.notes DROP COLUMN salary",
        "salary",
    ),
    Breakage(
        "doctor-frozen",
        Status.NOTE,
        "SELECT pgmoat.freeze_agent('clerk', 'test')",
        "SELECT pgmoat.thaw_agent('clerk')",
        "clerk",
    ),
    Breakage(
        "doctor-tasks-expired",
        Status.NOTE,
        "SELECT pgmoat.open_task('clerk', 'late');"
        " UPDATE pgmoat.task SET deadline = now() - interval '1 minute' WHERE task_id = 'late'",
        "UPDATE pgmoat.task SET closed_at = now() WHERE task_id = 'late'",
        "1 task is",
    ),
)


def run(moat: Moat, statements: str) -> None:
    names = {"clerk": sql.Identifier(moat.role("clerk")), "database": sql.Identifier(moat.database.name)}
    text = sql.SQL(statements).format(**names).as_string(None)  # pyright: ignore[reportArgumentType] - fixed text
    with moat.superuser() as connection:
        # A setting of the database must not get in the way of its own RESET.
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("SET session_replication_role = 'origin'")
        connection.execute(text.encode())


def test_a_clean_system_has_notes_at_most(desk: Moat) -> None:
    found = look_at(desk)
    assert [line for line in found if line.is_finding and line.code not in ABOUT_OTHERS] == []
    assert [line for line in found if line.status is Status.UNKNOWN] == []
    made = {check.code for check in CHECKS if check.area != "pooler"} | {"doctor-pooler"}
    assert {line.code for line in found} == made


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: f"{breakage.code}-{breakage.status}")
def test_a_breakage_is_found_with_its_remedy_until_it_is_mended(desk: Moat, breakage: Breakage) -> None:
    before = select(look_at(desk), breakage.code)
    run(desk, breakage.broken)
    try:
        lines = select(look_at(desk), breakage.code)
    finally:
        run(desk, breakage.mended)
    new = [line for line in lines if line.status is breakage.status and line not in before]
    assert len(new) == 1
    assert breakage.says in new[0].message
    assert new[0].remedy
    assert select(look_at(desk), breakage.code) == before


REMEDIES_TO_RUN = [
    b for b in BREAKAGES if b.code in {"doctor-agent-powers", "doctor-role-overrides", "doctor-isolation"}
]


@pytest.mark.parametrize("breakage", REMEDIES_TO_RUN, ids=lambda breakage: breakage.code)
def test_a_remedy_in_sql_works_as_it_is_printed(desk: Moat, breakage: Breakage) -> None:
    run(desk, breakage.broken)
    try:
        (line,) = select(look_at(desk), breakage.code)
        with desk.superuser() as connection:
            connection.execute(line.remedy.encode())
        assert select(look_at(desk), breakage.code)[0].status is Status.OK
    finally:
        run(desk, breakage.mended)


def test_what_a_database_shows_as_a_token_is_not_shown(desk: Moat) -> None:
    run(desk, "ALTER DATABASE {database} SET \"pgmoat.token\" = 's3cr3t'")
    try:
        (line,) = select(look_at(desk), "doctor-database-overrides")
    finally:
        run(desk, 'ALTER DATABASE {database} RESET "pgmoat.token"')
    assert line.status is Status.WARNING
    assert "s3cr3t" not in f"{line.message} {line.remedy}"


def test_public_rights_are_notes_until_they_are_revoked(desk: Moat) -> None:
    codes = ("doctor-temporary", "doctor-terminate")
    found = look_at(desk)
    for code in codes:
        (line,) = select(found, code)
        assert line.status is Status.NOTE
        with desk.superuser() as connection:
            connection.execute(line.remedy.encode())
    found = look_at(desk)
    assert [select(found, code)[0].status for code in codes] == [Status.OK, Status.OK]


def test_another_database_is_found_until_public_may_not_connect(desk: Moat) -> None:
    other = sql.Identifier(f"{desk.database.name}_other")

    def find() -> list[Status]:
        lines = select(look_at(desk), "doctor-databases")
        return [line.status for line in lines if f"{desk.database.name}_other" in line.message]

    with desk.superuser() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(other))
        try:
            assert find() == [Status.WARNING]
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(other))
            assert find() == []
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(other))


@pytest.mark.parametrize(
    ("body", "says"),
    [("RETURN true;", "without one"), ("RETURN 1 / 0 = 0;", "22012")],
    ids=["open", "broken"],
)
def test_a_gate_that_was_replaced_is_found(desk: Moat, body: str, says: str) -> None:
    (original,) = desk.read("SELECT pg_get_functiondef('pgmoat.gate(text)'::regprocedure)")[0]
    head = original.partition("$function$")[0]
    with desk.superuser() as connection:
        connection.execute(f"{head}$function$ BEGIN {body} END $function$".encode())
        try:
            (line,) = select(look_at(desk), "doctor-gate")
        finally:
            connection.execute(original.encode())
    assert line.status is Status.ERROR
    assert says in line.message
    assert select(look_at(desk), "doctor-gate")[0].status is Status.OK


def test_writes_that_nobody_charged_are_found(desk: Moat) -> None:
    with desk.task("clerk") as connection:
        connection.execute("UPDATE notes SET body = 'charged' WHERE id = 1")
    assert select(look_at(desk), "doctor-charges")[0].status is Status.OK
    assert "oldest change" in select(look_at(desk), "doctor-history-size")[0].message
    desk.run("ALTER TABLE pgmoat.statement DISABLE TRIGGER USER")
    try:
        with desk.task("clerk") as connection:
            connection.execute("UPDATE notes SET body = 'free' WHERE id IN (2, 3)")
        (line,) = select(look_at(desk), "doctor-charges")
    finally:
        desk.run("ALTER TABLE pgmoat.statement ENABLE TRIGGER USER")
    assert line.status is Status.ERROR
    assert "1 of the latest transactions" in line.message
    assert "2 rows" in line.message
    desk.run("DELETE FROM pgmoat.statement")


def test_a_running_apply_is_seen(desk: Moat) -> None:
    with desk.superuser() as holder, holder.transaction():
        holder.execute("SELECT FROM pgmoat.lease WHERE name = 'apply' FOR UPDATE")
        (line,) = select(look_at(desk), "doctor-lease")
        assert line.status is Status.NOTE
        assert str(holder.info.backend_pid) in line.message
    assert select(look_at(desk), "doctor-lease")[0].status is Status.OK


def test_a_table_without_statistics_is_found(desk: Moat) -> None:
    run(desk, "CREATE TABLE public.copy AS TABLE public.notes; ALTER TABLE public.notes RENAME TO kept;")
    run(desk, "ALTER TABLE public.copy RENAME TO notes")
    try:
        (line,) = select(look_at(desk), "doctor-statistics")
    finally:
        run(desk, "DROP TABLE public.notes; ALTER TABLE public.kept RENAME TO notes")
    assert line.status is Status.NOTE
    assert line.remedy == 'ANALYZE "public"."notes";'


def test_a_clock_that_differs_is_found(desk: Moat) -> None:
    with psycopg.connect(desk.database.dsn, autocommit=True) as connection:
        behind = read_clock(connection, lambda: time.time() - 60)
        agreeing = read_clock(connection)
    (line,) = run_checks(CLOCK_CHECKS, behind)
    assert line.status is Status.WARNING
    assert "ahead of" in line.message
    assert next(iter(run_checks(CLOCK_CHECKS, agreeing))).status is Status.OK
