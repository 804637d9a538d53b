"""
Read the database as it is into a catalog.

In: a connection, and the policy that names what matters. Out: Catalog. I/O: reads PostgreSQL's system
catalogs, and the columns that have a value map; changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row

from pgmoat.catalog.arrays import freeze_array
from pgmoat.catalog.codes import read_codes
from pgmoat.catalog.installer import read_installer
from pgmoat.catalog.reach import read_reach
from pgmoat.catalog.request import CatalogRequest
from pgmoat.catalog.snapshot import (
    Catalog,
    Column,
    ForeignKeyChild,
    Table,
    TablePolicy,
    TableTrigger,
    UniqueIndex,
)
from pgmoat.catalog.types import read_taken_functions, read_types
from pgmoat.model.names import ROW_POLICY_COMMENT
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"

Noun = TypeVar("Noun")


@dataclass(frozen=True, slots=True)
class _Server:
    """One row of ``read_server.sql``."""

    server_version: int
    database: str
    max_connections: int
    reserved_connections: int


@dataclass(frozen=True, slots=True)
class _Relation:
    """One row of ``read_tables.sql``: a Table without its parts."""

    relation: int
    schema: str
    name: str
    kind: str
    owner: str
    row_security: bool
    estimated_rows: int
    has_inheritors: bool
    rules: list[str]
    comment: str | None

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class _IndexedColumn:
    """One row of ``read_indexed_columns.sql``."""

    name: str


@dataclass(frozen=True, slots=True)
class _Parts:
    """What hangs on the tables that the policy names, by their oid."""

    columns: dict[int, list[Column]]
    unique_indexes: dict[int, list[UniqueIndex]]
    indexed_columns: dict[int, list[_IndexedColumn]]
    children: dict[int, list[ForeignKeyChild]]
    triggers: dict[int, list[TableTrigger]]
    row_policies: dict[int, list[TablePolicy]]


def read_catalog(connection: Connection[Any], policy: CatalogRequest) -> Catalog:
    """
    Return what *policy* needs to know of the database, as one snapshot of it.

    Tables that the policy names come in full, all others by name and kind only. Settings made on the way are
    undone; an open transaction is used as it is and stays open, otherwise a REPEATABLE READ READ ONLY one is.
    """
    is_own_transaction = connection.info.transaction_status == TransactionStatus.IDLE
    # Rolled back always: inside someone's transaction only that undoes SET LOCAL.
    with connection.transaction(force_rollback=True):
        if is_own_transaction:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # pg_get_expr and format_type then qualify every name outside pg_catalog.
        connection.execute("SET LOCAL search_path = pg_catalog")
        # Compiling takes longer than reading: 130 ms instead of 30 for the tables alone.
        connection.execute("SET LOCAL jit = off")
        server = _read_server(connection)
        installer = read_installer(connection)
        tables = _read_tables(connection, policy)
        return Catalog(
            server_version=server.server_version,
            database=server.database,
            max_connections=server.max_connections,
            reserved_connections=server.reserved_connections,
            tables=tables,
            codes=read_codes(connection, policy, tables, installer),
            reach=read_reach(connection, policy, server.server_version),
            installer=installer,
            types=read_types(connection, policy),
            taken_functions=read_taken_functions(connection, policy),
        )


def _read_server(connection: Connection[Any]) -> _Server:
    with connection.cursor(row_factory=class_row(_Server)) as cursor:
        return cursor.execute(load_sql(_PACKAGE, "read_server")).fetchall()[0]


def _read_tables(connection: Connection[Any], policy: CatalogRequest) -> dict[str, Table]:
    """Return every people's relation by qualified name, with its parts where the policy names it."""
    with connection.cursor(row_factory=class_row(_Relation)) as cursor:
        cursor.execute(load_sql(_PACKAGE, "read_tables"), {"entity_schema": policy.settings.entity_schema})
        relations = cursor.fetchall()
    named = {entity.table for entity in policy.entities.values()}
    parts = _read_parts(connection, [row.relation for row in relations if row.qualified_name in named])
    return {row.qualified_name: _assemble_table(row, parts) for row in relations}


def _read_parts(connection: Connection[Any], relations: Sequence[int]) -> _Parts:
    """Return the parts of *relations*: one query per noun, however many tables there are."""
    return _Parts(
        columns=_read_by_relation(connection, Column, load_sql(_PACKAGE, "read_columns"), relations),
        unique_indexes=_read_by_relation(
            connection, UniqueIndex, load_sql(_PACKAGE, "read_unique_indexes"), relations
        ),
        indexed_columns=_read_by_relation(
            connection, _IndexedColumn, load_sql(_PACKAGE, "read_indexed_columns"), relations
        ),
        children=_read_by_relation(
            connection, ForeignKeyChild, load_sql(_PACKAGE, "read_children"), relations
        ),
        triggers=_read_by_relation(connection, TableTrigger, load_sql(_PACKAGE, "read_triggers"), relations),
        row_policies=_read_by_relation(
            connection, TablePolicy, load_sql(_PACKAGE, "read_row_policies"), relations
        ),
    )


def _assemble_table(row: _Relation, parts: _Parts) -> Table:
    return Table(
        schema=row.schema,
        name=row.name,
        kind=row.kind,
        owner=row.owner,
        row_security=row.row_security,
        estimated_rows=row.estimated_rows,
        columns=tuple(parts.columns.get(row.relation, ())),
        unique_indexes=tuple(parts.unique_indexes.get(row.relation, ())),
        indexed_columns=tuple(column.name for column in parts.indexed_columns.get(row.relation, ())),
        children=tuple(parts.children.get(row.relation, ())),
        triggers=tuple(parts.triggers.get(row.relation, ())),
        comment=row.comment,
        has_inheritors=row.has_inheritors,
        rules=tuple(row.rules),
        row_policies=tuple(
            policy
            for policy in parts.row_policies.get(row.relation, ())
            if policy.comment != ROW_POLICY_COMMENT
        ),
    )


def _read_by_relation(
    connection: Connection[Any], noun: type[Noun], query: LiteralString, relations: Sequence[int]
) -> dict[int, list[Noun]]:
    """Return the rows of *query* as *noun*, grouped by their column ``relation``, in the query's order."""

    def row_factory(cursor: Cursor[Any]) -> Callable[[Sequence[Any]], tuple[int, Noun]]:
        names = [column.name for column in cursor.description or ()]

        def make_row(values: Sequence[Any]) -> tuple[int, Noun]:
            fields = dict(zip(names, map(freeze_array, values), strict=True))
            relation = fields.pop("relation")
            return relation, noun(**fields)

        return make_row

    grouped: dict[int, list[Noun]] = defaultdict(list)
    with connection.cursor(row_factory=row_factory) as cursor:
        cursor.execute(query, {"relations": list(relations)})
        for relation, part in cursor:
            grouped[relation].append(part)
    return grouped
