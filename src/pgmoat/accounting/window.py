"""
From when until when to look.

In: a connection, an age. Out: Window. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from pgmoat.postgres.sqlfile import load_sql


@dataclass(frozen=True, slots=True)
class Window:
    """From when, down to the minute, until when, and how many rows at most."""

    since: datetime
    until: datetime
    limit: int = 50


def read_window(connection: psycopg.Connection[Any], age: timedelta, limit: int = 50) -> Window:
    """Return the time of *age* up to now, by the server's clock: the record has no other."""
    now = read_clock(connection)
    return Window(now - age, now, limit)


def read_clock(connection: psycopg.Connection[Any]) -> datetime:
    """Return the server's time."""
    row = connection.execute(load_sql("pgmoat.sampling", "read_clock")).fetchone()
    assert row is not None  # noqa: S101 - for the type checker
    return row[0]
