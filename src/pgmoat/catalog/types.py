"""
Read the types that parameters of operations name.

In: a connection, the policy's operations. Out: TypeName by the policy's text. I/O: reads system catalogs.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, errors
from psycopg.rows import class_row

from pgmoat.catalog.request import CatalogRequest
from pgmoat.catalog.snapshot import TypeName
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"


def read_types(connection: Connection[Any], policy: CatalogRequest) -> dict[str, TypeName]:
    """
    Return the types that exist; needs ``search_path = pg_catalog``, so that others have to be qualified.

    A text that cannot be a type's name is an error of PostgreSQL's, and so no type.
    """
    wanted = {p.type for operation in policy.operations.values() for p in operation.parameters.values()}
    found: dict[str, TypeName] = {}
    query = load_sql(_PACKAGE, "read_type")
    for text in sorted(wanted):
        try:
            with connection.transaction(), connection.cursor(row_factory=class_row(TypeName)) as cursor:
                row = cursor.execute(query, {"type": text}).fetchone()
        except (errors.ProgrammingError, errors.DataError, errors.NotSupportedError):
            continue
        if row is not None:
            found[text] = row
    return found


def read_taken_functions(connection: Connection[Any], policy: CatalogRequest) -> frozenset[str]:
    """Return the names of operations that are those of PostgreSQL's own functions."""
    if not policy.operations:
        return frozenset()
    rows = connection.execute(load_sql(_PACKAGE, "read_taken_functions"), {"names": list(policy.operations)})
    return frozenset(name for (name,) in rows)
