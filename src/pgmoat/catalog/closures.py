"""
Read what a hardening took from PUBLIC and has not given back.

In: a connection. Out: RecordedClosures. I/O: reads pgmoat.closure.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from pgmoat.model.objects import Grant, RecordedClosure
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"


def read_recorded_closures(connection: Connection[Any]) -> tuple[RecordedClosure, ...]:
    """Return every recorded closure; none where there is no pgmoat, or an older one."""
    present = connection.execute("SELECT pg_catalog.to_regclass('pgmoat.closure') IS NOT NULL").fetchone()
    if present != (True,):
        return ()
    return tuple(
        RecordedClosure(
            area=area,
            taken=Grant(kind, name, column or None, privilege, "PUBLIC"),
            grantor=grantor,
            grantees=tuple(grantees),
            was_default=was_default,
        )
        for area, kind, name, column, privilege, grantor, grantees, was_default in connection.execute(
            load_sql(_PACKAGE, "read_recorded_closures")
        )
    )
