"""
The shop of the demo: load it, and put the example policy into force.

In: a superuser's DSN of an empty database. Out: the shop, the policy, a DSN per agent. I/O: PostgreSQL, a
temporary file of passwords.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import psycopg

from pgmoat.errors import PlanBlockedError
from pgmoat.model.action import Plan
from pgmoat.model.names import name_variable
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import LoadedPolicy, load_policy
from pgmoat.policy.schema import Policy
from pgmoat.postgres.connect import Dsn, connect
from pgmoat.postgres.sqlfile import load_sql


def find_policy_file() -> Path:
    """Return where the example policy lies, for people to read and copy."""
    return Path(__file__).with_name("moat.yaml")


def load_example() -> LoadedPolicy:
    """Return the example policy."""
    return load_policy(find_policy_file())


def load_shop(connection: psycopg.Connection[Any]) -> None:
    """Make the shop's tables and rows in an empty database."""
    connection.execute(load_sql("pgmoat.demo", "shop"))


def apply_example(dsn: str, policy: Policy) -> dict[str, Dsn]:
    """
    Put *policy* into force in the database of *dsn*, and return a DSN per agent.

    Raises:
        PlanBlockedError: the policy does not fit the shop.
        ApplyError: a statement failed.
    """

    def make_plan(reader: psycopg.Connection[Any]) -> Plan:
        planned = plan_policy(reader, policy)
        if planned.errors:
            raise PlanBlockedError(
                "the example policy does not fit the shop",
                detail="\n".join(finding.message for finding in planned.errors),
            )
        return planned.plan

    with (
        tempfile.TemporaryDirectory(prefix="pgmoat-demo-") as folder,
        connect(dsn) as connection,
        connect(dsn) as side_connection,
    ):
        credentials = Path(folder) / "agents.env"
        apply_plan(connection, side_connection, make_plan, options=ApplyOptions(credentials=credentials))
        variables = dict(
            line.split("=", 1) for line in credentials.read_text(encoding="utf-8").splitlines() if "=" in line
        )
    return {agent: Dsn(variables[name_variable(agent)]) for agent in policy.agents}
