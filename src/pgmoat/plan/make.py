"""
From a policy and a live database to a plan.

In: Policy, a connection. Out: PolicyPlan. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg import Connection

from pgmoat.catalog.actual import read_actual
from pgmoat.catalog.installer import read_owners
from pgmoat.catalog.read import read_catalog
from pgmoat.catalog.snapshot import Reach
from pgmoat.compiler.check import check_policy
from pgmoat.compiler.compile import compile_wanted
from pgmoat.model.action import Plan
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.installer import SUPERUSER, Installer
from pgmoat.model.objects import Actual, Wanted
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
    installer: Installer = SUPERUSER
    wanted: Wanted = field(default_factory=Wanted)
    actual: Actual = field(default_factory=lambda: Actual(is_installed=False))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the policy from being applied."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def plan_policy(
    connection: Connection[Any], policy: Policy, is_closed: Callable[[Reach], bool] = lambda _: False
) -> PolicyPlan:
    """
    Return what the database lacks of *policy*, or why the policy does not fit it.

    What *is_closed* says yes to is taken from PUBLIC together with the plan: nobody reaches it any more.
    """
    catalog = read_catalog(connection, policy)
    catalog = replace(catalog, reach=tuple(reach for reach in catalog.reach if not is_closed(reach)))
    installer = catalog.installer
    found = PolicyPlan(tuple(check_policy(policy, catalog)), Plan(), installer=installer)
    if found.errors:
        return found
    wanted = compile_wanted(policy, catalog)
    wanted, actual, steps = hold_back(wanted, read_actual(connection, wanted), installer)
    actual = leave_closures(wanted, actual)
    plan = fit(connection, diff(wanted, actual), actual, installer)
    findings = (*found.findings, *list_step_findings(steps))
    return PolicyPlan(findings, plan, steps, installer, wanted, actual)


def leave_closures(wanted: Wanted, actual: Actual) -> Actual:
    """
    Return *actual* without what wanted roles got when PUBLIC lost it: a plan leaves that alone.

    A role that is to go loses that, too.
    """
    roles = {role.name for role in wanted.roles}
    given = frozenset(grant for closure in actual.closures for grant in closure.given)
    kept = frozenset(grant for grant in given if grant.grantee in roles) - wanted.grants
    return replace(actual, grants=actual.grants - kept) if kept else actual


def fit(connection: Connection[Any], plan: Plan, actual: Actual, installer: Installer) -> Plan:
    """Return *plan* as *installer* can carry it out."""
    objects = list_objects(plan, actual)
    owners = read_owners(connection, objects) if objects and not installer.is_superuser else {}
    return fit_plan(plan, actual, installer, owners)
