"""
Writes that wait for a person's word, and the word.

In: a connection of an approver's or the monitor's. Out: Approval, HeldWrite, Approver. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import class_row, dict_row

from pgmoat.errors import NotFoundError, NotInstalledError
from pgmoat.postgres.sqlfile import load_sql

PENDING = "pending"
SETTLED = ("approved", "rejected", "done", "expired")
"""States of what does not wait any more; approved has not run yet."""

OWN_SQL = "write()"
"""What stands for an operation where an agent's own SQL is held."""

_PACKAGE: LiteralString = "pgmoat.ledger"
_MOST_NUMBER = 2**63 - 1

Values = dict[str, str | None]
"""Columns and their values as text; None is NULL."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A held write as a list shows it; *revision*: how often it was looked at, again if it had changed."""

    id: int
    agent: str
    task_id: str
    step: str | None
    operation: str
    key: str
    given_reason: str | None  # of the agent, for what it writes
    why: str
    asked_at: datetime
    expires_at: datetime
    affected: int
    revision: int
    state: str  # pending, approved, rejected, done, expired
    decided_at: datetime | None
    decided_by: str | None  # the login
    decided_as: str | None  # the person
    decision_reason: str | None
    done_at: datetime | None

    @property
    def is_own_sql(self) -> bool:
        """Whether it is SQL of the agent's own, and no operation."""
        return self.operation == OWN_SQL


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A row that would be written: columns before and after."""

    entity: str
    operation: str  # insert, update, delete
    before: Values | None
    after: Values | None

    @property
    def changed(self) -> dict[str, tuple[str | None, str | None]]:
        """Columns that an update changes, with the value before and after."""
        before, after = self.before or {}, self.after or {}
        return {name: (before.get(name), after[name]) for name in after if before.get(name) != after[name]}


@dataclass(frozen=True, slots=True)
class RowCount:
    """How many rows of an entity would be inserted, updated or deleted."""

    entity: str
    operation: str  # insert, update, delete
    rows: int


@dataclass(frozen=True, slots=True)
class HeldWrite(Approval):
    """
    A held write with all that is kept of it.

    What it writes is what PostgreSQL saw. *statement* and *arguments* are that of an operation, too; of an
    agent's own SQL they are what the agent says of it.
    """

    fingerprint: bytes  # of all rows that it would write, and what a decision is about
    is_cut: bool  # there are more rows than are kept, or long values were cut
    counts: tuple[RowCount, ...]  # of all rows, also those that are not kept
    statement: str | None
    arguments: tuple[tuple[str, str | None], ...]
    rows: tuple[HeldRow, ...]


@dataclass(frozen=True, slots=True)
class Approver:
    """Whether this login may decide, and the role that may."""

    may_decide: bool
    role: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Which of those that wait to read; None stands for any."""

    agent: str | None = None
    after: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Settled:
    """Which of those that do not wait to read; None stands for any."""

    agent: str | None = None
    state: str | None = None
    before: int | None = None
    limit: int = 100


def describe_counts(held: HeldWrite) -> str:
    """Return what it writes in all: "updates 98 orders, inserts 2 notes"."""
    return ", ".join(f"{count.operation}s {count.rows} {count.entity}" for count in held.counts)


def read_waiting(connection: psycopg.Connection[Any], wanted: Waiting) -> list[Approval]:
    """Return what waits, the longest first."""
    with connection.cursor(row_factory=class_row(Approval)) as cursor:
        return cursor.execute(load_sql(_PACKAGE, "read_waiting_approvals"), asdict(wanted)).fetchall()


def read_settled(connection: psycopg.Connection[Any], wanted: Settled) -> list[Approval]:
    """Return what does not wait any more, newest first."""
    with connection.cursor(row_factory=class_row(Approval)) as cursor:
        return cursor.execute(load_sql(_PACKAGE, "read_settled_approvals"), asdict(wanted)).fetchall()


def read_held_writes(connection: psycopg.Connection[Any], ids: Iterable[int]) -> list[HeldWrite]:
    """Return held writes with their rows, by number; those that there are not are left out."""
    known = [number for number in ids if 0 < number <= _MOST_NUMBER]
    if not known:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(load_sql(_PACKAGE, "read_held_writes"), {"ids": known}).fetchall()
    return [_make_held_write(row) for row in found]


def read_held_write(connection: psycopg.Connection[Any], number: int) -> HeldWrite:
    """
    Return one held write.

    Raises:
        NotFoundError: there is none of that number.
    """
    found = read_held_writes(connection, [number])
    if not found:
        raise NotFoundError(
            f"nothing is held under number {number}", hint="pgmoat approvals lists what waits."
        )
    return found[0]


def read_approver(connection: psycopg.Connection[Any]) -> Approver:
    """
    Return whether the connection's role may decide; any role may ask that.

    Raises:
        NotInstalledError: this database has no pgmoat, or one of another version.
    """
    with connection.cursor(row_factory=class_row(Approver)) as cursor:
        found = cursor.execute(load_sql(_PACKAGE, "read_approver")).fetchone()
    if found is None:
        raise NotInstalledError(
            "this database has no pgmoat schema, or one of another version", hint="pgmoat apply installs it."
        )
    return found


def decide(  # noqa: PLR0913 - the parameters of pgmoat.decide
    connection: psycopg.Connection[Any],
    number: int,
    fingerprint: bytes,
    *,
    is_approved: bool,
    who: str,
    reason: str,
) -> None:
    """
    Approve or reject what is held under *number*, as long as it is what the person was shown.

    Raises:
        psycopg.Error: no such number (PM055); it does not wait any more, or has changed (PM056).
    """
    parameters = {
        "approval": number,
        "fingerprint": fingerprint,
        "is_approved": is_approved,
        "who": who,
        "reason": reason,
    }
    connection.execute(load_sql(_PACKAGE, "decide"), parameters)


def _make_held_write(found: dict[str, Any]) -> HeldWrite:
    arguments = tuple((name, value) for name, value in found.pop("arguments"))
    rows = tuple(HeldRow(**row) for row in found.pop("rows"))
    counts = tuple(RowCount(**count) for count in found.pop("counts"))
    return HeldWrite(**found, arguments=arguments, rows=rows, counts=counts)
