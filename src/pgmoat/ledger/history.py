"""
What agents wrote.

In: a connection that may read pgmoat.history, filters. Out: HistoryEntry. I/O: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.postgres.sqlfile import load_sql


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which changes to read; None stands for any."""

    agent: str | None = None
    task_id: str | None = None
    entity: str | None = None
    operation: str | None = None  # insert, update, delete
    since: datetime | None = None
    before_at: datetime | None = None  # with before_change: what comes after this entry
    before_change: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One row that an agent wrote: listed columns before and after."""

    at: datetime
    agent: str
    task_id: str
    step: str | None
    entity: str
    operation: str
    key: dict[str, Any] | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str | None
    called: str | None  # the operation that wrote it; None for the agent's own SQL
    change_id: int

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Columns that an update changed, with the value before and after."""
        before, after = self.before or {}, self.after or {}
        return {name: (before.get(name), after[name]) for name in after if before.get(name) != after[name]}


def read_history(connection: psycopg.Connection[Any], wanted: HistoryFilter) -> list[HistoryEntry]:
    """Return the changes that *wanted* asks for, newest first."""
    with connection.cursor(row_factory=class_row(HistoryEntry)) as cursor:
        cursor.execute(load_sql("pgmoat.ledger", "read_history"), asdict(wanted))
        return cursor.fetchall()
