"""
Database time over time.

In: a connection that may read the record, a window. Out: Points, Live. I/O: reads PostgreSQL.

Where nothing stands there was nothing to see, or nobody looked: :func:`read_seen` tells the two apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row, dict_row

from pgmoat.postgres.sqlfile import load_sql

PACKAGE = "pgmoat.accounting"


@dataclass(frozen=True, slots=True)
class Point:
    """Database time of one agent ('': everybody else) in the bucket that begins at *at*."""

    at: datetime
    agent: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WaitPoint:
    """Time of one agent by what it waited for; IDLE among it."""

    at: datetime
    wait_class: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SeenPoint:
    """For how many seconds of the bucket somebody looked."""

    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Live:
    """This and the last minute as they stand at *at*; both only grow, so that two readings make a delta."""

    at: datetime
    usage: Mapping[tuple[datetime, str, str], float]  # minute, agent, wait class
    seen: Mapping[datetime, float]  # for how long somebody looked


@dataclass(frozen=True, slots=True)
class Delta:
    """What was added between two readings."""

    seconds: Mapping[tuple[str, str], float]  # agent, wait class
    seen_seconds: float


def read_series(
    connection: psycopg.Connection[Any], since: datetime, until: datetime, bucket: timedelta
) -> list[Point]:
    """
    Return the database time of each agent by *bucket*, a number of whole minutes; waits are summed up.

    Raises:
        ValueError: *bucket* is not of whole minutes.
    """
    with connection.cursor(row_factory=class_row(Point)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_series"), _parameters(since, until, bucket)).fetchall()


def read_wait_series(
    connection: psycopg.Connection[Any], agent: str, since: datetime, until: datetime, bucket: timedelta
) -> list[WaitPoint]:
    """
    Return one agent's time by *bucket* and wait class, IDLE among it.

    Raises:
        ValueError: *bucket* is not of whole minutes.
    """
    parameters = {**_parameters(since, until, bucket), "agent": agent}
    with connection.cursor(row_factory=class_row(WaitPoint)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_wait_series"), parameters).fetchall()


def read_seen(
    connection: psycopg.Connection[Any], since: datetime, until: datetime, bucket: timedelta
) -> list[SeenPoint]:
    """
    Return for how long somebody looked, by *bucket*.

    Raises:
        ValueError: *bucket* is not of whole minutes.
    """
    with connection.cursor(row_factory=class_row(SeenPoint)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_seen"), _parameters(since, until, bucket)).fetchall()


def read_live(connection: psycopg.Connection[Any]) -> Live:
    """Return what stands of this and the last minute, by the server's clock."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(load_sql(PACKAGE, "read_live")).fetchall()
    return Live(
        at=rows[0]["now"],
        usage={
            (row["minute"], row["agent"], row["wait_class"]): row["seconds"]
            for row in rows
            if row["agent"] is not None
        },
        seen={
            row["minute"]: row["seconds"]
            for row in rows
            if row["agent"] is None and row["minute"] is not None
        },
    )


def diff_live(before: Live, after: Live) -> Delta:
    """Return what *after* has more than *before*: who took how much between the two."""
    added: dict[tuple[str, str], float] = {}
    for key, seconds in after.usage.items():
        more = seconds - before.usage.get(key, 0)
        if more > 0:
            _, agent, wait_class = key
            added[agent, wait_class] = added.get((agent, wait_class), 0) + more
    seen = sum(max(0.0, seconds - before.seen.get(minute, 0)) for minute, seconds in after.seen.items())
    return Delta(added, seen)


def _parameters(since: datetime, until: datetime, bucket: timedelta) -> dict[str, object]:
    if bucket < timedelta(minutes=1) or bucket % timedelta(minutes=1):
        raise ValueError(f"{bucket} is not a number of whole minutes")
    return {"since": since, "until": until, "bucket": bucket}
