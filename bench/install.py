"""
Put a policy into a database, as `pgmoat apply` does.

In: a DSN, a policy's text. Out: none. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from pgmoat.errors import PlanBlockedError
from pgmoat.model.action import Plan
from pgmoat.plan.apply import apply_plan
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import load_policy_text
from pgmoat.postgres.connect import connect


def install(dsn: str, policy_text: str) -> None:
    """
    Apply the policy; the agents' roles get no password.

    Raises:
        PlanBlockedError: the policy does not fit the database.
    """
    policy = load_policy_text(policy_text, "bench policy").policy

    def make_plan(reader: Connection[Any]) -> Plan:
        planned = plan_policy(reader, policy)
        if planned.errors:
            raise PlanBlockedError(
                "the policy does not fit", detail="\n".join(error.message for error in planned.errors)
            )
        return planned.plan

    with connect(dsn) as connection, connect(dsn) as side_connection:
        apply_plan(connection, side_connection, make_plan)
