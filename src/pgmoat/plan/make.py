"""
From a policy and a live database to a plan.

In: Policy, a connection. Out: PolicyPlan. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgmoat.catalog.actual import read_actual
from pgmoat.catalog.installer import read_owners
from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.check import check_policy
from pgmoat.compiler.compile import compile_wanted
from pgmoat.model.action import Plan
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.installer import Installer
from pgmoat.model.objects import Actual
from pgmoat.plan.diff import diff
from pgmoat.plan.fit import fit_plan, list_objects
from pgmoat.plan.steps import Step, hold_back, list_step_findings
from pgmoat.policy.schema import Policy


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """What the checks found in the policy, and the plan; an empty one when the policy does not fit."""

    findings: tuple[Finding, ...]
    plan: Plan
    steps: tuple[Step, ...] = ()  # what is left to a superuser

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
    installer = catalog.installer
    wanted = compile_wanted(policy, catalog)
    wanted, actual, steps = hold_back(wanted, read_actual(connection, wanted), installer)
    plan = fit(connection, diff(wanted, actual), actual, installer)
    return PolicyPlan((*found.findings, *list_step_findings(steps)), plan, steps)


def fit(connection: Connection[Any], plan: Plan, actual: Actual, installer: Installer) -> Plan:
    """Return *plan* as *installer* can carry it out."""
    objects = list_objects(plan, actual)
    owners = read_owners(connection, objects) if objects and not installer.is_superuser else {}
    return fit_plan(plan, actual, installer, owners)
