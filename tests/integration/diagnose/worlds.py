"""
Databases by others with a policy over all of their tables, read from their catalogs.

In: files of the folder of shared schemas. Out: Worlds. I/O: PostgreSQL.

Where a database comes without rows, some are made up: its own constraints say which stay.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from pgmoat.runtime import Moat, Task
from tests.integration.schemas.examples import ADVENTUREWORKS
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import install_moat
from tests.postgres_fixtures import PostgresServer, draw_role_prefix
from tests.store_fixtures import open_template

TEXTS = frozenset({"text", "character varying", "character", "bpchar"})
MOMENTS = frozenset({"timestamp without time zone", "timestamp with time zone"})
NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric"})
_KEPT = TEXTS | MOMENTS | NUMBERS | {"date", "boolean", "uuid", "double precision", "real"}
_WORDS = (
    "harbour",
    "Lantern",
    "copper",
    "Meadow",
    "velvet",
    "Quarry",
    "ember",
    "Thistle",
    "saffron",
    "Willow",
)
_MAP_WORDS = ("pending", "accepted", "shipped", "returned", "cancelled", "archived")
_FILLED, _LEAST_ROWS = 60, 5


@dataclass(frozen=True, slots=True)
class Source:
    """A file, the schemas whose tables are used, and whether rows are to be made up."""

    name: str
    file: str
    schemas: tuple[str, ...]
    has_rows: bool = True
    before: LiteralString = ""  # what the file needs and this server lacks
    has_references: bool = True  # whether the policy says which columns point where


SOURCES = (
    Source("pagila", "pagila_0_10_1_with_data.sql", ("public",)),
    Source("northwind", "northwind.sql", ("public",)),
    Source("chinook", "chinook.sql", ("public",), has_references=False),
    Source(
        "adventureworks",
        ADVENTUREWORKS.file,
        ("sales", "production", "purchasing"),
        has_rows=False,
        before=ADVENTUREWORKS.before,
    ),
    Source("mimic", "mimic_iii.sql", ("mimiciii",), has_rows=False, has_references=False),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A column of a table that points to another table's key."""

    child: str
    column: str
    parent: str
    key: str


@dataclass(slots=True)
class Table:
    """A table as an entity; ``scoped``: the column of its scope in two more entities over it."""

    name: str
    qualified: str
    columns: dict[str, str]  # to types
    key: str
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    map_column: str | None = None
    words: dict[str, str] = field(default_factory=dict[str, str])
    scoped: str | None = None


@dataclass(slots=True)
class World:
    """A database under its policy, its tables, and a task of an agent that reads all of it."""

    source: Source
    tables: dict[str, Table]
    links: list[Link]
    site: Site
    moat: Moat
    scope: dict[str, Any]

    def open_task(self) -> Task:
        """Return a new task with the world's scope."""
        return self.moat.open_task("reader", "cases", scope=self.scope)


@contextlib.contextmanager
def open_world(server: PostgresServer, source: Source) -> Generator[World]:
    """Yield a database with its policy in force."""
    rng = random.Random(source.name)  # noqa: S311 - made-up rows are no secret
    with (
        draw_role_prefix(server) as prefix,
        open_template(server, source.file, source.before) as database,
        psycopg.connect(database.dsn, autocommit=True) as connection,
    ):
        _close_ways(connection, source)
        tables, links = _read_tables(connection, source)
        if not source.has_rows:
            _fill(connection, tables, links, rng)
        kept = _read_rows(connection, tables)
        links = [link for link in links if link.child in kept and link.parent in kept]
        _choose_map(kept, links)
        scope = _choose_scopes(kept, links)
        policy = _write_policy(source, kept, links)
        with (
            install_moat(database, prefix, "SELECT 1", policy) as site,
            Moat(site.policy, dsns=site.dsns(), orchestrator_dsn=database.dsn) as moat,
        ):
            yield World(source, kept, links, site, moat, scope)


def _close_ways(connection: psycopg.Connection[Any], source: Source) -> None:
    rows = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    ).fetchall()
    for (schema,) in rows:
        connection.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC").format(sql.Identifier(schema)))
        for kind in ("TABLES", "FUNCTIONS"):
            connection.execute(
                sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM PUBLIC").format(
                    sql.SQL(kind), sql.Identifier(schema)
                )
            )


COLUMNS: LiteralString = """
SELECT n.nspname, c.relname, a.attname, format_type(t.oid, NULL)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type AS u ON u.oid = a.atttypid
  JOIN pg_type AS t ON t.oid = CASE WHEN u.typtype = 'd' THEN u.typbasetype ELSE u.oid END
 WHERE n.nspname = ANY(%s) AND c.relkind = 'r' AND NOT c.relispartition
   AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid OR i.inhparent = c.oid)
 ORDER BY 1, 2, a.attnum"""
KEYS: LiteralString = """
SELECT n.nspname, c.relname, a.attname
  FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
 WHERE k.contype = 'p' AND cardinality(k.conkey) = 1"""
LINKS: LiteralString = """
SELECT n.nspname, c.relname, a.attname, m.nspname, p.relname, b.attname
  FROM pg_constraint AS k
  JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
  JOIN pg_class AS p ON p.oid = k.confrelid JOIN pg_namespace AS m ON m.oid = p.relnamespace
  JOIN pg_attribute AS b ON b.attrelid = p.oid AND b.attnum = k.confkey[1]
 WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND c.oid <> p.oid
 ORDER BY 1, 2, 3, 4, 5"""


def _read_tables(connection: psycopg.Connection[Any], source: Source) -> tuple[dict[str, Table], list[Link]]:
    schemas = list(source.schemas)
    keys = {(schema, table): column for schema, table, column in connection.execute(KEYS)}
    tables: dict[str, Table] = {}
    for schema, table, column, type_name in connection.execute(COLUMNS, [schemas]):
        if (schema, table) in keys:
            name = f"{table}_rows"
            found = tables.setdefault(name, Table(name, f"{schema}.{table}", {}, keys[schema, table]))
            if type_name in _KEPT:
                found.columns[column] = type_name
    tables = {name: table for name, table in tables.items() if table.key in table.columns}
    links = [
        Link(f"{child}_rows", column, f"{parent}_rows", key)
        for _, child, column, _, parent, key in connection.execute(LINKS)
    ]
    kept = [
        link
        for link in links
        if link.child in tables
        and link.parent in tables
        and link.column in tables[link.child].columns
        and link.key in tables[link.parent].columns
    ]
    return tables, kept


def _order(tables: Iterable[str], links: list[Link]) -> list[str]:
    """Return tables with those that they point to before them, as far as that can be."""
    left, ordered = list(tables), list[str]()
    while left:
        free = [
            name for name in left if not any(link.child == name and link.parent in left for link in links)
        ] or left[:1]
        ordered += free
        left = [name for name in left if name not in free]
    return ordered


def _fill(
    connection: psycopg.Connection[Any], tables: dict[str, Table], links: list[Link], rng: random.Random
) -> None:
    filled: dict[str, list[dict[str, Any]]] = {}
    connection.execute("SET session_replication_role = replica")  # people's triggers and foreign keys rest
    for name in _order(tables, links):
        table = tables[name]
        pointers = {
            link.column: [row[link.key] for row in filled.get(link.parent, ())] or [None]
            for link in links
            if link.child == name
        }
        rows = [_make_row(table, number, pointers, rng) for number in range(1, _FILLED + 1)]
        filled[name] = [row for row in rows if _insert(connection, table, row)]
    connection.execute("RESET session_replication_role")


def _make_row(
    table: Table, number: int, pointers: dict[str, list[Any]], rng: random.Random
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column, type_name in table.columns.items():
        if column in pointers:
            row[column] = rng.choice(pointers[column][:20])
        elif column == table.key:
            row[column] = 1000 * (len(table.name) % 7) + number if type_name in NUMBERS else f"K{number}"
        elif column.endswith("id") and type_name in NUMBERS:
            row[column] = 100 * (len(column) % 5 + 1) + number
        elif type_name in TEXTS:
            row[column] = rng.choice(_WORDS)
        elif type_name in MOMENTS or type_name == "date":
            days, seconds = rng.randrange(700), rng.randrange(3600, 80_000)
            row[column] = datetime(2011, 1, 1) + timedelta(days=days, seconds=seconds)  # noqa: DTZ001
        elif type_name in NUMBERS:
            row[column] = rng.randrange(1, 6)
        elif type_name == "boolean":
            row[column] = rng.random() < 0.5
    return row


def _insert(connection: psycopg.Connection[Any], table: Table, row: dict[str, Any]) -> bool:
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.Identifier(*table.qualified.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Placeholder() * len(row)),
    )
    try:
        connection.execute(statement, list(row.values()))
    except psycopg.Error:  # its own constraints: such a row is none of its rows
        return False
    return True


def _read_rows(connection: psycopg.Connection[Any], tables: dict[str, Table]) -> dict[str, Table]:
    kept: dict[str, Table] = {}
    for name, table in tables.items():
        columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
        query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
            columns, sql.Identifier(*table.qualified.split(".")), sql.Identifier(table.key)
        )
        rows = connection.execute(query).fetchall()
        table.rows = [dict(zip(table.columns, row, strict=True)) for row in rows]
        if len(rows) >= _LEAST_ROWS:
            kept[name] = table
    return kept


def _choose_map(tables: dict[str, Table], links: list[Link]) -> None:
    """Give a value map to one numbered column of each table that has one with few values."""
    linked = {(link.child, link.column) for link in links}
    for table in tables.values():
        for column, type_name in table.columns.items():
            values = {row[column] for row in table.rows}
            is_free = type_name in {"smallint", "integer"} and (table.name, column) not in linked
            if is_free and column != table.key and None not in values and 2 <= len(values) <= len(_MAP_WORDS):
                table.map_column = column
                codes = sorted(values)
                table.words = {str(code): _MAP_WORDS[number] for number, code in enumerate(codes)}
                for row in table.rows:
                    row[column] = table.words[str(row[column])]
                break


def _choose_scopes(tables: dict[str, Table], links: list[Link]) -> dict[str, Any]:
    """Scope some tables by a column that points elsewhere; return the scope: one value for each."""
    scope: dict[str, Any] = {}
    for link in links:
        table = tables[link.child]
        values = sorted({row[link.column] for row in table.rows if row[link.column] is not None}, key=str)
        if table.scoped is None and len(scope) < 6 and len(values) > 1:
            table.scoped = link.column
            scope[table.name] = values[0]
    return scope


def _write_policy(source: Source, tables: dict[str, Table], links: list[Link]) -> str:
    lines = ["entities:"]
    for table in tables.values():
        lines += _write_entity(table, table.name, tables, links if source.has_references else [])
        if table.scoped is not None:
            rule = f"    rows: '\"{table.scoped}\" = task.{table.name}'"
            told = "    tell_hidden: [out_of_scope]"
            lines += [*_write_entity(table, f"told_{table.name}", tables, []), rule, told]
            lines += [*_write_entity(table, f"hush_{table.name}", tables, []), rule]
    lines += ["agents:", "  reader:", "    guard: {cost: null, plan_rows: null}", "    entities:"]
    for table in tables.values():
        names = [table.name, *([f"told_{table.name}", f"hush_{table.name}"] if table.scoped else [])]
        lines += [f"      {name}: {{}}" for name in names]
    return "\n".join(lines)


def _write_entity(table: Table, name: str, tables: dict[str, Table], links: list[Link]) -> list[str]:
    lines = [f"  {name}:", f"    table: {table.qualified}", "    columns:"]
    for column in table.columns:
        parts: list[str] = []
        pointed = [link.parent for link in links if link.child == table.name and link.column == column]
        if pointed and pointed[0] in tables:
            parts.append(f"references: {pointed[0]}")
        if column == table.map_column:
            parts.append(
                "values: {" + ", ".join(f"'{code}': {word}" for code, word in table.words.items()) + "}"
            )
        lines.append(f"      {column}: {{{', '.join(parts)}}}")
    return lines
