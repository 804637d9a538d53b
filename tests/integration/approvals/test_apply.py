"""Approvals in a policy that comes, changes and goes."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from pgmoat.errors import ApplyError
from tests.integration.approvals.shop import POLICY, SCHEMA
from tests.integration.plan.conftest import Site, open_site
from tests.postgres_fixtures import Database


@pytest.fixture
def site(database: Database, role_prefix: str, tmp_path: Path) -> Generator[Site]:
    """The shop, before anything was applied."""
    with open_site(database, role_prefix, tmp_path) as opened:
        opened.run("DROP TABLE public.orders, public.customers")
        opened.run(SCHEMA)
        settings = f"settings: {{agent_role_prefix: {role_prefix}, system_role_prefix: {role_prefix}m_}}"
        yield replace(opened, policy=f"version: 1\n{settings}\n{POLICY}")


def test_apply_changes_and_destroy(site: Site) -> None:
    site.apply()
    assert site.plan().is_in_order
    may_hold = "SELECT has_function_privilege('PREFIXm_op_{}', 'pgmoat.hold_operation'::regproc, 'EXECUTE')"
    assert site.value(may_hold.format("wipe"))
    assert not site.value(may_hold.format("free"))
    changed = site.with_policy("    approval: always\n  bump_many:", "  bump_many:").with_policy(
        "rows_per_task: 50", "rows_per_task: 60"
    )
    assert not changed.plan().is_in_order
    changed.apply()
    assert changed.plan().is_in_order
    assert not site.value(may_hold.format("wipe"))
    assert site.value("SELECT approval_task_rows FROM pgmoat.agent WHERE name = 'worker'") == 60
    site.run("UPDATE pgmoat.agent SET approval_statement_rows = NULL")
    site.run("GRANT SELECT ON pgmoat.approval TO PREFIXworker")
    assert not changed.plan().is_in_order
    changed.apply()
    assert changed.plan().is_in_order
    assert site.value("SELECT approval_statement_rows FROM pgmoat.agent WHERE name = 'worker'") == 20
    assert not site.value("SELECT has_table_privilege('PREFIXworker', 'pgmoat.approval', 'SELECT')")
    site.destroy(everything=True)
    assert site.value("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'PREFIX')") == 0


@pytest.mark.parametrize(
    ("condition", "marked"),
    [
        (":amount >> 100", ">>"),
        (":amount > (SELECT max(secret) FROM counters)", "secret"),
        ("EXISTS (SELECT FROM items)", "items"),
    ],
)
def test_a_condition_that_cannot_work(site: Site, condition: str, marked: str) -> None:
    broken = site.with_policy('when: ":amount > 100"', f'when: "{condition}"')
    with pytest.raises(ApplyError, match="operation refund, approval") as caught:
        broken.apply()
    assert marked in caught.value.detail
    assert site.value("SELECT to_regnamespace('pgmoat') IS NULL")
