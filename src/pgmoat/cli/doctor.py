"""
``pgmoat doctor``: is everything around the policy in order.

In: a database, a policy, a pooler. Out: a line per check, JSON. I/O: reads PostgreSQL and PgBouncer; the
terminal.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pgmoat.cli.options import DEFAULT_POLICY, DsnOption, JsonOption
from pgmoat.cli.output import escape, print_json
from pgmoat.compiler.checks.wording import suggest_name
from pgmoat.doctor.check import Diagnosis, Status
from pgmoat.doctor.examine import CHECKS, examine
from pgmoat.errors import Error
from pgmoat.policy.load import LoadedPolicy, load_policy
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.postgres.dsn import normalize_dsn

EXIT_FINDINGS = 2

_STYLES = {
    Status.OK: "green",
    Status.UNKNOWN: "magenta",
    Status.NOTE: "dim",
    Status.WARNING: "yellow",
    Status.ERROR: "bold red",
}


def doctor(
    policy: Annotated[
        Path | None,
        typer.Option("--policy", "-f", help="The policy file. [default: moat.yaml, if there is one]"),
    ] = None,
    dsn: DsnOption = None,
    pooler: Annotated[
        str | None,
        typer.Option(
            "--pooler", metavar="DSN", help="PgBouncer, as a user of its console (admin_users, stats_users)."
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept", metavar="CODE", help="Show what this check finds as a note. May be given repeatedly."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """
    Say what is in order and what is not: server, rights, settings, pooler, drift, clock. Changes nothing.

    Each finding comes with its remedy. Exits with 2 when there is a warning or an error.
    """
    codes = _check_codes(accept or [])
    loaded = _load(policy)
    pooler_dsn = None if pooler is None else normalize_dsn(pooler, "--pooler")
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        diagnoses = [_accept(line, codes) for line in examine(connection, loaded, pooler_dsn)]
    has_findings = any(diagnosis.is_finding for diagnosis in diagnoses)
    if as_json:
        print_json(_describe(diagnoses, is_in_order=not has_findings))
    else:
        _print(diagnoses)
    return EXIT_FINDINGS if has_findings else 0


def _check_codes(codes: Sequence[str]) -> frozenset[str]:
    known = {check.code for check in CHECKS}
    unknown = sorted(set(codes) - known)
    if unknown:
        raise Error(f"--accept {unknown[0]}: there is no such check", hint=suggest_name(unknown[0], known))
    return frozenset(codes)


def _accept(line: Diagnosis, codes: frozenset[str]) -> Diagnosis:
    """Return *line* as a note if it is a finding that the person who asks knows of."""
    if line.code not in codes or not line.is_finding:
        return line
    return replace(line, status=Status.NOTE, message=f"{line.message} (accepted)")


def _load(path: Path | None) -> LoadedPolicy | None:
    """Return the policy; None when none was named and there is none here."""
    if path is None and not DEFAULT_POLICY.exists():
        return None
    return load_policy(path or DEFAULT_POLICY)


def _describe(diagnoses: Sequence[Diagnosis], *, is_in_order: bool) -> dict[str, Any]:
    return {
        "is_in_order": is_in_order,
        "checks": [
            {
                "area": diagnosis.area,
                "code": diagnosis.code,
                "status": diagnosis.status,
                "message": diagnosis.message,
                "remedy": diagnosis.remedy,
            }
            for diagnosis in diagnoses
        ],
    }


def _print(diagnoses: Sequence[Diagnosis]) -> None:
    """Print a block per area. Remedies are not folded, so that they can be pasted."""
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(diagnosis.code) for diagnosis in diagnoses)
    indent = " " * (2 + max(map(len, Status)) + 2)
    for area, lines in groupby(diagnoses, lambda diagnosis: diagnosis.area):
        console.print(f"[bold]{area}[/]")
        for line in lines:
            status = f"[{_STYLES[line.status]}]{line.status:<{max(map(len, Status))}}[/]"
            console.print(f"  {status}  {line.code:<{width}}  {escape(line.message)}")
            if line.remedy and line.status is not Status.OK:
                console.print(f"{indent}[dim]remedy:[/] {escape(line.remedy)}")
    counts = Counter(diagnosis.status for diagnosis in diagnoses)
    console.print(
        f"[bold]{counts[Status.OK]} in order[/], {_count(counts, Status.ERROR)},"
        f" {_count(counts, Status.WARNING)}, {_count(counts, Status.NOTE)};"
        f" {counts[Status.UNKNOWN]} could not be looked at"
    )


def _count(counts: Counter[Status], status: Status) -> str:
    return f"{counts[status]} {status}{'' if counts[status] == 1 else 's'}"
