"""
An incident, and how it is written down.

In: a connection, an Incident. Out: nothing. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.watchdog"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that the watchdog did, would have done, or could not do."""

    at: datetime
    agent: str
    task_id: str | None
    step: str | None
    kind: str
    action: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])


def record(connection: psycopg.Connection[Any], incident: Incident) -> None:
    """Write *incident* down."""
    connection.execute(load_sql(_PACKAGE, "record_incident"), make_parameters(incident))


def cut(text: str, most: int) -> str:
    """Return *text*, at most so long: what an agent wrote may be megabytes."""
    return text if len(text) <= most else f"{text[:most]}…"


def make_parameters(incident: Incident) -> dict[str, Any]:
    """Return *incident* as parameters of the statements that record one."""
    return {
        "agent": incident.agent,
        "task_id": incident.task_id,
        "step": incident.step,
        "kind": str(incident.kind),
        "action": str(incident.action),
        "subject": incident.subject,
        "detail": json.dumps(incident.detail, default=str),
    }
