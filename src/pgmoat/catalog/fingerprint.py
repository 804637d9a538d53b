"""
The query that hashes what PostgreSQL reports of every object in pgmoat's schemas.

In: schemas, views, value maps. Out: SQL text without parameters. I/O: none.

Reading and writing the manifest use the same query, as does the script that plan prints: hashes that were
computed in different ways would look like drift.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from psycopg import sql

from pgmoat.model.names import MAP_SCHEMA
from pgmoat.postgres.sqlfile import load_sql


def fill_sql(query: str, values: Mapping[str, object]) -> str:
    """Return *query* with each ``%(name)s`` replaced by the value as a literal, so that it can be printed."""
    return re.sub(r"%\((\w+)\)s", lambda match: sql.Literal(values[match[1]]).as_string(None), query)


def compose_fingerprint(schemas: Sequence[str], views: Sequence[str], map_tables: Sequence[str]) -> str:
    """
    Return a query with the columns of ``read_actual_objects.sql``; the hash of a value map covers its rows.

    *map_tables* are bare names and must exist when the query runs, with ``pg_catalog`` as search_path.
    """
    objects = fill_sql(
        load_sql("pgmoat.catalog", "read_actual_objects"), {"schemas": list(schemas), "views": list(views)}
    )
    if not map_tables:
        return objects
    maps = "\nUNION ALL\n".join(_compose_map(name) for name in sorted(map_tables))
    return "\n".join(
        (
            "SELECT o.kind, o.name, o.schema, o.owner, o.sql,",
            "       CASE WHEN m.hash IS NULL THEN o.hash ELSE pg_catalog.md5(o.hash || m.hash) END AS hash",
            "FROM (",
            objects.rstrip(),
            ") AS o LEFT JOIN (",
            maps,
            ") AS m ON m.name = o.name AND o.kind = 'table'",
        )
    )


def _compose_map(name: str) -> str:
    query = sql.SQL(
        "SELECT {key} AS name, COALESCE(pg_catalog.md5(pg_catalog.string_agg(r.line, E'\\n' ORDER BY r.line"
        " COLLATE pg_catalog.\"C\")), '') AS hash"
        " FROM (SELECT ROW(map.*)::pg_catalog.text AS line FROM {table} AS map) AS r"
    )
    return query.format(
        key=sql.Literal(f"{MAP_SCHEMA}.{name}"), table=sql.Identifier(MAP_SCHEMA, name)
    ).as_string(None)
