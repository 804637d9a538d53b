"""
Whose code a SELECT from people's tables would run with the rights of whoever reads them.

In: a connection, tables. Out: the function by table, expressions. I/O: reads system catalogs.

A table's owner decides what reading it runs: a cast from a type of theirs, a function in an index. READ ONLY
forbids it little, and SET ROLE nothing: it can take the session's own rights back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from psycopg import Connection, sql

from pgmoat.catalog.snapshot import Column, Table
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"
_CAST_BY_ANYBODY = frozenset({"E", "C", "R", "A"})
"""Categories of types that need no superuser: enums, composites, ranges, and arrays of them."""


def find_foreign_code(connection: Connection[Any], tables: Collection[Table]) -> dict[str, str]:
    """
    Return, by schema.table, a function of another role that reading the table could run, with its owner.

    In the transaction that reads, after :func:`lock_tables`: what is found then stays all there is of it.
    """
    if not tables:
        return {}
    names = sorted({table.qualified_name for table in tables})
    found = connection.execute(load_sql(_PACKAGE, "read_foreign_code"), {"tables": names})
    return {name: f"{function} of {owner}" for name, function, owner in found}


def lock_tables(connection: Connection[Any], tables: Collection[Table]) -> None:
    """Hold *tables* as a SELECT does, before anything is planned: none turns into a view meanwhile."""
    # A materialized view cannot be locked so; nor does it turn into anything else.
    lockable = [table for table in tables if table.kind in {"r", "p"}]
    if lockable:
        names = sql.SQL(", ").join(sql.Identifier(table.schema, table.name) for table in lockable)
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))


def compose_text(column: Column, value: sql.Composable) -> sql.Composed:
    """
    Return *value* of *column* as text, NULL as NULL, without a cast that somebody may have defined.

    Base types are superusers' alone; the owner of any other type may define what ``::text`` runs.
    """
    if column.type_category in _CAST_BY_ANYBODY:
        # concat() calls what prints the type. IS NULL would be true of a row of NULLs.
        return sql.SQL("CASE WHEN {value} IS DISTINCT FROM NULL THEN pg_catalog.concat({value}) END").format(
            value=value
        )
    return sql.SQL("{}::pg_catalog.text").format(value)
