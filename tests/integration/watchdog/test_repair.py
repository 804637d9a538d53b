"""What a role changes for itself is set right, and recorded."""

from __future__ import annotations

import secrets
from collections.abc import Generator

import psycopg
import pytest
from psycopg import sql

from pgmoat.watchdog.roles import read_changes
from tests.integration.watchdog.conftest import POLICY, SCHEMA, Post, hire_watcher, wait_for
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer


@pytest.fixture(scope="module")
def owned(server: PostgresServer) -> Generator[Post]:
    """A moat whose passwords are as recorded, and a superuser's watchdog."""
    with open_moat(server, SCHEMA, POLICY) as moat:
        moat.run(
            "UPDATE pgmoat.agent AS a SET password_verifier = r.rolpassword"
            " FROM pg_authid AS r WHERE r.rolname = a.role"
        )
        yield Post(moat, moat.database.dsn)


def read_settings(moat: Moat, agent: str = "clerk") -> set[str]:
    return set(
        moat.value(
            "SELECT array_agg(x) FROM pg_db_role_setting, unnest(setconfig) AS x"
            " WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = %s)",
            moat.role(agent),
        )
    )


def test_settings_and_password(owned: Post) -> None:
    moat = owned.moat
    before = read_settings(moat)
    with owned.watch() as running, moat.connect("clerk") as clerk:
        clerk.execute("ALTER ROLE CURRENT_USER SET search_path = public")
        clerk.execute("ALTER ROLE CURRENT_USER SET statement_timeout = 0")
        clerk.execute("ALTER ROLE CURRENT_USER SET work_mem = '1GB'")
        database = sql.Identifier(moat.database.name)
        clerk.execute(sql.SQL("ALTER ROLE CURRENT_USER IN DATABASE {} SET lock_timeout = 0").format(database))
        clerk.execute(
            sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(sql.Literal(secrets.token_hex(8)))
        )
        wait_for(lambda: read_settings(moat) == before and len(running.incidents) >= 5)
    with moat.connect("clerk") as clerk:  # with the password that it had
        assert clerk.execute("SHOW search_path").fetchone() == ("agent, pg_temp",)
    found = owned.incidents("agent, kind, action, detail")
    assert {row[:3] for row in found} == {("clerk", "role-changed", "repaired")}
    assert {row[3]["setting"] for row in found} == {
        "search_path", "statement_timeout", "work_mem", "lock_timeout", "password",
    }  # fmt: skip


def test_what_no_role_changes_for_itself_is_somebody_elses(owned: Post) -> None:
    """temp_file_limit is a superuser's: an apply without superuser leaves it out, and that is no change."""
    moat = owned.moat
    role = sql.Identifier(moat.role("slow"))
    with owned.watch() as running:
        moat.run(sql.SQL("ALTER ROLE {} RESET temp_file_limit").format(role))
        moat.run(sql.SQL("ALTER ROLE {} SET work_mem = '1GB'").format(role))
        wait_for(lambda: running.incidents)
    assert {incident.detail["setting"] for incident in running.incidents} == {"work_mem"}


def test_a_role_that_holds_its_row_does_not_hold_up_the_watchdog(owned: Post) -> None:
    moat = owned.moat
    with moat.connect("slow") as holder, moat.connect("clerk") as busy:
        holder.execute("ALTER ROLE CURRENT_USER SET work_mem = '1GB'")
        holder.execute("BEGIN; ALTER ROLE CURRENT_USER SET work_mem = '2GB'")
        with owned.watch():
            busy.execute("SET statement_timeout = 0")
            with pytest.raises(psycopg.errors.QueryCanceled):
                busy.execute("SELECT pg_sleep(9)")
            assert "work_mem=1GB" in read_settings(moat, "slow")
            holder.execute("ROLLBACK")
            wait_for(lambda: "work_mem=1GB" not in read_settings(moat, "slow"))


def test_who_may_not_repair_reports_it_once(post: Post, moat: Moat) -> None:
    try:
        with post.watch(), moat.connect("clerk") as clerk:
            clerk.execute("ALTER ROLE CURRENT_USER SET work_mem = '1GB'")
            wait_for(post.incidents)
            clerk.execute("SELECT pg_sleep(0.7)")
        ((kind, action, detail),) = post.incidents("kind, action, detail")
        assert (kind, action, detail["setting"]) == ("role-changed", "failed", "work_mem")
        assert "permission denied" in detail["why"]
        assert detail["why"].startswith("needs a superuser, or the role that applied")
        assert "work_mem=1GB" in read_settings(moat)
    finally:
        with moat.connect("clerk") as clerk:
            clerk.execute("ALTER ROLE CURRENT_USER RESET work_mem")


def test_megabytes_are_set_right_and_cut_in_the_record(owned: Post) -> None:
    moat = owned.moat
    before = read_settings(moat)
    with moat.connect("clerk") as clerk:
        clerk.execute("SET statement_timeout = 0")
        megabytes = sql.Literal(secrets.token_hex(1_000_000))
        clerk.execute(sql.SQL("ALTER ROLE CURRENT_USER SET work_mem = '1GB'"))
        clerk.execute(sql.SQL("ALTER ROLE CURRENT_USER SET application_name = {}").format(megabytes))
    with moat.superuser() as judge:
        changes = {change.key: change for change in read_changes(judge, sees_passwords=True)}
    found = changes["application_name"].found or ""
    assert len(found) < 300
    assert found.endswith("... (2000017 bytes)")
    assert changes["work_mem"].found == "1GB"
    with owned.watch() as running:
        wait_for(lambda: read_settings(moat) == before and len(running.incidents) >= 2, 20)
    assert max(len(repr(incident)) for incident in running.incidents) < 3000
    ((size,),) = moat.read("SELECT max(octet_length(i::text)) FROM pgmoat.incident AS i")
    assert size < 3000


def test_a_role_that_changes_much_and_holds_its_row_starves_nobody(owned: Post) -> None:
    """Rounds that wait for it setting by setting would outlast the lease: no heartbeat, no record."""
    moat = owned.moat
    before = read_settings(moat, "slow")
    limits = "UPDATE pgmoat.agent SET idle_timeout_ms = %s, transaction_timeout_ms = %s WHERE name = 'slow'"
    moat.run(limits, 600_000, 600_000)
    with moat.connect("slow") as holder:
        holder.execute("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0")
        with holder.transaction():
            for name in list_switches(moat):
                holder.execute(sql.SQL("ALTER ROLE CURRENT_USER SET {} = off").format(sql.Identifier(name)))
        changed = read_settings(moat, "slow")
        assert len(changed - before) > 40
        holder.execute("BEGIN; ALTER ROLE CURRENT_USER SET work_mem = '2GB'")
        counted = "SELECT COALESCE(sum(samples), 0) FROM pgmoat.sampling"
        with owned.watch() as running:
            for _ in range(4):
                beat = moat.value("SELECT at FROM pgmoat.heartbeat")
                samples = moat.value(counted)
                wait_for(lambda at=beat: moat.value("SELECT at FROM pgmoat.heartbeat") > at, 15)
                wait_for(lambda n=samples: moat.value(counted) > n, 15)
            assert read_settings(moat, "slow") == changed
            assert not running.incidents
            holder.execute("ROLLBACK")
            wait_for(lambda: read_settings(moat, "slow") == before, 60)
            wait_for(lambda: len(running.incidents) == len(changed - before), 60)
    moat.run(limits, 9_000, 9_000)


def list_switches(moat: Moat) -> list[str]:
    """Return settings that anybody may turn off for its own role, and that nothing here needs."""
    rows = moat.read(
        "SELECT name FROM pg_settings WHERE context = 'user' AND vartype = 'bool'"
        " AND name NOT IN ('is_superuser', 'transaction_read_only', 'transaction_deferrable',"
        " 'default_transaction_read_only') ORDER BY name"
    )
    return [name for (name,) in rows]


def test_who_may_not_repair_does_not_say_so_again_after_a_restart(owned: Post) -> None:
    moat, lesser = owned.moat, hire_watcher(owned.moat)
    before = read_settings(moat)
    with lesser.watch() as first, moat.connect("clerk") as clerk:
        clerk.execute("ALTER ROLE CURRENT_USER SET work_mem = '1GB'")
        wait_for(lambda: first.incidents)
    with lesser.watch() as again, moat.connect("clerk") as clerk:
        clerk.execute("ALTER ROLE CURRENT_USER SET lock_timeout = 0")  # another one, which is told
        wait_for(lambda: again.incidents)
    assert {incident.detail["setting"] for incident in again.incidents} == {"lock_timeout"}
    with owned.watch() as able:  # a superuser's mends what the other could only tell
        wait_for(lambda: read_settings(moat) == before and len(able.incidents) >= 2)
    assert {incident.action for incident in able.incidents} == {"repaired"}
