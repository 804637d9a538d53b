"""
Read which codes occur in the columns that have a value map.

In: a connection, the policy, people's tables. Out: CodeCounts by table and column. I/O: reads people's
tables, for at most ``TIMEOUT_MS`` a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege, QueryCanceled
from psycopg.rows import class_row

from pgmoat.catalog.foreign_code import compose_text, find_foreign_code, lock_tables
from pgmoat.catalog.request import CatalogRequest
from pgmoat.catalog.snapshot import CodeCounts, Table
from pgmoat.errors import NotFoundError
from pgmoat.model.installer import SUPERUSER, Installer
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"

TIMEOUT_MS = 10_000
LARGE_TABLE_ROWS = 100_000
"""From here on an index on the column is walked instead of the table counted."""

SMALL_TABLE_ROWS = 10_000
"""Below this tables are counted together, as many as ``_BATCH`` at a time."""

_BATCH = 100
_BATCH_TIMEOUT_MS = 1_000


@dataclass(frozen=True, slots=True)
class _CodeRow:
    """One code of a column."""

    code: str
    rows: int


def read_codes(  # noqa: PLR0913 - the last two are for tests
    connection: Connection[Any],
    policy: CatalogRequest,
    tables: Mapping[str, Table],
    installer: Installer = SUPERUSER,
    /,
    *,
    timeout_ms: int = TIMEOUT_MS,
    large_table_rows: int = LARGE_TABLE_ROWS,
) -> dict[tuple[str, str], CodeCounts]:
    """
    Return the codes of each column with a value map, by (schema.table, column).

    A large table is never counted when an index leads with the column: its distinct codes are then exact,
    their numbers of rows estimates. What takes longer than *timeout_ms* comes from the planner's statistics.
    So does a table that would run another role's code. A table is read as its owner where *installer* has the
    owner's rights by SET ROLE only. A column that may not be read is left out. Runs inside a transaction.
    """
    columns = list(_mapped_columns(policy, tables))
    most_rows = min(SMALL_TABLE_ROWS, large_table_rows)
    small = [
        (table, column)
        for table, column in columns
        if table.estimated_rows < most_rows and installer.acts_for(table.owner)
    ]
    codes = _count_together(connection, small, min(timeout_ms, _BATCH_TIMEOUT_MS))
    for table, column in columns:
        if (table.qualified_name, column) in codes:
            continue
        is_walked = table.estimated_rows >= large_table_rows and column in table.indexed_columns
        try:
            # A savepoint: a cancelled count must not end the transaction.
            with connection.transaction(force_rollback=True):
                _set_timeout(connection, timeout_ms)
                _become_owner(connection, table, installer)
                codes[table.qualified_name, column] = _read_one(
                    connection, table, column, is_walked=is_walked
                )
        except QueryCanceled:
            with connection.transaction(force_rollback=True):
                _become_owner(connection, table, installer)
                rows = read_statistics(connection, table, column)
            codes[table.qualified_name, column] = CodeCounts(rows, sampled=True, estimated=True)
        except InsufficientPrivilege:
            continue
    return codes


def _read_one(connection: Connection[Any], table: Table, column: str, *, is_walked: bool) -> CodeCounts:
    if find_foreign_code(connection, [table]):
        return CodeCounts(read_statistics(connection, table, column), sampled=True, estimated=True)
    return _walk_codes(connection, table, column) if is_walked else _count_codes(connection, table, column)


def _mapped_columns(policy: CatalogRequest, tables: Mapping[str, Table]) -> Iterator[tuple[Table, str]]:
    """Yield each existing column of a table that some entity gives a value map, once."""
    seen: set[tuple[str, str]] = set()
    for entity in policy.entities.values():
        table = tables.get(entity.table)
        if table is None or table.kind not in {"r", "p"}:
            continue
        for name, wanted in entity.columns.items():
            is_mapped = wanted is not None and bool(wanted.values) and table.column(name) is not None
            if is_mapped and (entity.table, name) not in seen:
                seen.add((entity.table, name))
                yield table, name


def _set_timeout(connection: Connection[Any], timeout_ms: int) -> None:
    connection.execute(
        "SELECT pg_catalog.set_config('statement_timeout', %(timeout)s, true)", {"timeout": str(timeout_ms)}
    )


def _count_together(
    connection: Connection[Any], columns: Sequence[tuple[Table, str]], timeout_ms: int
) -> dict[tuple[str, str], CodeCounts]:
    """
    Return the codes of columns of small tables: four round trips for each would take most of a plan's time.

    A batch that fails is left out as a whole: it holds a column that may not be read, or a table that is
    locked, or larger than its statistics say.
    """
    codes: dict[tuple[str, str], CodeCounts] = {}
    for start in range(0, len(columns), _BATCH):
        batch = columns[start : start + _BATCH]
        found: list[dict[str, int]] = [{} for _ in batch]
        try:
            with connection.transaction(force_rollback=True):
                _set_timeout(connection, timeout_ms)
                lock_tables(connection, [table for table, _ in batch])
                foreign = find_foreign_code(connection, [table for table, _ in batch])
                batch = [part for part in batch if part[0].qualified_name not in foreign]
                for number, code, rows in connection.execute(_compose_batch(batch)) if batch else ():
                    found[number][code] = rows
        except (QueryCanceled, InsufficientPrivilege):
            continue
        for (table, column), rows_by_code in zip(batch, found, strict=False):
            codes[table.qualified_name, column] = CodeCounts(rows_by_code, sampled=False)
    return codes


def _compose_batch(batch: Sequence[tuple[Table, str]]) -> sql.Composed:
    """Return one query over all columns; number, code, rows."""
    count = sql.SQL(load_sql(_PACKAGE, "count_codes"))
    parts = (
        sql.SQL("SELECT {} AS number, c.code, c.rows FROM ({}) AS c").format(
            sql.Literal(number), _fill(count, table, column)
        )
        for number, (table, column) in enumerate(batch)
    )
    return sql.SQL("{} ORDER BY number, rows DESC, code").format(sql.SQL("\nUNION ALL\n").join(parts))


def _fill(query: sql.SQL, table: Table, column: str) -> sql.Composed:
    known = table.column(column)
    if known is None:
        raise NotFoundError(f"{table.qualified_name} has no column {column}")
    return query.format(
        relation=sql.Identifier(table.schema, table.name),
        column=sql.Identifier(column),
        code=compose_text(known, sql.Identifier("base", column)),
        text=compose_text(known, sql.Identifier("found", "code")),
    )


def _become_owner(connection: Connection[Any], table: Table, installer: Installer) -> None:
    if not installer.acts_for(table.owner) and installer.may_become(table.owner):
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(table.owner)))


def _count_codes(connection: Connection[Any], table: Table, column: str) -> CodeCounts:
    query = sql.SQL(load_sql(_PACKAGE, "count_codes"))
    return CodeCounts(_fetch_codes(connection, query, table, column), sampled=False)


def _walk_codes(connection: Connection[Any], table: Table, column: str) -> CodeCounts:
    """Return all codes from the index; their numbers of rows from statistics, -1 where those have none."""
    query = sql.SQL(load_sql(_PACKAGE, "scan_codes"))
    found = _fetch_codes(connection, query, table, column)
    known = read_statistics(connection, table, column)
    return CodeCounts({code: known.get(code, -1) for code in found}, sampled=False, estimated=True)


def _fetch_codes(connection: Connection[Any], query: sql.SQL, table: Table, column: str) -> dict[str, int]:
    with connection.cursor(row_factory=class_row(_CodeRow)) as cursor:
        return {row.code: row.rows for row in cursor.execute(_fill(query, table, column))}


def read_statistics(connection: Connection[Any], table: Table, column: str) -> dict[str, int]:
    """Return the codes that the planner's statistics name, with estimated numbers of rows."""
    parameters = {
        "schema": table.schema,
        "table": table.name,
        "column": column,
        "estimated_rows": table.estimated_rows,
    }
    with connection.cursor(row_factory=class_row(_CodeRow)) as cursor:
        cursor.execute(load_sql(_PACKAGE, "read_code_statistics"), parameters)
        return {row.code: row.rows for row in cursor}
