"""Hardening without a superuser: what belongs to others is left to them, and said."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import psycopg
import pytest

from pgmoat.errors import PlanBlockedError
from pgmoat.harden.render import render_left
from tests.integration.harden.conftest import Site
from tests.integration.harden.test_walls import WAYS, try_as

OF_A_SUPERUSER = ("making large objects", "signals", "advisory locks", "languages")


@pytest.fixture
def managed(bare: Site) -> Generator[Site]:
    """The shop under its policy, installed by a role that owns the database and acts for the owner."""
    bare.run(
        "CREATE ROLE PREFIXinstaller LOGIN CREATEROLE PASSWORD 'secret' IN ROLE PREFIXowner;"
        f' ALTER DATABASE "{bare.database.name}" OWNER TO PREFIXinstaller'
    )
    bare.run("CREATE FUNCTION public.of_superuser() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    text = bare.policy_text + "  - {object: public.of_superuser(), why: as it was}\n"
    dsn = bare.database.dsn_for(bare.role("installer"), "secret")
    managed = replace(bare, policy_text=text, dsn=dsn)
    managed.apply()
    managed.set_passwords()
    yield managed
    bare.run(f'ALTER DATABASE "{bare.database.name}" OWNER TO postgres')


def test_what_belongs_to_others_is_left_to_them(managed: Site) -> None:
    before = managed.acls()
    left = managed.plan(harden="all").hardening.left
    assert {closure.needs for closure in left} == {"superuser"}
    assert "function public.of_superuser()" in {closure.object for closure in left}
    managed.apply(harden="all")
    for name, statement in WAYS.items():
        wanted = None if name in OF_A_SUPERUSER else "42501"
        assert try_as(managed, "a_clerk", statement) == wanted, name
        assert try_as(managed, "web", statement) is None, name
    plan = managed.plan(harden="all")
    assert plan.planned.plan.is_in_order
    assert plan.hardening.left == left
    managed.apply(soften="all")
    assert managed.acls() == before


def test_a_superuser_runs_what_is_printed_and_it_is_taken_back_likewise(managed: Site) -> None:
    before = managed.acls()
    managed.apply(harden="all")
    managed.run(render_left(managed.plan(harden="all").hardening))
    for statement in WAYS.values():
        assert try_as(managed, "a_clerk", statement) == "42501", statement
        assert try_as(managed, "web", statement) is None, statement
    plan = managed.plan(harden="all")
    assert plan.planned.plan.is_in_order
    assert not plan.hardening.left
    with pytest.raises(PlanBlockedError, match="cannot be applied") as caught:
        managed.destroy()
    assert "needs superuser" in caught.value.detail
    managed.apply(soften="all")
    assert managed.value("SELECT count(*) FROM pgmoat.closure") > 0
    managed.run(render_left(managed.plan(soften="all").hardening))
    assert managed.value("SELECT count(*) FROM pgmoat.closure") == 0
    assert managed.acls() == before
    managed.destroy()


def test_who_may_only_become_the_owner_acts_as_the_owner(managed: Site) -> None:
    if managed.database.server.server_version < 160_000:
        pytest.skip("before PostgreSQL 16 a membership has no options")
    managed.run("GRANT PREFIXowner TO PREFIXinstaller WITH INHERIT FALSE, SET TRUE")
    before = managed.acls()
    managed.apply(harden="functions,tables")
    assert try_as(managed, "a_clerk", WAYS["functions"]) == "42501"
    assert try_as(managed, "web", WAYS["functions"]) is None
    managed.apply(soften="functions,tables")
    assert managed.acls() == before


def test_whoever_may_not_read_the_record_is_told(managed: Site) -> None:
    managed.apply(harden="temporary")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        replace(managed, dsn=managed.database.dsn_for(managed.role("web"), "secret")).plan()
