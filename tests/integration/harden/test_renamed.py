"""Objects and roles that have another name when a hardening is taken back, or another object theirs."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import psycopg
import pytest

from pgmoat.devpg.install import find_wheel_binaries
from tests.integration.harden.conftest import Site
from tests.integration.harden.test_walls import WAYS, try_as
from tests.postgres_fixtures import create_database

RENAMES = {
    "function": (
        "ALTER FUNCTION public.total() RENAME TO sum_total",
        "ALTER FUNCTION public.sum_total() RENAME TO total",
    ),
    "function-moved": (
        "CREATE SCHEMA PREFIXaway; ALTER FUNCTION public.plain(integer) SET SCHEMA PREFIXaway",
        "ALTER FUNCTION PREFIXaway.plain(integer) SET SCHEMA public; DROP SCHEMA PREFIXaway",
    ),
    "procedure": (
        'ALTER PROCEDURE public."Odd proc"(integer) RENAME TO "even ""proc"',
        'ALTER PROCEDURE public."even ""proc"(integer) RENAME TO "Odd proc"',
    ),
    "table": ("ALTER TABLE public.audit RENAME TO kept", "ALTER TABLE public.kept RENAME TO audit"),
    "column": (
        "ALTER TABLE public.prices RENAME price TO amount",
        "ALTER TABLE public.prices RENAME amount TO price",
    ),
    "sequence": (
        "ALTER SEQUENCE public.tickets RENAME TO coupons",
        "ALTER SEQUENCE public.coupons RENAME TO tickets",
    ),
    "role": ("ALTER ROLE PREFIXweb RENAME TO PREFIXnet", "ALTER ROLE PREFIXnet RENAME TO PREFIXweb"),
    "owner": ("ALTER ROLE PREFIXowner RENAME TO PREFIXboss", "ALTER ROLE PREFIXboss RENAME TO PREFIXowner"),
}


@pytest.mark.parametrize("what", RENAMES)
def test_what_has_another_name_is_given_back(kept: Site, what: str) -> None:
    before = kept.acls()
    kept.apply(harden="all")
    there, back = RENAMES[what]
    kept.run(there)
    assert not kept.plan(soften="all").hardening.softening.missing
    kept.apply(soften="all")
    kept.run(back)
    assert kept.acls() == before
    assert kept.value("SELECT count(*) FROM pgmoat.closure") == 0


def test_another_object_of_the_old_name_is_another_object(site: Site) -> None:
    before = site.acls()
    site.apply(harden="functions")
    site.run("ALTER FUNCTION public.total() RENAME TO older")
    site.run("CREATE FUNCTION public.total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    findings = [f.code for f in site.plan().planned.plan.findings]
    assert "closure-reopened" not in findings
    site.apply(harden="functions")
    assert site.value("SELECT count(*) FROM pgmoat.closure WHERE object = 'public.total()'") == 2
    site.apply(soften="functions")
    after = site.acls()
    assert after.pop("function older()") == before["function total()"]
    assert site.value("SELECT count(*) FROM pgmoat.closure") == 0


def test_a_function_that_was_made_again_is_open_again(site: Site) -> None:
    site.apply(harden="functions")
    site.run("DROP FUNCTION public.plain(integer), public.total() CASCADE")
    site.run("CREATE FUNCTION public.total() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    assert [f.code for f in site.plan().planned.plan.findings] == ["closure-reopened"]
    site.apply(harden="functions")
    assert site.plan().planned.plan.is_in_order
    assert site.value("SELECT count(*) FROM pgmoat.closure WHERE object = 'public.total()'") == 1
    assert try_as(site, "a_clerk", WAYS["functions"]) == "42501"
    site.apply(soften="functions")
    assert site.value("SELECT count(*) FROM pgmoat.closure") == 0


def test_a_role_that_was_made_again_is_served(site: Site) -> None:
    before = site.acls()
    site.apply(harden="temporary")
    site.run("DROP OWNED BY PREFIXweb; DROP ROLE PREFIXweb; CREATE ROLE PREFIXweb LOGIN PASSWORD 'secret'")
    assert try_as(site, "web", WAYS["temporary"]) == "42501"
    assert [closure.keeps for closure in site.plan(harden="temporary").hardening.closures] == [
        (site.role("web"),)
    ]
    site.apply(harden="temporary")
    assert try_as(site, "web", WAYS["temporary"]) is None
    site.apply(soften="temporary")
    assert site.acls() == before


def test_what_is_gone_is_told(site: Site) -> None:
    site.apply(harden="large-objects")
    site.run("SELECT lo_unlink(4711)")
    told = [f for f in site.plan(soften="all").planned.findings if f.code.startswith("closure-")]
    assert [(f.code, "large object 4711" in f.message) for f in told] == [("closure-gone", True)]


def test_numbers_mean_nothing_after_a_restore(site: Site) -> None:
    """OIDs are of one database: in a copy of it names count, and what has none is told."""
    site.apply(harden="functions")
    total = site.value("SELECT object_id FROM pgmoat.closure WHERE object = 'public.total()'")
    assert total == site.value("SELECT 'public.total()'::regprocedure::oid")
    dump = subprocess.run(
        [find_wheel_binaries(18) / "pg_dump", "-d", site.database.dsn], capture_output=True, check=True
    ).stdout
    with create_database(site.database.server) as copy:
        program = find_wheel_binaries(18) / "psql"
        subprocess.run([program, "-X", "-q", "-d", copy.dsn], input=dump, capture_output=True, check=True)
        with psycopg.connect(copy.dsn, autocommit=True) as connection:
            restored = replace(site, database=copy, dsn=copy.dsn, judge=connection)
            restored.run('ALTER PROCEDURE public."Odd proc"(integer) RENAME TO other')
            told = {f.code: f.message for f in restored.plan(soften="all").planned.findings}
            assert "there is no procedure public.Odd proc(integer) any more" in told["closure-lost"]
            assert try_as(restored, "a_clerk", WAYS["functions"]) == "42501"
            restored.apply(soften="all")
            assert restored.value("SELECT count(*) FROM pgmoat.closure") == 0
            may = "SELECT has_function_privilege('PREFIXa_clerk', 'public.{}', 'EXECUTE')"
            assert restored.value(may.format("total()"))
            assert not restored.value(may.format("other(integer)"))
