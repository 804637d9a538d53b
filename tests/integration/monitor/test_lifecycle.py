"""
Counters of refusals and the views over a policy's life: new, retired and renamed agents, new codes, destroy.

I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgmoat.plan.render import list_lines
from tests.integration.monitor.test_rights import VIEWS
from tests.integration.plan.conftest import Site, open_site
from tests.integration.plan.test_destroy import read_fingerprint
from tests.moat_fixtures import refused
from tests.postgres_fixtures import Database


@pytest.fixture
def site(database: Database, role_prefix: str, tmp_path: Path) -> Generator[Site]:
    """A shop before anything was applied."""
    with open_site(database, role_prefix, tmp_path) as opened:
        yield opened


def _refuse(site: Site, agent: str, times: int = 1) -> None:
    lines = dict(line.split("=", 1) for line in site.credentials.read_text().splitlines())
    dsn = lines[f"PGMOAT_DSN_{agent.upper()}"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for _ in range(times):
            with refused("PM001"):
                connection.execute("SELECT * FROM agent.orders")


def _read_counts(site: Site) -> dict[str, int]:
    rows = site.connection.execute("SELECT agent, refusals FROM pgmoat.refusals WHERE code = 'PM001'")
    return dict(rows.fetchall())


def _apply(site: Site) -> None:
    site.apply()
    assert site.plan().is_in_order, list_lines(site.plan())


def test_a_renamed_agent_is_counted_on_and_the_old_one_kept(site: Site) -> None:
    _apply(site)
    _refuse(site, "clerk", 2)
    renamed = site.with_policy("clerk:", "worker:")
    _apply(renamed)
    _refuse(renamed, "worker")
    assert _read_counts(site) == {"clerk": 2, "worker": 1}
    both = site.with_policy("agents:", "agents:\n  worker: {entities: {orders: {update: all}}}")
    _apply(replace(both, credentials=site.credentials))
    _refuse(both, "clerk")
    _refuse(both, "worker")
    assert _read_counts(site) == {"clerk": 3, "worker": 2}


def test_the_task_of_an_agent_that_left_the_policy_is_retired(site: Site) -> None:
    _apply(site)
    site.run("SELECT pgmoat.open_task('reader', 't1')")
    _apply(site.with_policy("  reader: {entities: {orders: {select: all}}}\n", ""))
    assert site.value("SELECT state FROM pgmoat.task_budgets WHERE agent = 'reader'") == "retired"
    assert site.value("SELECT array_agg(agent) FROM pgmoat.hour_budgets") == ["clerk"]


def test_an_agent_whose_role_got_another_name_is_counted_on(site: Site) -> None:
    _apply(site)
    _refuse(site, "reader")
    moved = site.with_policy(f"agent_role_prefix: {site.prefix},", f"agent_role_prefix: {site.prefix}x_,")
    _apply(moved)
    _refuse(moved, "reader")
    assert _read_counts(site) == {"reader": 2}


def test_a_code_of_a_later_version_gets_its_counters_with_the_next_apply(site: Site) -> None:
    """As an older version left it: no counter of the code, and another function."""
    _apply(site)
    site.run("SET ROLE PREFIXm_owner")
    site.run("DELETE FROM pgmoat.refusal_counter WHERE code = 'PM001'")
    site.run("CREATE OR REPLACE FUNCTION pgmoat.refusal_codes() RETURNS TABLE (code text, meaning text)"
             " LANGUAGE sql AS $$ VALUES ('PM002', 'x') $$")  # fmt: skip
    site.run("RESET ROLE")
    _apply(site)
    _refuse(site, "clerk")
    assert _read_counts(site) == {"clerk": 1}


def test_a_view_that_somebody_changed_comes_back_with_its_grant(site: Site) -> None:
    _apply(site)
    site.run("ALTER VIEW pgmoat.deletions RENAME COLUMN reason TO why; DROP VIEW pgmoat.hour_budgets")
    site.run("REVOKE ALL ON pgmoat.refusals FROM PREFIXm_monitor")
    assert not site.plan().is_in_order
    _apply(site)
    for view in VIEWS:
        assert site.value(f"SELECT has_table_privilege('PREFIXm_monitor', 'pgmoat.{view}', 'SELECT')")


def test_destroy_keeps_the_counts_with_the_history_and_a_later_apply_goes_on(site: Site) -> None:
    _apply(site)
    _refuse(site, "clerk", 3)
    site.destroy()
    assert site.value("SELECT count(*) FROM pg_class WHERE relname = ANY (ARRAY['refusals', 'writes'])") == 0
    site.credentials.unlink()
    _apply(site)
    _refuse(site, "clerk")
    assert _read_counts(site) == {"clerk": 4}


def test_destroy_of_everything_takes_all_of_it_away(site: Site) -> None:
    before = read_fingerprint(site)
    site.apply()
    _refuse(site, "clerk")
    site.destroy(everything=True)
    assert read_fingerprint(site) == before
