"""
pgmoat's own state: tasks, history, charges, lease, statistics.

In: a connection. Out: facts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.compiler.checks.wording import join_words, quote_qualified
from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.postgres.sqlfile import load_sql

LARGE_HISTORY_BYTES = 10 * 1024**3
LONG_LEASE_S = 600
LARGE_TABLE_BYTES = 8 * 1024**2


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """The row of ``read_tasks.sql``."""

    expired: int  # neither closed nor before their deadline
    frozen_tasks: int
    frozen_agents: Sequence[str]


@dataclass(frozen=True, slots=True)
class HistoryFacts:
    """The row of ``read_history_size.sql``."""

    bytes: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """The row of ``read_uncharged.sql``."""

    transactions: int
    rows: int


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """One row of ``read_lease_holders.sql``."""

    pid: int
    role: str
    age_s: int | None


@dataclass(frozen=True, slots=True)
class UnanalyzedTable:
    """One row of ``read_unanalyzed.sql``."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """What the system catalogs say of pgmoat's and the entities' tables."""

    lease_holders: Sequence[LeaseHolder]
    unanalyzed: Sequence[UnanalyzedTable]


def read_tasks(connection: Connection[Any]) -> TaskFacts:
    """Return what the tasks are like."""
    with connection.cursor(row_factory=class_row(TaskFacts)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_tasks")).fetchall()[0]


def read_history_size(connection: Connection[Any]) -> HistoryFacts:
    """Return how large and how old the history is."""
    with connection.cursor(row_factory=class_row(HistoryFacts)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_history_size")).fetchall()[0]


def read_charges(connection: Connection[Any]) -> ChargeFacts:
    """Return how many of the latest writes were not charged."""
    with connection.cursor(row_factory=class_row(ChargeFacts)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_uncharged")).fetchall()[0]


def read_storage(connection: Connection[Any], target: Target) -> StorageFacts:
    """Return who holds the lease, and which tables lack statistics."""
    with connection.cursor(row_factory=class_row(LeaseHolder)) as cursor:
        holders = cursor.execute(load_sql(PACKAGE, "read_lease_holders")).fetchall()
    with connection.cursor(row_factory=class_row(UnanalyzedTable)) as cursor:
        tables = cursor.execute(
            load_sql(PACKAGE, "read_unanalyzed"), {"tables": list(target.tables)}
        ).fetchall()
    return StorageFacts(holders, tables)


def _judge_expired(facts: TaskFacts) -> Iterator[Remark]:
    if facts.expired:
        what = "task is" if facts.expired == 1 else "tasks are"
        yield Remark(
            Status.NOTE,
            f"{facts.expired} {what} past the deadline and not closed: refused, but the"
            " orchestrator may not know",
            "pgmoat task list shows them, pgmoat task close AGENT TASK_ID closes one",
        )


def _judge_frozen(facts: TaskFacts) -> Iterator[Remark]:
    if facts.frozen_agents:
        count = len(facts.frozen_agents)
        yield Remark(
            Status.NOTE,
            f"{'agent' if count == 1 else 'agents'} {join_words(facts.frozen_agents)} "
            f"{'is' if count == 1 else 'are'} frozen: every statement on an entity is refused",
            f"pgmoat thaw {facts.frozen_agents[0]} -- when the reason is gone",
        )
    if facts.frozen_tasks:
        yield Remark(
            Status.NOTE,
            f"{facts.frozen_tasks} {'task is' if facts.frozen_tasks == 1 else 'tasks are'} frozen",
            "pgmoat task list shows them, pgmoat thaw AGENT --task TASK_ID thaws one",
        )


def _judge_history(facts: HistoryFacts) -> Iterator[Remark]:
    since = f", the oldest change of {facts.oldest:%Y-%m-%d}" if facts.oldest else ""
    size = f"schema pgmoat takes {_show_size(facts.bytes)}{since}"
    if facts.bytes > LARGE_HISTORY_BYTES:
        yield Remark(
            Status.NOTE,
            size,
            "keep it as long as you must be able to tell who did what; copy it elsewhere"
            " before you delete any of it",
        )
    else:
        yield Remark(Status.OK, size)


def _show_size(size: int) -> str:
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size // 1024} kB"


def _judge_charges(facts: ChargeFacts) -> Iterator[Remark]:
    if facts.transactions:
        yield Remark(
            Status.ERROR,
            f"{facts.transactions} of the latest transactions of agents, with {facts.rows}"
            " rows, were charged to no"
            " task: the trigger that charges was switched off",
            "pgmoat plan shows what was changed, pgmoat apply sets it right; pgmoat history shows the writes",
        )


def _judge_lease(facts: StorageFacts) -> Iterator[Remark]:
    for holder in facts.lease_holders:
        if holder.age_s is None or holder.age_s < LONG_LEASE_S:
            yield Remark(
                Status.NOTE, f"an apply or destroy is running (pid {holder.pid}, role {holder.role})"
            )
        else:
            yield Remark(
                Status.WARNING,
                f"pid {holder.pid} (role {holder.role}) has held the lease of apply for {holder.age_s} s:"
                " every other apply is refused",
                f"SELECT pg_catalog.pg_terminate_backend({holder.pid}); -- its transaction is rolled back",
            )


def _judge_statistics(facts: StorageFacts) -> Iterator[Remark]:
    for table in facts.unanalyzed:
        yield Remark(
            Status.WARNING if table.bytes >= LARGE_TABLE_BYTES else Status.NOTE,
            f"{table.name} ({_show_size(table.bytes)}) has no statistics: queries of agents get bad plans",
            f"ANALYZE {quote_qualified(table.name)};",
        )


TASK_CHECKS: tuple[Check[TaskFacts], ...] = (
    Check(Area.STATE, "doctor-tasks-expired", "no task is open past its deadline", _judge_expired),
    Check(Area.STATE, "doctor-frozen", "nothing is frozen", _judge_frozen),
)
HISTORY_CHECKS: tuple[Check[HistoryFacts], ...] = (
    Check(Area.STATE, "doctor-history-size", "the history is small", _judge_history),
)
CHARGE_CHECKS: tuple[Check[ChargeFacts], ...] = (
    Check(Area.STATE, "doctor-charges", "the latest writes were charged", _judge_charges),
)
STORAGE_CHECKS: tuple[Check[StorageFacts], ...] = (
    Check(Area.STATE, "doctor-lease", "no apply is running", _judge_lease),
    Check(Area.STATE, "doctor-statistics", "the planner has statistics", _judge_statistics),
)
