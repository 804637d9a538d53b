"""
Read who is connected and what it may do; a superuser's answer is short.

In: a connection. Out: Installer, owners of objects. I/O: reads system catalogs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from pgmoat.model.installer import Installer, SchemaRights
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"
_LISTS = ("powers", "inherited", "settable", "administered", "superusers", "parameters")


def read_installer(connection: Connection[Any]) -> Installer:
    """Return the current role's rights."""
    query = load_sql(_PACKAGE, "read_installer", connection.info.server_version)
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query).fetchall()[0]
        fields: dict[str, Any] = {
            name: frozenset(value) if name in _LISTS else value for name, value in row.items()
        }
        if row["is_superuser"]:
            return Installer(**fields)
        schemas = {
            found["name"]: SchemaRights(found["owner"], found["is_usable"], frozenset(found["creators"]))
            for found in cursor.execute(load_sql(_PACKAGE, "read_schema_rights"))
        }
    return Installer(**fields, schemas=schemas)


def read_owners(connection: Connection[Any], objects: Iterable[str]) -> dict[str, str]:
    """
    Return who owns each of *objects* (``table "public"."orders"``), as far as they are ones that have owners.

    Settings made on the way are undone.
    """
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL search_path = pg_catalog")
        rows = connection.execute(load_sql(_PACKAGE, "read_owners"), {"objects": sorted(objects)}).fetchall()
    return dict(rows)
