"""
Give an agent's role back what it changed for itself.

In: a connection, a RoleChange. Out: whether it was set right. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import psycopg

from pgmoat.plan.roles import (
    reset_database_setting_sql,
    reset_password_sql,
    set_connection_limit_sql,
    set_role_sql,
)
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.watchdog.roles import PACKAGE, RoleChange, Where, read_changes

_SOON = (psycopg.errors.LockNotAvailable, psycopg.errors.InternalError_)


def repair_role(connection: psycopg.Connection[Any], change: RoleChange, holder: str) -> bool:
    """
    Set *change* right in a transaction that the caller has begun; False: not now, or no longer needed.

    The role may hold its own row locked, by an ALTER ROLE that it does not commit: that is not waited for.

    Raises:
        psycopg.errors.InsufficientPrivilege: it takes a superuser, or the role that applied.
    """
    try:
        with connection.transaction():
            connection.execute("SET LOCAL lock_timeout = '100ms'")
            if connection.execute(load_sql(PACKAGE, "hold_apply"), {"holder": holder}).fetchone() is None:
                return False
            if change not in read_changes(connection, sees_passwords=change.where is Where.PASSWORD):
                return False
            connection.execute(_compose(connection, change).encode())
    except _SOON:
        return False
    return True


def _compose(connection: psycopg.Connection[Any], change: RoleChange) -> str:
    if change.where is Where.PASSWORD:
        return reset_password_sql(change.role)
    if change.where is Where.DATABASE:
        return reset_database_setting_sql(change.role, connection.info.dbname, change.key)
    if change.where is Where.LIMIT:
        return set_connection_limit_sql(change.role, int(change.wanted or -1))
    return set_role_sql(change.role, change.key, change.wanted)
