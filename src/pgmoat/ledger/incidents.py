"""
What the watchdog did.

In: a connection that may read pgmoat.incident, filters. Out: IncidentEntry. I/O: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.postgres.sqlfile import load_sql


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents to read; None stands for any."""

    agent: str | None = None
    since: datetime | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """One act of the watchdog's; task and step are what the session claimed."""

    id: int
    at: datetime
    agent: str
    task_id: str | None
    step: str | None
    kind: str
    action: str
    subject: str
    detail: dict[str, Any]
    recorded_by: str


def read_incidents(connection: psycopg.Connection[Any], wanted: IncidentFilter) -> list[IncidentEntry]:
    """Return the incidents that *wanted* asks for, newest first."""
    with connection.cursor(row_factory=class_row(IncidentEntry)) as cursor:
        cursor.execute(load_sql("pgmoat.ledger", "read_incidents"), asdict(wanted))
        return cursor.fetchall()
