"""
``pgmoat plan``: what apply would do.

In: a policy, a database. Out: a diff, a script, JSON. I/O: reads PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pgmoat.cli.hardening import (
    HardenOption,
    SoftenOption,
    describe_hardening,
    print_hardened_plan,
    read_areas,
)
from pgmoat.cli.options import DEFAULT_POLICY, DsnOption, JsonOption, PolicyArgument
from pgmoat.cli.output import print_findings, print_json
from pgmoat.errors import Error, PlanBlockedError
from pgmoat.harden.make import HardenedPlan, plan_hardened
from pgmoat.harden.render import render_left
from pgmoat.model.finding import Finding
from pgmoat.plan.make import PolicyPlan
from pgmoat.plan.render import describe_plan, render_script
from pgmoat.plan.steps import render_steps
from pgmoat.policy.load import LoadedPolicy, load_policy
from pgmoat.postgres.connect import connect, resolve_dsn

EXIT_CHANGES = 2


def plan(
    policy: PolicyArgument = DEFAULT_POLICY,
    dsn: DsnOption = None,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print one script for psql instead of the diff.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 2 when anything differs.")] = False,
    superuser_sql: Annotated[
        bool, typer.Option("--superuser-sql", help="Print what is left to a superuser instead of the diff.")
    ] = False,
    harden: HardenOption = None,
    soften: SoftenOption = None,
    as_json: JsonOption = False,
) -> int:
    """
    Show what apply would do, and what somebody changed by hand since. Changes nothing.

    With [bold]--harden usual[/] also what takes from PUBLIC the ways that agents have and do not need.

    In CI: [bold]pgmoat plan --check[/]. To read the SQL: [bold]pgmoat plan --sql[/].
    """
    if sql + superuser_sql + as_json > 1:
        raise Error("--sql, --superuser-sql and --json exclude each other")
    loaded = load_policy(policy)
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        hardened = plan_hardened(connection, loaded.policy, *read_areas(harden, soften))
    planned = hardened.planned
    findings = (*planned.findings, *loaded.findings)
    if as_json:
        print_json(describe_hardened_plan(loaded, hardened))
    else:
        print_findings(loaded, findings, stderr=sql or superuser_sql)
    refuse_blocked(policy, planned)
    if superuser_sql:
        sys.stdout.write(render_steps(planned.steps))
        sys.stdout.write(render_left(hardened.hardening))
    elif sql:
        sys.stdout.write(render_script(planned.plan))
    elif not as_json:
        print_hardened_plan(hardened)
    return EXIT_CHANGES if check and not planned.plan.is_in_order else 0


def refuse_blocked(policy: Path, planned: PolicyPlan) -> None:
    """
    Stop when the checks found errors.

    Raises:
        PlanBlockedError: they did; their text has been shown before.
    """
    if planned.errors:
        count = len(planned.errors)
        raise PlanBlockedError(
            f"{policy} does not fit this database: {count} {'error' if count == 1 else 'errors'}",
            hint="Mend the policy or the database; accept: takes what must stay as it is.",
        )


def describe_hardened_plan(loaded: LoadedPolicy, hardened: HardenedPlan) -> dict[str, Any]:
    """Return the plan, the checks' findings and what is closed or given back as JSON has them."""
    planned = hardened.planned
    findings = (*planned.findings, *loaded.findings)
    return {
        "policy_findings": [_describe_finding(loaded, finding) for finding in findings],
        "superuser_steps": [asdict(step) for step in planned.steps],
        "hardening": describe_hardening(hardened.hardening),
        **describe_plan(planned.plan),
    }


def _describe_finding(loaded: LoadedPolicy, finding: Finding) -> dict[str, Any]:
    place = loaded.place_of(finding.path)
    return {
        "severity": finding.severity,
        "code": finding.code,
        "path": finding.dotted_path,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": finding.message,
        "hint": finding.hint,
    }
