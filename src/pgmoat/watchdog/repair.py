"""
Give agents' roles back what they changed for themselves.

In: a connection, Verdicts. Out: Incidents. I/O: PostgreSQL.

A role can make that long: by many settings, by long ones, or by an ALTER ROLE that it does not commit. So it
comes last in a round, when everybody is judged and the heartbeat is given, and takes a part of a second.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import psycopg

from pgmoat.plan.roles import (
    reset_database_setting_sql,
    reset_password_sql,
    set_connection_limit_sql,
    set_role_sql,
)
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.watchdog.act import CANNOT, describe, describe_failed
from pgmoat.watchdog.incident import Incident, record
from pgmoat.watchdog.judge import Verdict
from pgmoat.watchdog.roles import PACKAGE, RoleChange, Where, read_changes

_SOON = (psycopg.errors.LockNotAvailable, psycopg.errors.InternalError_)
_IN_ALL_S = 0.3

Connection = psycopg.Connection[Any]


def repair_roles(
    connection: Connection, verdicts: Sequence[Verdict], holder: str, at: datetime
) -> Iterator[Incident]:
    """
    Set right what *verdicts* say, and yield what was, or could not be; the rest is for the next round.

    *connection* must be in autocommit mode. A role has a transaction of its own. Which role is first is drawn
    by lot: it may take all the time there is.

    Raises:
        psycopg.Error: anything but a lock that is held, or a right that is missing.
    """
    deadline = time.monotonic() + _IN_ALL_S
    roles = sorted({verdict.role for verdict in verdicts})
    random.shuffle(roles)
    for role in roles:
        if time.monotonic() >= deadline:
            return
        of_role = [verdict for verdict in verdicts if verdict.role == role]
        # The longest first: while it is there, each other one takes long, too.
        of_role.sort(key=lambda verdict: -len(verdict.change.found or "") if verdict.change else 0)
        yield from _repair_role(connection, of_role, holder, at, deadline)


def _repair_role(
    connection: Connection, verdicts: Sequence[Verdict], holder: str, at: datetime, deadline: float
) -> list[Incident]:
    """Set one role right, as far as it can be done until *deadline*, and record it."""
    done: list[Incident] = []
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '100ms'")
            if connection.execute(load_sql(PACKAGE, "hold_apply"), {"holder": holder}).fetchone() is None:
                return []
            sees_passwords = any(_changed(verdict).where is Where.PASSWORD for verdict in verdicts)
            actual = set(read_changes(connection, sees_passwords=sees_passwords))
            for verdict in verdicts:
                if done and time.monotonic() >= deadline:
                    break
                if _changed(verdict) not in actual:
                    continue
                try:
                    done.append(_repair(connection, verdict, at))
                except (
                    _SOON
                ):  # the role holds its own row: not for one more of its settings is that waited for
                    break
            # Last: their numbers are to be drawn right before COMMIT, for webhooks go by numbers.
            for incident in done:
                record(connection, incident)
    except psycopg.Error as error:
        if error.sqlstate not in CANNOT:
            raise
        done = [describe_failed(verdict, at, error) for verdict in verdicts]
        with connection.transaction():
            for incident in done:
                record(connection, incident)
    return done


def _repair(connection: Connection, verdict: Verdict, at: datetime) -> Incident:
    try:
        with connection.transaction():
            connection.execute(_compose(connection, _changed(verdict)).encode())
    except psycopg.Error as error:
        if error.sqlstate not in CANNOT:
            raise
        return describe_failed(verdict, at, error)
    return describe(verdict, verdict.action, at)


def _changed(verdict: Verdict) -> RoleChange:
    assert verdict.change is not None  # noqa: S101 - for the type checker
    return verdict.change


def _compose(connection: Connection, change: RoleChange) -> str:
    if change.where is Where.PASSWORD:
        return reset_password_sql(change.role)
    if change.where is Where.DATABASE:
        return reset_database_setting_sql(change.role, connection.info.dbname, change.key)
    if change.where is Where.LIMIT:
        return set_connection_limit_sql(change.role, int(change.wanted or -1))
    return set_role_sql(change.role, change.key, change.wanted)
