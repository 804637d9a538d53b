"""What is said about a pooler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgmoat.doctor.agents import AgentRole
from pgmoat.doctor.check import Diagnosis, Status, run_checks
from pgmoat.doctor.pooler import CHECKS, PooledAgents, judge_absence
from pgmoat.doctor.target import Target
from pgmoat.pooler.console import PooledDatabase, PooledUser, PoolerFacts

CLERK = AgentRole("agent_clerk", 20, (), (), ())
SHOP = PooledDatabase("shop", "shop", "", 10, 0, "")
POOLER = PoolerFacts(
    version=(1, 24, 1),
    config={
        "auth_type": "scram-sha-256",
        "default_pool_size": "10",
        "ignore_startup_parameters": "extra_float_digits",
        "max_prepared_statements": "200",
        "pool_mode": "transaction",
        "query_wait_timeout": "120",
        "reserve_pool_size": "0",
        "server_reset_query": "DISCARD ALL",
        "server_reset_query_always": "1",
    },
    databases=(SHOP, PooledDatabase("other", "other", "boss", 500, 0, "session")),
)
FACTS = PooledAgents(POOLER, roles=(CLERK,), target=Target("shop", "postgres", True, True))


def change(**fields: Any) -> PooledAgents:
    return replace(FACTS, pooler=replace(POOLER, **fields))


def judge(code: str, facts: PooledAgents) -> list[Diagnosis]:
    return [line for line in run_checks(CHECKS, facts) if line.code == code]


def test_a_pooler_in_order_and_other_databases_do_not_matter() -> None:
    assert {line.status for line in run_checks(CHECKS, FACTS)} == {Status.OK}


@pytest.mark.parametrize(
    ("code", "name", "value", "status"),
    [
        ("doctor-pooler-mode", "pool_mode", "session", Status.WARNING),
        ("doctor-pooler-mode", "pool_mode", "statement", Status.ERROR),
        ("doctor-pooler-reset", "server_reset_query_always", "0", Status.WARNING),
        ("doctor-pooler-reset", "server_reset_query", "", Status.WARNING),
        ("doctor-pooler-reset", "server_reset_query", "RESET ALL", Status.WARNING),
        ("doctor-pooler-parameters", "ignore_startup_parameters", "x, options", Status.WARNING),
        ("doctor-pooler-prepared", "max_prepared_statements", "0", Status.NOTE),
        ("doctor-pooler-wait", "query_wait_timeout", "0", Status.WARNING),
        ("doctor-pooler-login", "auth_type", "trust", Status.ERROR),
        ("doctor-pooler-login", "auth_type", "plain", Status.ERROR),
        ("doctor-pooler-login", "auth_type", "md5", Status.NOTE),
    ],
)
def test_a_setting_is_found(code: str, name: str, value: str, status: Status) -> None:
    (line,) = judge(code, change(config={**POOLER.config, name: value}))
    assert line.status is status
    assert line.remedy


def test_old_versions() -> None:
    old = change(version=(1, 18, 0))
    assert judge("doctor-pooler-version", old)[0].status is Status.NOTE
    assert "1.18.0" in judge("doctor-pooler-prepared", old)[0].message


def test_a_mode_of_the_database_counts_before_the_poolers() -> None:
    facts = change(databases=(replace(SHOP, pool_mode="session"),))
    assert judge("doctor-pooler-mode", facts)[0].status is Status.WARNING


@pytest.mark.parametrize(
    ("databases", "config", "status"),
    [
        ((replace(SHOP, pool_size=21),), {}, Status.WARNING),
        ((replace(SHOP, pool_size=15, reserve_pool=6),), {}, Status.WARNING),
        ((replace(SHOP, pool_size=11), replace(SHOP, name="shop2", pool_size=11)), {}, Status.WARNING),
        ((replace(SHOP, pool_size=21),), {"max_user_connections": "20"}, Status.OK),
        ((), {"default_pool_size": "21"}, Status.WARNING),
        ((replace(SHOP, pool_size=20),), {}, Status.OK),
    ],
)
def test_pools_and_connection_limits(
    databases: tuple[PooledDatabase, ...], config: dict[str, str], status: Status
) -> None:
    facts = change(databases=databases, config={**POOLER.config, **config})
    assert judge("doctor-pooler-size", facts)[0].status is status


@pytest.mark.parametrize(
    ("user", "status"),
    [
        (PooledUser("agent_clerk", pool_size=21), Status.WARNING),
        (PooledUser("agent_clerk", pool_size=10, reserve_pool=11), Status.WARNING),
        (PooledUser("agent_clerk", pool_size=10, reserve_pool=11, max_connections=20), Status.OK),
        (PooledUser("agent_other", pool_size=21), Status.OK),
    ],
)
def test_what_a_user_has_of_its_own_comes_first(user: PooledUser, status: Status) -> None:
    assert judge("doctor-pooler-size", change(users=(user,)))[0].status is status


def test_1_21_loses_track_of_prepared_statements_at_each_reset() -> None:
    assert judge("doctor-pooler-prepared", change(version=(1, 21, 0)))[0].status is Status.NOTE
    assert judge("doctor-pooler-prepared", change(version=(1, 22, 0)))[0].status is Status.OK


def test_one_user_for_all_is_an_error() -> None:
    facts = change(databases=(replace(SHOP, force_user="app"),))
    assert judge("doctor-pooler-user", facts)[0].status is Status.ERROR


@pytest.mark.parametrize(
    ("is_pooled", "status"), [(True, Status.NOTE), (False, Status.OK), (None, Status.UNKNOWN)]
)
def test_without_a_dsn(is_pooled: bool | None, status: Status) -> None:
    assert judge_absence(is_pooled).status is status
