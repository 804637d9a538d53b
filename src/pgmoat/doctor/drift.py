"""
The policy against the database: does it fit, is it in force, do the value maps still cover the data.

In: a connection, a policy. Out: DriftFacts and ColumnFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.harden.make import plan_hardened
from pgmoat.model.action import Cause
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.names import ADDED_COLUMN_COMMENT
from pgmoat.plan.make import PolicyPlan
from pgmoat.policy.load import LoadedPolicy
from pgmoat.policy.schema import Policy
from pgmoat.postgres.sqlfile import load_sql

_ABOUT_CODES = frozenset({"codes-not-mapped", "codes-not-read", "codes-sampled", "default-not-mapped"})
_SHOWN_ELSEWHERE = frozenset({"too-many-connections"})


@dataclass(frozen=True, slots=True)
class DriftFacts:
    """What plan says, and how the command that shows it is called."""

    planned: PolicyPlan
    file: str
    policy_findings: Sequence[Finding] = ()  # of the policy by itself

    @property
    def about_codes(self) -> list[Finding]:
        """Findings about value maps."""
        return [finding for finding in self.planned.findings if finding.code in _ABOUT_CODES]

    @property
    def about_policy(self) -> list[Finding]:
        """All others that no other check shows."""
        shown = _ABOUT_CODES | _SHOWN_ELSEWHERE
        return [f for f in (*self.planned.findings, *self.policy_findings) if f.code not in shown]


@dataclass(frozen=True, slots=True)
class NewColumn:
    """One row of ``read_new_columns.sql``."""

    table_name: str
    column_name: str


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """Columns of the entities' tables that are younger than the last apply, and not in the policy."""

    columns: Sequence[NewColumn]


def read_drift(connection: Connection[Any], loaded: LoadedPolicy) -> DriftFacts:
    """Return what plan says."""
    planned = plan_hardened(connection, loaded.policy).planned
    return DriftFacts(planned, loaded.file, loaded.findings)


def read_new_columns(connection: Connection[Any], policy: Policy, target: Target) -> ColumnFacts:
    """Return the columns, none of the policy's, that came or were altered since the last apply."""
    if not target.is_installed:
        return ColumnFacts(())
    with connection.cursor(row_factory=class_row(NewColumn)) as cursor:
        cursor.execute(
            load_sql(PACKAGE, "read_new_columns"),
            {"tables": list(target.tables), "added_comment": ADDED_COLUMN_COMMENT},
        )
        found = cursor.fetchall()
    listed = {(entity.table, column) for entity in policy.entities.values() for column in entity.columns}
    return ColumnFacts([new for new in found if (new.table_name, new.column_name) not in listed])


def _judge_policy(facts: DriftFacts) -> Iterator[Remark]:
    by_severity: dict[Severity, list[Finding]] = {}
    for finding in facts.about_policy:
        by_severity.setdefault(finding.severity, []).append(finding)
    for finding in by_severity.get(Severity.ERROR, ()):
        yield Remark(
            Status.ERROR,
            f"{finding.code} {finding.dotted_path}: {finding.message}",
            finding.hint or f"pgmoat plan {facts.file}",
        )
    warnings = len(by_severity.get(Severity.WARNING, ()))
    if warnings:
        what = "a warning" if warnings == 1 else f"{warnings} warnings"
        yield Remark(Status.NOTE, f"plan has {what} about the policy", f"pgmoat plan {facts.file}")


def _judge_drift(facts: DriftFacts) -> Iterator[Remark]:
    planned = facts.planned
    if planned.errors:
        yield Remark(
            Status.UNKNOWN,
            "drift can be told only when the policy fits the database",
            "mend the errors first",
        )
        return
    for finding in planned.plan.findings:
        status = Status.ERROR if finding.severity is Severity.ERROR else Status.WARNING
        yield Remark(status, f"{finding.code}: {finding.message}", finding.hint)
    if not planned.plan.actions:
        return
    counts = Counter(action.cause for action in planned.plan.actions)
    drifted, wanted = counts[Cause.DRIFT], counts[Cause.POLICY]
    if planned.plan.is_first:
        message = f"the policy is not in force: {_count(wanted)} to make"
    elif drifted:
        rest = f", and {wanted} for the policy" if wanted else ""
        message = f"somebody changed by hand what apply had made: {_count(drifted)} to put right{rest}"
    else:
        message = f"the policy has changed since the last apply: {_count(wanted)} to make or change"
    yield Remark(
        Status.WARNING, message, f"pgmoat plan {facts.file} shows them, pgmoat apply {facts.file} does it"
    )


def _count(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"


def _judge_codes(facts: DriftFacts) -> Iterator[Remark]:
    for finding in facts.about_codes:
        yield Remark(_weigh_code(finding), f"{finding.dotted_path}: {finding.message}", finding.hint)


def _weigh_code(finding: Finding) -> Status:
    if finding.code == "codes-not-read":
        return Status.UNKNOWN
    if finding.code == "codes-not-mapped" and finding.severity is not Severity.ERROR:
        return Status.NOTE  # the policy says `unmapped: allow`
    return {
        Severity.ERROR: Status.ERROR,
        Severity.WARNING: Status.WARNING,
        Severity.NOTE: Status.NOTE,
    }[finding.severity]


def _judge_new_columns(facts: ColumnFacts) -> Iterator[Remark]:
    by_table: dict[str, list[str]] = {}
    for new in facts.columns:
        by_table.setdefault(new.table_name, []).append(new.column_name)
    for table, columns in by_table.items():
        yield Remark(
            Status.NOTE,
            f"{table} has columns that were added or altered since the last apply, hidden from agents:"
            f" {', '.join(columns)}",
            "list those under columns: that agents should see, then pgmoat apply",
        )


DRIFT_CHECKS: tuple[Check[DriftFacts], ...] = (
    Check(Area.DRIFT, "doctor-policy", "the policy fits the database", _judge_policy),
    Check(
        Area.DRIFT, "doctor-drift", "the policy is in force, and nothing was changed by hand", _judge_drift
    ),
    Check(Area.CODES, "doctor-codes", "the value maps cover the data", _judge_codes),
)
COLUMN_CHECKS: tuple[Check[ColumnFacts], ...] = (
    Check(Area.CODES, "doctor-new-columns", "the tables have no new columns", _judge_new_columns),
)
