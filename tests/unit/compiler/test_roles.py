"""The roles of a policy and their settings."""

from __future__ import annotations

from dataclasses import replace

from pgmoat.catalog.snapshot import Reach
from pgmoat.compiler.roles import compile_roles, compile_rows
from pgmoat.model.objects import Role
from pgmoat.policy.schema import Policy
from tests.unit.compiler.catalogs import make_catalog, make_orders, make_policy


def agent_role(policy: Policy, server_version: int = 160_000, reach: tuple[Reach, ...] = ()) -> Role:
    catalog = replace(make_catalog(make_orders(), reach=reach), server_version=server_version)
    return next(role for role in compile_roles(policy, catalog) if role.is_agent)


def make_agent(access: dict[str, object], **agent: object) -> Policy:
    return make_policy(agents={"clerk": {"entities": {"orders": access}, **agent}})


def test_the_agent_logs_in_with_limits() -> None:
    role = agent_role(make_agent({}, connections=7, timeouts={"statement": "3s", "lock": "1s"}))
    settings = dict(role.settings)
    assert (role.name, role.login, role.connection_limit) == ("agent_clerk", True, 7)
    assert settings["statement_timeout"] == "3000ms"
    assert settings["lock_timeout"] == "1000ms"
    assert settings["search_path"] == "agent, pg_temp"
    assert settings["max_parallel_workers_per_gather"] == "0"


def test_transaction_timeout_only_where_the_server_has_it() -> None:
    policy = make_agent({})
    assert "transaction_timeout" not in dict(agent_role(policy, 160_000).settings)
    assert dict(agent_role(policy, 170_000).settings)["transaction_timeout"] == "30000ms"


def test_an_agent_that_writes_nothing_is_read_only() -> None:
    assert dict(agent_role(make_agent({})).settings)["default_transaction_read_only"] == "on"
    assert "default_transaction_read_only" not in dict(agent_role(make_agent({"update": "all"})).settings)


def test_system_roles_cannot_log_in() -> None:
    roles = [role for role in compile_roles(make_agent({}), make_catalog()) if not role.is_agent]
    assert [role.name for role in roles] == [
        "pgmoat_owner",
        "pgmoat_views",
        "pgmoat_writer",
        "pgmoat_orchestrator",
        "pgmoat_monitor",
        "pgmoat_approver",
    ]
    assert not any(role.login for role in roles)


def test_limits_stand_in_the_agents_row() -> None:
    (row,) = compile_rows(make_agent({}, limits={"rows_per_statement": 5, "task_duration": "1m"}))
    assert row.values["rows_per_statement"] == 5
    assert row.values["task_duration_ms"] == 60_000


def test_a_membership_may_stay_only_if_the_policy_accepts_it() -> None:
    reach = (Reach("staff", "membership", "INHERIT", "agent_clerk"),)
    accepting = make_policy(
        agents={"clerk": {"entities": {}}}, accept=[{"object": "staff", "why": "shared reports"}]
    )
    assert agent_role(make_agent({}), reach=reach).accepted_memberships == ()
    assert agent_role(accepting, reach=reach).accepted_memberships == ("staff",)
