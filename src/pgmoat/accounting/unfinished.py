"""
Statements that did not finish: how many, and the last ones.

In: a connection that may read the record, a moment. Out: UnfinishedCount, UnfinishedEntry. I/O: reads
PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.accounting.series import PACKAGE
from pgmoat.postgres.sqlfile import load_sql

MOST = 100
"""Entries that are read unless told otherwise."""


@dataclass(frozen=True, slots=True)
class UnfinishedCount:
    """How many statements of an agent's did not finish, by how and by SQLSTATE (None: not known)."""

    agent: str
    how: str  # refused, timed out, cancelled, terminated, failed
    code: str | None
    statements: int
    seconds: float


@dataclass(frozen=True, slots=True)
class UnfinishedEntry:
    """
    One statement that did not finish, or several that were only counted.

    *source*: counted, done, seen, inferred; see the table's comment. *text* has ``?`` for each literal.
    """

    at: datetime
    agent: str
    task_id: str | None
    step: str | None
    how: str
    source: str
    code: str | None
    statements: int
    seconds: float | None
    text: str | None


def count_unfinished(
    connection: psycopg.Connection[Any], since: datetime, agent: str | None = None
) -> list[UnfinishedCount]:
    """Return how many statements did not finish since then, the most first."""
    with connection.cursor(row_factory=class_row(UnfinishedCount)) as cursor:
        parameters = {"since": since, "agent": agent}
        return cursor.execute(load_sql(PACKAGE, "count_unfinished"), parameters).fetchall()


def read_unfinished(
    connection: psycopg.Connection[Any], since: datetime, agent: str | None = None, limit: int = MOST
) -> list[UnfinishedEntry]:
    """Return the last statements that did not finish since then, newest first."""
    with connection.cursor(row_factory=class_row(UnfinishedEntry)) as cursor:
        parameters = {"since": since, "agent": agent, "limit": limit}
        return cursor.execute(load_sql(PACKAGE, "read_unfinished"), parameters).fetchall()
