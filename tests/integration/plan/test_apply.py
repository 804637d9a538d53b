"""Apply: what it makes, that it is in order afterwards, and that it fails as a whole."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from pgmoat.devpg.install import find_wheel_binaries
from pgmoat.errors import ApplyBusyError, ApplyError, LockTimeoutError, PlanBlockedError
from pgmoat.model.action import Action, Cause, Change, Plan
from pgmoat.model.objects import Kind
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.people import Patience
from pgmoat.plan.render import list_lines, render_json, render_script
from tests.integration.plan.conftest import Site


def test_second_plan_is_empty_and_agents_can_log_in(site: Site) -> None:
    shown = site.plan()
    assert site.apply(shown=shown) == shown
    assert site.plan().is_in_order, list_lines(site.plan())
    lines = dict(line.split("=", 1) for line in site.credentials.read_text().splitlines())
    assert set(lines) == {"PGMOAT_DSN_CLERK", "PGMOAT_DSN_READER"}
    assert site.credentials.stat().st_mode & 0o777 == 0o600
    with psycopg.connect(lines["PGMOAT_DSN_CLERK"]) as agent:
        assert agent.execute("SELECT CURRENT_USER").fetchone() == (f"{site.prefix}clerk",)


def test_shrunk_and_grown_grants(applied: Site) -> None:
    smaller = applied.with_policy("orders: {update: all, delete: true}", "orders: {select: all}")
    plan = smaller.apply()
    assert {action.cause for action in plan.actions} == {Cause.POLICY}
    assert smaller.plan().is_in_order
    assert not applied.value("SELECT has_table_privilege('PREFIXclerk', 'agent.orders', 'UPDATE')")
    assert {action.cause for action in applied.apply().actions} == {Cause.POLICY}
    assert applied.plan().is_in_order


def test_changed_map_is_made_again_with_its_view(applied: Site) -> None:
    changed = applied.with_policy("2: shipped", "2: shipped, 3: lost")
    changed.apply()
    assert changed.plan().is_in_order
    assert changed.value("SELECT count(*) FROM pgmoat_map.orders__status") == 3


def test_removed_agent_and_entity_go(applied: Site) -> None:
    policy = applied.policy
    entity = next(line for line in policy.splitlines(keepends=True) if line.startswith("  customers:"))
    reader = next(line for line in policy.splitlines(keepends=True) if line.startswith("  reader:"))
    smaller = (
        applied.with_policy(entity, "").with_policy(reader, "").with_policy(", customers: {select: all}", "")
    )
    dsn = dict(line.split("=", 1) for line in applied.credentials.read_text().splitlines())[
        "PGMOAT_DSN_READER"
    ]
    with psycopg.connect(dsn) as agent:
        smaller.apply()
        with pytest.raises(psycopg.OperationalError):
            agent.execute("SELECT 1")
    assert smaller.plan().is_in_order
    assert applied.value("SELECT to_regclass('agent.customers') IS NULL")
    assert applied.value("SELECT count(*) FROM pg_roles WHERE rolname = 'PREFIXreader'") == 0
    assert applied.value("SELECT retired_at IS NOT NULL FROM pgmoat.agent WHERE name = 'reader'")
    applied.apply()
    assert applied.plan().is_in_order


def test_failure_rolls_all_back_and_says_what_failed(site: Site) -> None:
    def make(connection: psycopg.Connection[object]) -> Plan:
        plan = site.make_plan(connection)
        bad = Action(Change.ADD, Cause.POLICY, Kind.VIEW, "agent.bad", "create", ("SELECT 1/0",))
        return Plan((*plan.actions, bad), plan.findings, plan.bookkeeping, plan.is_first)

    with pytest.raises(ApplyError, match=r"agent\.bad") as caught:
        apply_plan(site.connection, site.side, make, options=ApplyOptions(credentials=site.credentials))
    assert "division by zero" in caught.value.detail
    assert site.value("SELECT to_regnamespace('pgmoat') IS NULL")
    assert not site.credentials.exists()
    assert list(site.credentials.parent.iterdir()) == []
    # The columns are there, known as ours, and the next apply goes on from there.
    site.apply()
    assert site.plan().is_in_order
    site.destroy(everything=True)
    assert (
        site.value("SELECT count(*) FROM pg_attribute WHERE attname = 'deleted_at' AND NOT attisdropped") == 0
    )


def test_a_failure_names_the_statement_among_those_of_its_action(site: Site) -> None:
    """An action's statements go to PostgreSQL together."""

    def make(connection: psycopg.Connection[object]) -> Plan:
        plan = site.make_plan(connection)
        statements = ("SELECT 'ä' -- a comment", "SELECT missing_column", "SELECT 2")
        bad = Action(Change.ADD, Cause.POLICY, Kind.VIEW, "agent.bad", "create", statements)
        return Plan((*plan.actions, bad), plan.findings, plan.bookkeeping, plan.is_first)

    with pytest.raises(ApplyError, match=r"agent\.bad") as caught:
        apply_plan(site.connection, site.side, make, options=ApplyOptions(credentials=site.credentials))
    assert "statement: SELECT missing_column" in caught.value.detail.splitlines()
    assert site.value("SELECT to_regnamespace('pgmoat') IS NULL")


def test_shown_plan_must_be_the_one_applied(applied: Site) -> None:
    shown = applied.plan()
    applied.run("GRANT SELECT ON public.customers TO PREFIXclerk")
    with pytest.raises(ApplyError, match="changed since"):
        applied.apply(shown=shown)


def test_a_role_that_alters_itself_meanwhile_keeps_no_apply_from_happening(applied: Site) -> None:
    shown = applied.plan()
    applied.run("ALTER ROLE PREFIXclerk SET work_mem = '2MB'")
    applied.apply(shown=shown)
    assert applied.plan().is_in_order


def test_errors_among_findings_block(site: Site) -> None:
    site.run("CREATE ROLE PREFIXclerk")
    with pytest.raises(PlanBlockedError):
        site.apply()


def test_lease_lets_one_apply_run(applied: Site) -> None:
    with psycopg.connect(applied.database.dsn) as other:
        other.execute("SELECT FROM pgmoat.lease WHERE name = 'apply' FOR UPDATE")
        with pytest.raises(ApplyBusyError):
            applied.apply()


def test_two_first_applies_at_once(site: Site) -> None:
    """No lease exists yet: one wins, the other is told so."""
    answers: list[object] = []
    barrier = threading.Barrier(2)

    def run() -> None:
        with (
            psycopg.connect(site.database.dsn, autocommit=True) as main,
            psycopg.connect(site.database.dsn, autocommit=True) as side,
        ):
            barrier.wait()
            try:
                answers.append(apply_plan(main, side, site.make_plan))
            except ApplyBusyError as error:
                answers.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    assert sum(isinstance(answer, Plan) for answer in answers) >= 1
    assert site.plan().is_in_order


def test_locked_table_stops_apply_before_anything_is_done(site: Site) -> None:
    with psycopg.connect(site.database.dsn) as other:
        other.execute("SELECT FROM public.orders")
        with pytest.raises(LockTimeoutError, match=r"public\.orders") as caught:
            site.apply()
        assert str(other.info.backend_pid) in caught.value.detail
    assert site.value("SELECT to_regnamespace('pgmoat') IS NULL")


def test_script_does_what_apply_does(site: Site, tmp_path: Path) -> None:
    script = tmp_path / "plan.sql"
    script.write_text(render_script(site.plan()))
    run_psql(site, script)
    assert site.plan().is_in_order, list_lines(site.plan())
    site.run("ALTER FUNCTION pgmoat.gate(text) OWNER TO CURRENT_USER")
    site.run("ALTER VIEW agent.orders SET (security_barrier = true)")
    script.write_text(render_script(site.plan()))
    run_psql(site, script)
    assert site.plan().is_in_order, list_lines(site.plan())
    assert render_json(site.plan()).startswith("{")


def run_psql(site: Site, script: Path) -> None:
    """Run a script as a person would."""
    psql = find_wheel_binaries(18) / "psql"
    subprocess.run(
        [psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", site.database.dsn, "-f", script], check=True
    )


_KILLED = """
import sys, time
import psycopg
from pathlib import Path
from tests.integration.plan.conftest import Site
from pgmoat.plan.apply import ApplyOptions, apply_plan
dsn, prefix, policy, credentials = sys.argv[1:]
def pause(action):
    if action.kind == "view":
        print("half way", flush=True)
        time.sleep(60)
with psycopg.connect(dsn, autocommit=True) as a, psycopg.connect(dsn, autocommit=True) as b:
    site = Site(None, prefix, policy, a, b, Path(credentials))
    apply_plan(a, b, site.make_plan, options=ApplyOptions(credentials=site.credentials, on_action=pause))
"""


def test_killed_apply_leaves_nothing_half_done(site: Site) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, site.database.dsn, site.prefix, site.policy, str(site.credentials)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"half way\n"
    process.kill()
    process.wait()
    process.stdout.close()
    for _ in range(100):
        if site.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == 2:
            break
        time.sleep(0.05)
    assert site.value("SELECT to_regnamespace('pgmoat') IS NULL")
    assert site.value("SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'PREFIX')") == 0
    site.apply()
    assert site.plan().is_in_order


def test_patience_is_short_by_default() -> None:
    assert Patience().lock_timeout_ms <= 2000
