"""
Read a few rows of people's tables, bounded in rows, bytes and time.

In: a connection, tables. Out: rows as text by table, or why there are none. I/O: reads people's tables;
changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import Connection, errors, sql

from pgmoat.catalog.foreign_code import compose_text, find_foreign_code, lock_tables
from pgmoat.catalog.snapshot import Column, Table
from pgmoat.model.installer import Installer
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.survey.structure import Relation
from pgmoat.report.survey.summary import CUT

_PACKAGE = "pgmoat.report.survey"

ROWS = 1_000
"""Rows of a table that are read at most."""

TABLE_TIMEOUT_MS = 1_000
_LOCK_TIMEOUT_MS = 300
_BATCH = 25
_FEWEST_ROWS = 100
_ROWS_IN_ALL = 100_000  # more tables, fewer rows of each: a thousand tables are looked at in seconds
_SEED = 7  # the same rows each time, as long as nobody writes
_FEW_ROWS = 10_000  # of a table up to here rows are drawn, each block read; of larger ones blocks
_ROWS_OF_SOME_BLOCKS = 1_200  # the narrowest rows fill five blocks with them
_METHODS = {
    "SYSTEM": sql.SQL(" TABLESAMPLE SYSTEM ({}) REPEATABLE ({})"),
    "BERNOULLI": sql.SQL(" TABLESAMPLE BERNOULLI ({}) REPEATABLE ({})"),
}
_MOST_BYTES = 4_000  # of what has to be turned into text as a whole before it can be cut
_CUT_AS_STORED = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_SHORT = frozenset(
    {
        "int2",
        "int4",
        "int8",
        "float4",
        "float8",
        "bool",
        "char",
        "date",
        "timestamp",
        "timestamptz",
        "time",
        "timetz",
    }
    | {"uuid", "inet", "cidr", "macaddr", "macaddr8", "money", "oid", "interval"}
)

_OF_ANY_LENGTH = frozenset({"A", "C", "R"})  # arrays, composites, ranges, whatever their names

_NO_ROWS_OF_THEIR_OWN = {
    "v": "a view: to read it would run its query, with the rights of its owner",
    "f": "a foreign table: its rows are on another server",
}

Row: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Rows of a table, every value as text and cut."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    is_whole: bool


class _ForeignCodeError(Exception):
    """Reading a table would run a function of another role."""

    def __init__(self, function: str) -> None:
        super().__init__(function)
        self.function = function


@dataclass(frozen=True, slots=True)
class Candidate:
    """A table that could be sampled: how, and what of it."""

    table: Table
    relation: Relation
    columns: tuple[Column, ...]
    rows: int  # at most
    percent: float | None  # of its rows or blocks; None: from the first
    method: str = "SYSTEM"  # of blocks, or BERNOULLI of rows

    @property
    def name(self) -> str:
        """``schema.table``."""
        return self.table.qualified_name


@dataclass(slots=True)
class Deadline:
    """When reading has to be over."""

    ends_at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the moment *seconds* from now."""
        return cls(time.monotonic() + seconds)

    @property
    def is_past(self) -> bool:
        """Whether there is no time left."""
        return self.clock() >= self.ends_at

    @property
    def left_ms(self) -> int:
        """Milliseconds until then, at least one."""
        return max(1, round((self.ends_at - self.clock()) * 1000))


def refuse_sample(relation: Relation, table: Table, installer: Installer) -> str:
    """Return why the rows of *table* are not to be read; empty when they are."""
    if relation.kind in _NO_ROWS_OF_THEIR_OWN:
        return _NO_ROWS_OF_THEIR_OWN[relation.kind]
    if relation.is_partition:
        return "a partition: its rows are sampled through its parent"
    if relation.extension is not None:
        return f"it belongs to the extension {relation.extension}"
    return _find_missing_right(relation, table, installer)


def _find_missing_right(relation: Relation, table: Table, installer: Installer) -> str:
    may_become = installer.may_become(table.owner)
    if not relation.is_schema_usable and not may_become:
        return f"no right to use the schema {relation.schema}"
    if not relation.is_readable and not relation.readable_columns and not may_become:
        return "no right to SELECT from it"
    if relation.is_row_secured and not may_become:
        return "row security hides rows from this role, and its conditions would run with the role's rights"
    return ""


def choose_sample(relation: Relation, table: Table, tables: int, installer: Installer) -> Candidate:
    """Return how to sample *table*, one of *tables*: from its first row if it is small, else blocks of it."""
    rows = max(_FEWEST_ROWS, min(ROWS, _ROWS_IN_ALL // max(1, tables)))
    total = max(table.estimated_rows, relation.live_rows)
    method = "BERNOULLI" if total <= _FEW_ROWS else "SYSTEM"
    # Of few blocks none may be chosen.
    aim = rows if method == "BERNOULLI" else max(rows, _ROWS_OF_SOME_BLOCKS)
    percent = None if total <= 2 * rows else min(100.0, 120.0 * aim / total)
    is_partial = not relation.is_readable and not installer.may_become(table.owner)
    columns = tuple(
        column for column in table.columns if not is_partial or column.name in relation.readable_columns
    )
    return Candidate(table, relation, columns, rows if percent else 2 * rows, percent, method)


def read_samples(
    connection: Connection[Any],
    candidates: Sequence[Candidate],
    installer: Installer,
    deadline: Deadline,
    on_table: Callable[[Candidate, Sampled | str], None],
) -> None:
    """
    Hand the rows of each of *candidates* to *on_table*, or why there are none.

    Small steps: each is a READ ONLY transaction of its own, so that locks are held for one step only, unless
    the caller has a transaction open. A step that fails is tried table by table.
    """
    simple = [part for part in candidates if _is_read_as_self(part, installer)]
    others = [part for part in candidates if not _is_read_as_self(part, installer)]
    for start in range(0, len(simple), _BATCH):
        batch = simple[start : start + _BATCH]
        found = None if deadline.is_past else _read_batch(connection, batch, deadline)
        for number, candidate in enumerate(batch):
            sampled = found[number] if found is not None else _read_one(connection, candidate, None, deadline)
            on_table(candidate, sampled)
    for candidate in others:
        on_table(candidate, _read_one(connection, candidate, candidate.table.owner, deadline))


def _is_read_as_self(candidate: Candidate, installer: Installer) -> bool:
    """Whether no SET ROLE to the table's owner is needed."""
    relation = candidate.relation
    is_open = relation.is_schema_usable and (relation.is_readable or len(candidate.columns) > 0)
    if installer.may_become(candidate.table.owner):
        return relation.is_schema_usable and relation.is_readable and not relation.is_row_secured
    return is_open


def _read_batch(
    connection: Connection[Any], batch: Sequence[Candidate], deadline: Deadline
) -> list[Sampled] | None:
    rows: list[list[Row]] = [[] for _ in batch]
    parts = [_compose(number, candidate) for number, candidate in enumerate(batch)]
    try:
        for number, values in _fetch(connection, batch, sql.SQL("\nUNION ALL\n").join(parts), None, deadline):
            rows[number].append(tuple(values))
    except _ForeignCodeError:
        return None
    except psycopg.DatabaseError:
        if connection.broken:
            raise
        return None
    except UnicodeDecodeError:
        return None
    return [_finish(candidate, found) for candidate, found in zip(batch, rows, strict=True)]


def _read_one(
    connection: Connection[Any], candidate: Candidate, owner: str | None, deadline: Deadline
) -> Sampled | str:
    if deadline.is_past:
        return "the time for samples was over"
    try:
        found = _fetch(connection, [candidate], _compose(0, candidate), owner, deadline)
    except _ForeignCodeError as error:
        return f"reading it would run {error.function} with the rights of whoever reads"
    except psycopg.DatabaseError as error:
        if connection.broken:
            raise
        return _explain(error)
    except UnicodeDecodeError:  # of SQL_ASCII PostgreSQL checks and converts nothing
        return "it holds text that is not UTF-8"
    return _finish(candidate, [tuple(values) for _, values in found])


def _explain(error: psycopg.DatabaseError) -> str:
    match error:
        case errors.QueryCanceled():
            return f"reading it took longer than {TABLE_TIMEOUT_MS} ms"
        case errors.LockNotAvailable():
            return "somebody has it locked"
        case _:
            return f"PostgreSQL: {error.diag.message_primary or error}"


def _fetch(
    connection: Connection[Any],
    candidates: Sequence[Candidate],
    query: sql.Composed,
    owner: str | None,
    deadline: Deadline,
) -> list[tuple[int, list[str | None]]]:
    timeout = {"statement": str(min(TABLE_TIMEOUT_MS, deadline.left_ms)), "lock": str(_LOCK_TIMEOUT_MS)}
    with connection.transaction(force_rollback=True):
        if owner is not None:
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))
        connection.execute(load_sql(_PACKAGE, "begin_sample"), timeout)
        # Who may read columns only may not lock; such a table is checked all the same.
        lock_tables(connection, [part.table for part in candidates if owner or part.relation.is_readable])
        for function in find_foreign_code(connection, [part.table for part in candidates]).values():
            raise _ForeignCodeError(function)
        return connection.execute(query).fetchall()


def _finish(candidate: Candidate, rows: Sequence[Row]) -> Sampled:
    is_whole = candidate.percent is None and len(rows) < candidate.rows
    return Sampled(tuple(column.name for column in candidate.columns), tuple(rows), is_whole)


def _compose(number: int, candidate: Candidate) -> sql.Composed:
    """Return the query of one table: its number, and an array of texts for each row."""
    table = candidate.table
    source = sql.Identifier(table.schema, table.name)
    # A plain table that others inherit from has rows of its own, and theirs.
    blocks = (
        _METHODS[candidate.method].format(sql.Literal(round(candidate.percent, 6)), sql.Literal(_SEED))
        if candidate.percent is not None
        else sql.SQL("")
    )
    values = sql.SQL(", ").join(_cut(column) for column in candidate.columns)
    return sql.SQL(
        "(SELECT {number} AS number, ARRAY[{values}]::pg_catalog.text[] AS cells"
        " FROM {source} AS base{blocks} LIMIT {rows})"
    ).format(
        number=sql.Literal(number),
        values=values,
        source=source,
        blocks=blocks,
        rows=sql.Literal(candidate.rows),
    )


def _cut(column: Column) -> sql.Composed:
    """Return a column as text, without reading more of a long value than is kept."""
    name = sql.Identifier("base", column.name)
    if column.base_type_name == "bytea" and column.type_category == "U":
        return sql.SQL("pg_catalog.left(pg_catalog.substr({}, 1, 8)::pg_catalog.text, 20)").format(name)
    text = compose_text(column, name)
    if column.base_type_name in _CUT_AS_STORED and column.type_category == "S":
        return sql.SQL("pg_catalog.left({}, {})").format(text, sql.Literal(CUT))
    is_short = column.base_type_name in _SHORT and column.type_category not in _OF_ANY_LENGTH
    if is_short or column.type_category == "E":
        return text
    # pg_column_size() looks at the head of a value only.
    return sql.SQL(
        "CASE WHEN pg_catalog.pg_column_size({name}) <= {bytes} THEN pg_catalog.left({text}, {cut})"
        " WHEN {name} IS NULL THEN NULL ELSE '' END"
    ).format(name=name, text=text, bytes=sql.Literal(_MOST_BYTES), cut=sql.Literal(CUT))
