"""
``pgmoat apply``: put the policy into force.

In: a policy, a database. Out: what was done. I/O: PostgreSQL, the file of passwords, the terminal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg import Connection

from pgmoat.cli.hardening import HardenOption, SoftenOption, print_hardened_plan, read_areas
from pgmoat.cli.options import DEFAULT_POLICY, DsnOption, JsonOption, PolicyArgument, YesOption
from pgmoat.cli.output import ask, print_findings, print_json, show_progress
from pgmoat.cli.plan import describe_hardened_plan, refuse_blocked
from pgmoat.errors import Error
from pgmoat.harden.make import plan_hardened
from pgmoat.model.action import Plan
from pgmoat.plan.apply import ApplyOptions, apply_plan
from pgmoat.plan.people import Patience
from pgmoat.policy.load import load_policy
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn

LockTimeoutOption = Annotated[
    str, typer.Option("--lock-timeout", help="How long one ALTER of a people's table may wait for its lock.")
]
TriesOption = Annotated[int, typer.Option("--tries", min=1, help="How often such an ALTER is tried.")]


def apply(
    policy: PolicyArgument = DEFAULT_POLICY,
    dsn: DsnOption = None,
    yes: YesOption = False,
    credentials: Annotated[
        Path | None,
        typer.Option(help="Where passwords of new roles go. [default: moat.credentials beside the policy]"),
    ] = None,
    lock_timeout: LockTimeoutOption = "2s",
    tries: TriesOption = 5,
    harden: HardenOption = None,
    soften: SoftenOption = None,
    as_json: JsonOption = False,
) -> int:
    """
    Show the plan, ask, and carry it out: all of it or nothing.

    New columns of people's tables come first, each ALTER in a short transaction of its own; everything else
    is one transaction. Passwords of new agents go to a file that only you can read.

    [bold]--harden usual[/] also takes from PUBLIC what plan --harden shows, and gives it by name to all roles
    of people's; [bold]--soften[/] takes that back.
    """
    loaded = load_policy(policy)
    target = resolve_dsn(dsn, os.environ)
    with connect(target) as connection, connect(target) as side_connection:
        areas = read_areas(harden, soften)
        hardened = plan_hardened(side_connection, loaded.policy, *areas)
        planned = hardened.planned
        if not as_json:
            print_findings(loaded, (*planned.findings, *loaded.findings))
        refuse_blocked(policy, planned)
        if as_json:
            print_json(describe_hardened_plan(loaded, hardened))
        else:
            print_hardened_plan(hardened)
        if not planned.plan.actions:
            return 0
        if not yes:
            ask("Apply this?")

        def plan_again(reader: Connection[Any]) -> Plan:
            again = plan_hardened(reader, loaded.policy, *areas).planned
            refuse_blocked(policy, again)
            return again.plan

        path = credentials or policy.parent / "moat.credentials"
        with show_progress(len(planned.plan.actions), quiet=as_json) as on_action:
            apply_plan(
                connection,
                side_connection,
                plan_again,
                shown=planned.plan,
                options=ApplyOptions(
                    credentials=path, patience=read_patience(lock_timeout, tries), on_action=on_action
                ),
            )
    if not as_json:
        _report(planned.plan, path)
    return 0


def read_patience(lock_timeout: str, tries: int) -> Patience:
    """
    Return how long to wait for people's tables.

    Raises:
        Error: the duration cannot be read.
    """
    try:
        return Patience(lock_timeout_ms=parse_milliseconds(lock_timeout), tries=tries)
    except ValueError as error:
        raise Error(f"--lock-timeout: {error}") from error


def _report(plan: Plan, path: Path) -> None:
    sys.stdout.write("applied\n")
    roles = [action.needs_password for action in plan.actions if action.needs_password]
    if roles:
        sys.stdout.write(f"passwords of {', '.join(roles)} are in {path} (mode 0600)\n")
