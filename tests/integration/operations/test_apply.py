"""Operations that come, change and go; and SQL of the policy that PostgreSQL refuses while it is applied."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from pgmoat.devpg.install import find_wheel_binaries
from pgmoat.errors import ApplyError
from pgmoat.model.objects import Kind
from pgmoat.plan.render import render_script
from tests.integration.operations.shop import POLICY, SCHEMA
from tests.integration.plan.conftest import Site, open_site
from tests.postgres_fixtures import Database


@pytest.fixture
def site(database: Database, role_prefix: str, tmp_path: Path) -> Generator[Site]:
    """The shop with operations, before anything was applied."""
    with open_site(database, role_prefix, tmp_path) as opened:
        opened.run("DROP TABLE public.orders, public.customers")
        opened.run(SCHEMA)
        settings = f"settings: {{agent_role_prefix: {role_prefix}, system_role_prefix: {role_prefix}m_}}"
        yield replace(opened, policy=f"version: 1\n{settings}\n{POLICY}")


def test_apply_changes_and_destroy(site: Site) -> None:
    site.apply()
    assert site.plan().is_in_order
    changed = (
        site.with_policy("affects: 2", "affects: 3")
        .with_policy("reason: {type: text, optional: true}", "why: {type: text, optional: true}")
        .with_policy(":reason);", ":why);")
    )
    plan = changed.plan()
    assert {(a.kind, a.name) for a in plan.actions if a.kind is not Kind.GRANT} == {
        (Kind.FUNCTION, "agent.refund_order(bigint,numeric,text,text)")
    }
    changed.apply()
    assert changed.plan().is_in_order
    may_call = "SELECT has_function_privilege('PREFIX{}', 'agent.refund_order'::regproc, 'EXECUTE')"
    assert site.value(may_call.format("support"))
    assert not site.value(may_call.format("clerk"))
    retyped = changed.with_policy("order_id: bigint\n      amount", "order_id: integer\n      amount")
    retyped.apply()
    assert site.value("SELECT count(*) FROM pg_proc WHERE proname = 'refund_order'") == 1
    site.destroy(everything=True)
    assert site.value("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'PREFIX')") == 0
    assert site.value("SELECT to_regnamespace('agent') IS NULL")


def test_an_operation_that_goes_takes_its_role_along(site: Site) -> None:
    site.apply()
    start = site.policy.index("  drop_order:")
    end = site.policy.index("agents:\n")
    smaller = replace(site, policy=(site.policy[:start] + site.policy[end:]).replace(", drop_order", ""))
    smaller.apply()
    assert smaller.plan().is_in_order
    assert site.value("SELECT count(*) FROM pg_roles WHERE rolname = 'PREFIXm_op_drop_order'") == 0
    assert site.value("SELECT to_regproc('agent.drop_order') IS NULL")


def test_drift_of_an_operation_is_repaired(site: Site) -> None:
    site.apply()
    site.run("GRANT EXECUTE ON FUNCTION agent.refund_order TO PUBLIC")
    site.run("ALTER FUNCTION agent.mark_many SECURITY INVOKER")
    site.run("GRANT INSERT ON agent.orders TO PREFIXm_op_refund_order")
    assert not site.plan().is_in_order
    site.apply()
    assert site.plan().is_in_order
    assert site.value("SELECT prosecdef FROM pg_proc WHERE proname = 'mark_many'")


_BROKEN = [
    (
        "sql: DELETE FROM orders WHERE",
        "sql: DELETE FORM orders WHERE",
        "operation drop_order, statement 1",
        "FORM",
    ),
    (
        "UPDATE orders SET status = 'refunded' WHERE id = :order_id AND",
        "UPDATE orders SET status = 'refunded' WHERE nr = :order_id AND",
        "operation refund_order, statement 1",
        "nr",
    ),
    (
        "returns: SELECT id, status FROM orders",
        "returns: SELECT id, status FROM public.orders",
        "operation refund_order, returns",
        "status",
    ),
    ("o.status = 'delivered')", "o.status = :amount)", "operation refund_order, precondition 2", "="),
]


@pytest.mark.parametrize(("old", "new", "what", "marked"), _BROKEN)
def test_sql_that_cannot_work_is_shown_with_its_place(
    site: Site, old: str, new: str, what: str, marked: str
) -> None:
    with pytest.raises(ApplyError, match=what) as caught:
        site.with_policy(old, new).apply()
    lines = caught.value.detail.splitlines()
    mark = next(index for index, line in enumerate(lines) if line.strip() == "^")
    assert lines[mark - 1][lines[mark].index("^") :].startswith(marked)
    assert site.value("SELECT to_regnamespace('pgmoat') IS NULL")
    site.apply()  # on the same connection, which keeps nothing of the check
    assert site.plan().is_in_order


def test_a_right_that_is_not_listed_is_found_by_apply(site: Site) -> None:
    site.apply()
    for old, new in (
        (
            "refunds: {insert: [order_id, amount, reason]}\n    require",
            "refunds: {insert: [order_id, amount]}\n    require",
        ),
        ("orders: {select: [id], delete: true}", "orders: {select: [], delete: false}"),
        ("sql: UPDATE orders SET amount = amount + 1", "sql: UPDATE public.orders SET amount = amount + 1"),
    ):
        with pytest.raises(ApplyError) as caught:
            site.with_policy(old, new).apply()
        # Of a write that nobody may do there is no trigger either.
        expected = "cannot delete from view" if "delete: false" in new else "permission denied"
        assert expected in caught.value.detail
        assert site.plan().is_in_order


def test_the_script_does_what_apply_does(site: Site, tmp_path: Path) -> None:
    for action in site.plan().before:
        for statement in action.sql:
            site.run(statement)
    file = tmp_path / "plan.sql"
    file.write_text(render_script(site.plan()))
    psql = find_wheel_binaries(18) / "psql"
    command = [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", site.database.dsn, "-f", file]
    subprocess.run(command, check=True, capture_output=True)
    assert site.plan().is_in_order
