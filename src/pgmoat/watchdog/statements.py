"""
What pg_stat_statements added since it was last read.

In: a connection. Out: Readings and what lies between two of them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.watchdog.sample import PACKAGE

LONGEST_GAP = timedelta(minutes=2)
"""What was added over a longer time would stand in a minute that it does not belong to: it is left out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What pg_stat_statements says of an agent ('': everybody else) since its last reset."""

    agent: str
    at: datetime
    since: datetime | None
    calls: int
    rows: int
    execution_seconds: float
    planning_seconds: float


@dataclass(frozen=True, slots=True)
class Added:
    """What lies between two readings."""

    calls: int
    rows: int
    execution_seconds: float
    planning_seconds: float


def read_statements(connection: psycopg.Connection[Any]) -> list[Reading] | None:
    """Return a reading for each agent and one for everybody else, None where the extension is not there."""
    try:
        with connection.cursor(row_factory=class_row(Reading)) as cursor:
            return cursor.execute(load_sql(PACKAGE, "read_statements")).fetchall()
    except psycopg.errors.ObjectNotInPrerequisiteState:
        return None


def read_last_readings(connection: psycopg.Connection[Any]) -> list[Reading]:
    """Return the readings that were recorded last."""
    with connection.cursor(row_factory=class_row(Reading)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_last_readings")).fetchall()


def compare(before: Reading | None, after: Reading) -> Added | None:
    """
    Return what was added, None where that is not known.

    After a reset everything was. Where entries were thrown out (``pg_stat_statements.max``) sums can shrink:
    what was added then is not known, and counts as nothing.
    """
    if before is None or after.at - before.at > LONGEST_GAP:
        return None
    if before.since != after.since:
        before = Reading(after.agent, after.at, None, 0, 0, 0.0, 0.0)
    return Added(
        max(0, after.calls - before.calls),
        max(0, after.rows - before.rows),
        max(0.0, after.execution_seconds - before.execution_seconds),
        max(0.0, after.planning_seconds - before.planning_seconds),
    )
