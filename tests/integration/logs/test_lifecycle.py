"""The log's table through plan, drift, a policy without it, destroy and a policy that comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import psycopg

from pgmoat.model.action import Cause, Plan
from pgmoat.plan.apply import apply_plan
from pgmoat.plan.destroy import plan_destroy
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import load_policy_text
from tests.integration.logs.conftest import POLICY, SCHEMA
from tests.moat_fixtures import Moat

_TABLE = "pgmoat.log_order_state_log"
MakeMoat = Callable[[LiteralString, str], Moat]


def make(moat: Moat, text: str = POLICY) -> Callable[[psycopg.Connection], Plan]:
    settings = moat.policy.settings
    head = (
        f"version: 1\nsettings: {{agent_role_prefix: {settings.agent_role_prefix},"
        f" system_role_prefix: {settings.system_role_prefix}}}\n"
    )
    policy = load_policy_text(head + text, "moat.yaml").policy

    def plan(connection: psycopg.Connection) -> Plan:
        planned = plan_policy(connection, policy)
        assert not planned.errors, planned.errors
        return planned.plan

    return plan


def apply(moat: Moat, make_plan: Callable[[psycopg.Connection], Plan]) -> Plan:
    with moat.superuser() as connection, moat.superuser() as side:
        return apply_plan(connection, side, make_plan)


def write_event(moat: Moat, order: int, key: str) -> None:
    with moat.task("support") as agent:
        agent.execute(
            "INSERT INTO order_state_log (order_id, new_status, idempotency_key)"
            " VALUES (%s, 'processing', %s)",
            (order, key),
        )


def read_events(moat: Moat) -> list[tuple[object, ...]]:
    return moat.read("SELECT order_id FROM pgmoat.log_order_state_log ORDER BY event_id")


def install(make_moat: MakeMoat) -> Moat:
    moat = make_moat(SCHEMA, POLICY)
    moat.run("INSERT INTO public.orders (id) SELECT generate_series(1, 9)")
    write_event(moat, 1, "k1")
    return moat


def test_a_second_plan_is_empty(make_moat: MakeMoat) -> None:
    moat = install(make_moat)
    with moat.superuser() as people:
        plan = make(moat)(people)
    assert plan.is_in_order, plan.actions


def test_a_disabled_or_dropped_trigger_is_drift_and_comes_back(make_moat: MakeMoat) -> None:
    moat = install(make_moat)
    for statement in (
        f"ALTER TABLE {_TABLE} DISABLE TRIGGER keep",
        f"ALTER TABLE {_TABLE} ENABLE TRIGGER keep",
        f"DROP TRIGGER keep ON {_TABLE}",
    ):
        with moat.superuser() as people:
            people.execute(statement.encode())
            actions = make(moat)(people).actions
        assert {(action.cause, action.name) for action in actions} == {(Cause.DRIFT, f"{_TABLE}.keep")}
        apply(moat, make(moat))
        assert (
            moat.value(
                "SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'keep' AND tgrelid = %s::regclass",
                _TABLE,
            )
            == "A"
        )
    assert read_events(moat) == [(1,)]


def test_an_altered_table_is_said(make_moat: MakeMoat) -> None:
    moat = install(make_moat)
    moat.run("ALTER TABLE pgmoat.log_order_state_log ADD COLUMN extra text")
    with moat.superuser() as people:
        findings = make(moat)(people).findings
    assert [finding.code for finding in findings] == ["altered-table"]


def test_without_the_log_the_events_stay_and_agents_lose_them(make_moat: MakeMoat) -> None:
    moat = install(make_moat)
    start = POLICY.index("    log:\n      name: order_state_log")
    without = POLICY[:start] + POLICY[POLICY.index("  parcels:") : POLICY.index("agents:")]
    without += "agents: {support: {version: v2, entities: {orders: {}}}}"
    plan = apply(moat, make(moat, without))
    assert [finding.code for finding in plan.findings] == ["log-kept"]
    assert read_events(moat) == [(1,)]
    assert moat.value("SELECT to_regclass('agent.order_state_log')") is None
    apply(moat, make(moat))
    write_event(moat, 2, "k2")
    assert read_events(moat) == [(1,), (2,)]


def test_another_key_is_refused_rather_than_losing_events(make_moat: MakeMoat) -> None:
    moat = install(make_moat)
    with moat.superuser() as people:
        plan = make(moat, POLICY.replace("order_id", "no"))(people)
    assert [finding.code for finding in plan.findings] == ["log-table-changed"]


def test_destroy_keeps_the_events_unless_everything(make_moat: MakeMoat) -> None:
    moat = install(make_moat)
    apply(moat, plan_destroy)
    assert read_events(moat) == [(1,)]
    apply(moat, make(moat))
    with moat.superuser() as people:
        assert make(moat)(people).is_in_order
    apply(moat, lambda connection: plan_destroy(connection, everything=True))
    assert moat.value("SELECT to_regclass('pgmoat.log_order_state_log')") is None
