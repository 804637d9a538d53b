"""
What the watchdog did, and people.

In: a connection that may read pgmoat.incident, filters. Out: IncidentEntry. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.postgres.sqlfile import load_sql

BY_HAND = "by-hand"
"""The kind of an incident that is a person's act, by a command or by the dashboard."""

APPROVAL = "approval"
"""The kind of an incident about a held write: it is held, approved or rejected."""


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents to read; None stands for any."""

    agent: str | None = None
    since: datetime | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """One act of the watchdog's or a person's; task and step are what the session claimed."""

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

    @property
    def held_number(self) -> int | None:
        """The number of the held write that it is about, if it is about one."""
        number = self.subject.removeprefix(f"{APPROVAL}:")
        return int(number) if self.kind == APPROVAL and number.isascii() and number.isdigit() else None

    @property
    def who(self) -> str | None:
        """The person, if one did it; of a decision also the login, for the name is what a program says."""
        person = self.detail.get("by") or self.detail.get("who")
        if not person:
            return None
        return f"{person}, login {self.recorded_by}" if self.kind == APPROVAL else str(person)


def read_incidents(connection: psycopg.Connection[Any], wanted: IncidentFilter) -> list[IncidentEntry]:
    """Return the incidents that *wanted* asks for, newest first."""
    with connection.cursor(row_factory=class_row(IncidentEntry)) as cursor:
        cursor.execute(load_sql("pgmoat.ledger", "read_incidents"), asdict(wanted))
        return cursor.fetchall()


def record_act(
    connection: psycopg.Connection[Any], agent: str, task_id: str | None, action: str, detail: dict[str, Any]
) -> bool:
    """
    Record what a person did to an agent or a task, and return whether the person may.

    The monitor and the owner may. An orchestrator may freeze all the same.
    """
    row = connection.execute(load_sql("pgmoat.ledger", "may_record")).fetchone()
    if row is None or not row[0]:
        return False
    parameters = {
        "agent": agent,
        "task_id": task_id,
        "kind": BY_HAND,
        "action": action,
        "subject": f"{BY_HAND}:{agent}" if task_id is None else f"{BY_HAND}:{agent}/{task_id}",
        "detail": json.dumps(detail),
    }
    connection.execute(load_sql("pgmoat.ledger", "record_incident"), parameters)
    return True
