"""
From a policy and a live database to a plan.

In: Policy, a connection. Out: PolicyPlan. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgmoat.catalog.actual import read_actual
from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.check import check_policy
from pgmoat.compiler.compile import compile_wanted
from pgmoat.model.action import Plan
from pgmoat.model.finding import Finding, Severity
from pgmoat.plan.diff import diff
from pgmoat.policy.schema import Policy


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """What the checks found in the policy, and the plan; an empty one when the policy does not fit."""

    findings: tuple[Finding, ...]
    plan: Plan

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the policy from being applied."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def plan_policy(connection: Connection[Any], policy: Policy) -> PolicyPlan:
    """Return what the database lacks of *policy*, or why the policy does not fit it."""
    catalog = read_catalog(connection, policy)
    found = PolicyPlan(tuple(check_policy(policy, catalog)), Plan())
    if found.errors:
        return found
    wanted = compile_wanted(policy, catalog)
    return PolicyPlan(found.findings, diff(wanted, read_actual(connection, wanted)))
