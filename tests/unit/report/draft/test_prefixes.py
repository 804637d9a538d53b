"""Prefixes that fit a policy, whatever a database is called."""

from __future__ import annotations

import pytest

from pgmoat.policy.schema import Settings
from pgmoat.report.draft.prefixes import name_roles_after


def test_the_database_is_in_the_name() -> None:
    assert name_roles_after("shop", 1) == {
        "agent_role_prefix": "agent_shop_",
        "system_role_prefix": "pgmoat_shop_",
    }
    assert name_roles_after("shop", 2)["agent_role_prefix"] == "agent_shop2_"


@pytest.mark.parametrize("database", ["Shop-2 (old)", "数据库", "a_database_of_a_very_long_name", "_", "9"])
def test_any_database_has_valid_prefixes(database: str) -> None:
    for attempt in (1, 2, 10):
        Settings.model_validate(name_roles_after(database, attempt))
