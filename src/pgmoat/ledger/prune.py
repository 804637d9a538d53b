"""
Drop the oldest days of what the watchdog recorded.

In: a connection of the owner's, how long to keep. Out: Partitions. I/O: PostgreSQL.

A day is a partition of each table, and is dropped whole: nothing is deleted row by row. What agents wrote,
and what was done to them (incidents), is not touched.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from pgmoat.errors import Error
from pgmoat.model.names import SYSTEM_SCHEMA
from pgmoat.postgres.sqlfile import load_sql

DETAIL = ("usage_detail", "statement_text")
"""By far the largest: by task, step and statement, and the statements' texts."""

_PARENTS = ("sampling", "usage", "activity", "unfinished", *DETAIL)
_TRIES = 10
_PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Partition:
    """A day of one table, which ended *age* ago."""

    parent: str
    oid: int
    name: str
    until: datetime
    age: timedelta
    bytes: int
    owner: str
    may_drop: bool


def read_partitions(connection: psycopg.Connection[Any]) -> list[Partition]:
    """Return all days that are recorded, the oldest first."""
    # Bounds of days are UTC, and those of a date have no time zone of their own.
    with connection.transaction(), connection.cursor(row_factory=class_row(Partition)) as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'")
        parents = [f"{SYSTEM_SCHEMA}.{name}" for name in _PARENTS]
        return cursor.execute(load_sql("pgmoat.ledger", "list_partitions"), {"parents": parents}).fetchall()


def choose_partitions(
    partitions: Iterable[Partition], keep: timedelta, keep_detail: timedelta
) -> list[Partition]:
    """Return those that ended longer ago than is to be kept; detail is never kept longer than the rest."""
    return [
        each for each in partitions if each.age >= (min(keep, keep_detail) if each.parent in DETAIL else keep)
    ]


def check_right(partitions: Iterable[Partition]) -> None:
    """
    See to it that the connection's role may drop *partitions*.

    Raises:
        Error: it may not.
    """
    for each in partitions:
        if not each.may_drop:
            raise Error(
                "this role may not drop what was recorded",
                hint=f"Run it as a member of {each.owner}, such as who applies. Who watches cannot erase.",
            )


def drop_partition(connection: psycopg.Connection[Any], partition: Partition) -> bool:
    """
    Drop one day of one table; False: others used it each time that it was tried.

    The table is locked for a moment, and whoever would read it waits behind that lock: so it is not waited
    for long, but asked for again.
    """
    statement = sql.SQL("DROP TABLE {}").format(sql.Identifier(SYSTEM_SCHEMA, partition.name))
    for number in range(_TRIES):
        if number:
            time.sleep(_PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        try:
            with connection.transaction():
                if not any(each.oid == partition.oid for each in read_partitions(connection)):
                    return True  # somebody was faster, or took it out of the record to keep it
                connection.execute("SET LOCAL lock_timeout = '200ms'")
                connection.execute(statement)
        except psycopg.errors.LockNotAvailable:
            continue
        return True
    return False
