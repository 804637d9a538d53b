"""
Whether a watchdog is at work: without one there is no record of the time.

In: a connection that may read the record. Out: WatchdogState. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.accounting.series import PACKAGE
from pgmoat.postgres.sqlfile import load_sql


@dataclass(frozen=True, slots=True)
class WatchdogState:
    """Whether one leads, whether its heartbeat counts, and how old that is (None: there was none)."""

    is_leading: bool
    is_good: bool
    age_seconds: float | None


def read_watchdog(connection: psycopg.Connection[Any]) -> WatchdogState:
    """Return what is known of the leading watchdog."""
    with connection.cursor(row_factory=class_row(WatchdogState)) as cursor:
        (state,) = cursor.execute(load_sql(PACKAGE, "read_watchdog")).fetchall()
    return state
