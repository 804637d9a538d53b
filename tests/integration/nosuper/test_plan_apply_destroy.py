"""Plan, apply, repair and destroy without a superuser."""

from __future__ import annotations

import psycopg
import pytest

from pgmoat.model.action import Cause
from tests.integration.nosuper.conftest import Site


def test_a_second_plan_is_empty(site: Site) -> None:
    site.apply()
    assert site.plan().plan.is_in_order, site.plan().plan


def test_codes_are_read_as_the_tables_owner(site: Site) -> None:
    site.run("UPDATE app.orders SET stat_cd = 7 WHERE id = 1")
    (error,) = site.plan().errors
    assert error.code == "codes-not-mapped"


def test_the_people_view_belongs_to_the_tables_owner(site: Site) -> None:
    site.apply()
    for view, owner in (("app.active_orders", "app"), ("agent.orders", "m_views")):
        query = f"SELECT relowner::regrole::text FROM pg_class WHERE oid = '{view}'::regclass"
        assert site.value(query) == site.prefix + owner


def test_a_changed_policy_is_applied(site: Site) -> None:
    site.apply()
    changed = site.with_policy("customers: {select: all}", "customers: {update: [name]}").with_policy(
        "1: pending", "1: waiting"
    )
    changed.apply()
    assert changed.plan().plan.is_in_order
    with changed.task("clerk") as clerk:
        assert clerk.execute("UPDATE customers SET name = 'Bea'").rowcount == 1
        assert clerk.execute("SELECT DISTINCT status FROM orders ORDER BY 1").fetchall() == [
            ("shipped",),
            ("waiting",),
        ]


def test_an_agent_that_goes_is_dropped(site: Site) -> None:
    site.apply()
    less = site.with_policy("  reader: {entities: {orders: {select: all}}}\n", "")
    with site.agent("reader") as session:
        less.apply()
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert less.plan().plan.is_in_order
    assert site.value("SELECT count(*) FROM pg_roles WHERE rolname = 'PREFIXa_reader'") == 0


def test_drift_is_seen_and_repaired(site: Site) -> None:
    site.apply()
    site.run("ALTER ROLE PREFIXa_clerk SET statement_timeout = 0")
    site.run("ALTER ROLE PREFIXa_clerk CONNECTION LIMIT 99")
    site.run("GRANT SELECT ON app.orders TO PREFIXa_clerk")
    site.run("GRANT SELECT ON crm.customers TO PREFIXm_views")
    site.run("REVOKE SELECT (stat_cd) ON app.orders FROM PREFIXm_views")
    site.run("DROP VIEW app.active_orders")
    site.run("CREATE OR REPLACE VIEW agent.customers AS SELECT id, nm AS name FROM crm.customers")
    site.run("CREATE OR REPLACE FUNCTION pgmoat.gate(entity text) RETURNS boolean LANGUAGE sql RETURN true")
    site.run("UPDATE pgmoat.agent SET writes_per_task = 1000000")
    plan = site.plan().plan
    assert {action.cause for action in plan.actions} == {Cause.DRIFT}
    site.apply()
    assert site.plan().plan.is_in_order, site.plan().plan
    assert site.value("SELECT count(*) FROM app.active_orders") == 20


def test_destroy_keeps_the_history_for_the_next_apply(site: Site) -> None:
    site.apply()
    with site.task("clerk") as clerk:
        assert clerk.execute("DELETE FROM orders WHERE id = 1").rowcount == 1
    site.destroy()
    assert site.tell_traces() == ["schema pgmoat"]
    site.apply()
    assert site.plan().plan.is_in_order, site.plan().plan
    assert site.value("SELECT count(*) FROM pgmoat.history") == 1
    assert site.value("SELECT count(*) FROM app.active_orders") == 19


def test_destroy_everything_leaves_nothing(site: Site) -> None:
    site.apply()
    with site.task("clerk") as clerk:
        clerk.execute("DELETE FROM orders WHERE id = 1")
    site.destroy(everything=True)
    assert site.tell_traces() == []
    assert site.value("SELECT count(to_jsonb(o) -> 'deleted_at') FROM app.orders AS o") == 0


def test_destroy_takes_back_what_a_second_grantor_gave(plain: Site) -> None:
    plain.apply()
    plain.run("GRANT USAGE ON SCHEMA app TO PREFIXcrm")
    plain.run("GRANT SELECT ON app.orders TO PREFIXcrm WITH GRANT OPTION")
    plain.run("SET ROLE PREFIXcrm; GRANT SELECT ON app.orders TO PREFIXm_views; RESET ROLE")
    plain.destroy(everything=True)
    assert plain.tell_traces() == ["acl of orders"]
