"""What the models answer to the compiler."""

from __future__ import annotations

import pytest

from pgmoat.policy.reserved import RESERVED_WORDS
from pgmoat.policy.schema import EntityPolicy, Policy, Settings

ORDERS = EntityPolicy.model_validate(
    {"table": "public.orders", "columns": {"id": None, "usr_id": {"name": "customer_id"}, "x": {}}}
)


def test_names_of_columns() -> None:
    assert ORDERS.entity_name("usr_id") == "customer_id"
    assert ORDERS.entity_columns == {"id": "id", "usr_id": "customer_id", "x": "x"}


def test_a_column_list_is_resolved_in_the_order_of_the_entity() -> None:
    assert ORDERS.resolve("all") == ("id", "usr_id", "x")
    assert ORDERS.resolve(["customer_id", "id"]) == ("id", "usr_id")
    assert ORDERS.resolve([]) == ()
    with pytest.raises(KeyError):
        ORDERS.resolve(["usr_id"])


def test_columns_that_pgmoat_writes_itself() -> None:
    soft = EntityPolicy.model_validate(
        {"table": "s.t", "columns": {"id": {}}, "delete": {"mode": "soft", "deleted_at": "removed_at"}}
    )
    assert soft.managed_columns == ("removed_at", "deleted_by", "delete_reason")
    assert ORDERS.managed_columns == ()


def test_codes_may_be_given_as_python_values() -> None:
    entity = EntityPolicy.model_validate(
        {"table": "s.t", "columns": {"a": {"values": {0: "none", True: "yes", "B": "bee"}}}}
    )
    assert entity.column("a").values == {"0": "none", "true": "yes", "B": "bee"}


def test_no_role_name_is_longer_than_postgresql_keeps() -> None:
    settings = Settings.model_validate({"agent_role_prefix": "p" * 20, "system_role_prefix": "q" * 20})
    policy = Policy.model_validate(
        {"version": 1, "settings": settings.model_dump(), "agents": {"a" * 40: {}}}
    )
    roles = [policy.settings.agent_role(agent) for agent in policy.agents] + list(settings.system_roles)
    assert len(roles) == 7
    assert all(len(role.encode()) <= 63 for role in roles)


def test_an_agent_writes_if_any_right_is_more_than_select() -> None:
    policy = Policy.model_validate(
        {
            "version": 1,
            "agents": {"r": {"entities": {"o": {}}}, "w": {"entities": {"o": {"update": ["a"]}}}},
        }
    )
    assert [agent.writes for agent in policy.agents.values()] == [False, True]


def test_reserved_words_are_lower_case_words() -> None:
    assert {"order", "user", "end"} <= RESERVED_WORDS
    assert all(word.isidentifier() and word == word.lower() for word in RESERVED_WORDS)
