"""
Read what a hardening took from PUBLIC and has not given back, under the names that things have now.

In: a connection. Out: RecordedClosures. I/O: reads pgmoat.closure.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from pgmoat.model.objects import Grant, RecordedClosure
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"


def read_recorded_closures(connection: Connection[Any]) -> tuple[RecordedClosure, ...]:
    """Return every recorded closure; none where there is no pgmoat, or an older one."""
    present = connection.execute("SELECT pg_catalog.to_regclass('pgmoat.closure') IS NOT NULL").fetchone()
    if present != (True,):
        return ()
    with connection.transaction(force_rollback=True), connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("SET LOCAL search_path = pg_catalog")
        cursor.execute(load_sql(_PACKAGE, "read_recorded_closures"))
        return tuple(map(_make_record, cursor))


def _make_record(row: dict[str, Any]) -> RecordedClosure:
    return RecordedClosure(
        area=row["area"],
        taken=Grant(
            row["object_kind"], row["object"], row["column_name"] or None, row["privilege"], "PUBLIC"
        ),
        grantor=row["grantor"],
        grantees=tuple(row["grantees"]),
        was_default=row["was_default"],
        object_id=row["object_id"],
        part_id=row["part_id"],
        known_as=(row["recorded_object"], row["recorded_column"]),
        is_traced=row["is_traced"],
    )
