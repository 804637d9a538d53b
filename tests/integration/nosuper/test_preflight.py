"""What the installer lacks is said before anything happens, with the statement that helps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from pgmoat.errors import PlanBlockedError
from pgmoat.model.finding import Finding, Severity
from tests.integration.nosuper.conftest import SET_ONLY, Site, open_site
from tests.postgres_fixtures import Database


def list_errors(site: Site, dsn: str | None = None) -> list[Finding]:
    """Return the errors of the plan, those of the policy's checks first."""
    planned = site.plan(dsn)
    return [f for f in (*planned.findings, *planned.plan.findings) if f.severity is Severity.ERROR]


def follow(site: Site, findings: Iterable[Finding]) -> None:
    """Run, as the superuser, what the hints say."""
    for finding in findings:
        statement = re.sub(r"--.*", "", finding.hint)
        assert statement.rstrip().endswith(";"), finding
        site.run(statement)


@pytest.mark.parametrize(
    ("breaking", "code", "path"),
    [
        ("ALTER ROLE PREFIXinstaller NOCREATEROLE", "cannot-create-roles", ""),
        ("ALTER DATABASE DATABASE_NAME OWNER TO postgres", "cannot-create-schemas", ""),
        ("REVOKE PREFIXcrm FROM PREFIXinstaller", "not-member-of-owner", "entities.customers.table"),
        ("REVOKE CREATE ON SCHEMA app FROM PREFIXapp", "people-view-schema", "entities.orders.people_view"),
    ],
)
def test_what_is_missing_is_said_with_its_remedy(plain: Site, breaking: str, code: str, path: str) -> None:
    plain.run(breaking.replace("DATABASE_NAME", plain.database.name))
    errors = list_errors(plain)
    assert (code, path) in {(finding.code, finding.dotted_path) for finding in errors}
    follow(plain, errors)
    plain.apply()
    assert plain.plan().plan.is_in_order


def test_a_schema_of_the_database_owner(plain: Site) -> None:
    """Schema public belongs to whoever owns the database."""
    plain.run("CREATE TABLE public.stock (id int PRIMARY KEY); ALTER TABLE public.stock OWNER TO PREFIXapp")
    plain.run(f"ALTER DATABASE {plain.database.name} OWNER TO postgres")
    plain.run(f"GRANT CREATE ON DATABASE {plain.database.name} TO PREFIXinstaller")
    more = plain.with_policy(
        "  customers: {table", "  stock: {table: public.stock, columns: {id: {}}}\n  customers: {table"
    )
    errors = list_errors(more)
    assert [(e.code, e.dotted_path) for e in errors] == [("not-member-of-owner", "entities.stock.table")]
    follow(more, errors)
    more.apply()
    assert more.plan().plan.is_in_order


def test_a_schema_that_may_not_be_used(database: Database, role_prefix: str, tmp_path: Path) -> None:
    if database.server.server_version < 160000:
        pytest.skip("before PostgreSQL 16 a membership has no options")
    with open_site(database, role_prefix, tmp_path, SET_ONLY) as site:
        site.run("REVOKE USAGE ON SCHEMA crm FROM PREFIXinstaller")
        errors = list_errors(site)
        assert [(e.code, e.dotted_path) for e in errors] == [
            ("cannot-use-schema", "entities.customers.table")
        ]
        follow(site, errors)
        site.apply()


def test_a_table_of_a_superuser_is_not_to_be_had_by_membership(plain: Site) -> None:
    plain.run("ALTER TABLE crm.customers OWNER TO postgres")
    (error,) = list_errors(plain)
    assert error.code == "not-member-of-owner"
    assert "GRANT" not in error.hint
    assert "can become one" in error.hint


def test_noinherit_before_16(plain: Site) -> None:
    plain.run("ALTER ROLE PREFIXinstaller NOINHERIT")
    errors = list_errors(plain)
    if plain.database.server.server_version >= 160000:
        plain.apply()
        assert plain.plan().plan.is_in_order
    else:
        assert "not-inheriting" in {error.code for error in errors}
        follow(plain, [error for error in errors if error.code == "not-inheriting"])
        plain.apply()


def test_nothing_is_done_when_something_is_missing(plain: Site) -> None:
    plain.run("GRANT SET ON PARAMETER work_mem TO PREFIXapp WITH GRANT OPTION")
    plain.apply()
    plain.run("ALTER TABLE app.orders DROP COLUMN delete_reason CASCADE")
    plain.run("GRANT SET ON PARAMETER work_mem TO PREFIXa_clerk")
    (error,) = list_errors(plain)
    assert error.code == "cannot-apply"
    with pytest.raises(PlanBlockedError):
        plain.apply()
    assert plain.value("SELECT to_jsonb(o) ? 'delete_reason' FROM app.orders AS o LIMIT 1") is False
    follow(plain, [error])
    plain.run("REVOKE ALL ON PARAMETER work_mem FROM PREFIXapp CASCADE")
    plain.apply()
    assert plain.plan().plan.is_in_order


@pytest.mark.parametrize(
    "breaking",
    [
        "ALTER ROLE PREFIXa_clerk SUPERUSER",
        "ALTER ROLE PREFIXa_clerk REPLICATION",
        "ALTER ROLE PREFIXm_views BYPASSRLS",
        "CREATE ROLE PREFIXother; GRANT SELECT ON app.orders TO PREFIXother WITH GRANT OPTION;"
        "GRANT USAGE ON SCHEMA app TO PREFIXother;"
        "SET ROLE PREFIXother; GRANT SELECT ON app.orders TO PREFIXa_clerk; RESET ROLE",
        "CREATE ROLE PREFIXother; ALTER VIEW agent.orders OWNER TO PREFIXother",
        "CREATE ROLE PREFIXother; ALTER FUNCTION pgmoat.gate(text) OWNER TO PREFIXother",
    ],
)
def test_drift_beyond_the_installer_blocks_with_its_remedy(plain: Site, breaking: str) -> None:
    plain.apply()
    plain.run(breaking)
    errors = list_errors(plain)
    if errors:
        assert {error.code for error in errors} == {"cannot-apply"}
        with pytest.raises(PlanBlockedError):
            plain.apply()
        follow(plain, errors)
        assert list_errors(plain) == []
    plain.apply()
    assert plain.plan().plan.is_in_order


def test_a_membership_given_by_a_superuser(plain: Site) -> None:
    """From PostgreSQL 16 on CREATEROLE does not rule over it."""
    plain.apply()
    plain.run("CREATE ROLE PREFIXstaff; GRANT PREFIXstaff TO PREFIXa_clerk")
    errors = list_errors(plain)
    assert bool(errors) is (plain.database.server.server_version >= 160000)
    follow(plain, errors)
    plain.apply()
    assert plain.plan().plan.is_in_order
    assert plain.value("SELECT pg_has_role('PREFIXa_clerk', 'PREFIXstaff', 'MEMBER')") is False


def test_another_installer_takes_over(plain: Site) -> None:
    plain.apply()
    plain.run("CREATE ROLE PREFIXsecond LOGIN CREATEROLE PASSWORD 'second'")
    plain.run("GRANT PREFIXapp, PREFIXcrm TO PREFIXsecond")
    plain.run(f"GRANT ALL ON DATABASE {plain.database.name} TO PREFIXsecond")
    dsn = plain.database.dsn_for(f"{plain.prefix}second", "second")
    (error,) = list_errors(plain, dsn)
    assert error.code == "cannot-read-pgmoat"
    follow(plain, [error])
    errors = list_errors(plain, dsn)
    assert bool(errors) is (plain.database.server.server_version >= 160000)
    follow(plain, errors)
    plain.apply(dsn)
    assert plain.plan(dsn).plan.is_in_order
    assert plain.plan().plan.is_in_order
    with pytest.raises(PlanBlockedError, match="cannot be applied") as caught:
        plain.destroy(everything=True, dsn=dsn)
    assert caught.value.detail.startswith("database")
    plain.run(f"ALTER DATABASE {plain.database.name} OWNER TO PREFIXsecond")
    plain.destroy(everything=True, dsn=dsn)
    assert plain.tell_traces() == []


def test_what_a_superuser_installed_is_taken_over(plain: Site) -> None:
    plain.apply(plain.database.dsn)
    (error,) = list_errors(plain)
    follow(plain, [error])
    follow(plain, list_errors(plain))
    plain.apply()
    assert plain.plan().plan.is_in_order
    plain.destroy()
    assert plain.tell_traces() == ["schema pgmoat"]


def test_destroy_says_what_is_missing(plain: Site) -> None:
    plain.apply()
    plain.run("CREATE ROLE PREFIXsecond LOGIN CREATEROLE PASSWORD 'second'")
    with pytest.raises(PlanBlockedError):
        plain.destroy(dsn=plain.database.dsn_for(f"{plain.prefix}second", "second"))
    plain.run("REVOKE PREFIXapp FROM PREFIXinstaller")
    with pytest.raises(PlanBlockedError, match="cannot be applied"):
        plain.destroy(everything=True)
    assert plain.plan(plain.database.dsn).plan.findings == ()


def test_unseen_passwords_are_said(plain: Site) -> None:
    plain.apply()
    with plain.agent("reader") as reader, psycopg.connect(plain.database.dsn) as judge:
        reader.execute("SET default_transaction_read_only = off")
        reader.execute("ALTER ROLE CURRENT_USER PASSWORD 'mine'")
        planned = plain.plan()
        assert planned.plan.is_in_order
        assert "passwords-unseen" in {finding.code for finding in planned.findings}
        assert "passwords-unseen" not in {f.code for f in plain.plan(plain.database.dsn).findings}
        judge.rollback()


def test_a_database_of_somebody_else(plain: Site) -> None:
    """Agents get CONNECT, which only its owner can give."""
    plain.run(f"ALTER DATABASE {plain.database.name} OWNER TO postgres")
    plain.run(f"GRANT CREATE ON DATABASE {plain.database.name} TO PREFIXinstaller")
    errors = list_errors(plain)
    assert [error.code for error in errors] == ["cannot-apply"]
    follow(plain, errors)
    plain.apply()
