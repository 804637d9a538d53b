"""
Value maps: a small table per decoded column.

In: Entities. Out: Definitions of tables in schema pgmoat_map. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.compiler.entity import Entity, map_table
from pgmoat.model.names import MAP_SCHEMA, SystemRoles
from pgmoat.model.objects import Definition, Kind
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, compose, join


def compile_maps(entity: Entity, roles: SystemRoles) -> Iterator[Definition]:
    """
    Yield a table per decoded column: code, word.

    A join to a table lets the planner reach the base column's index from a word; a CASE in the view cannot.
    The primary key on code also lets PostgreSQL leave the join out when a query does not ask for the column.
    """
    for column in (column for column in entity.columns if column.map_table):
        table = map_table(column)
        rows = join(
            sql.SQL("({}, {})").format(column.code_literal(code), sql.Literal(word))
            for code, word in column.values
        )
        yield Definition(
            kind=Kind.TABLE,
            name=f"{MAP_SCHEMA}.{column.map_table}",
            owner="",
            create=(
                compose(
                    "CREATE TABLE {table} (code {type} PRIMARY KEY, word text NOT NULL UNIQUE)",
                    table=table,
                    type=Printed(column.base.type_name),
                ),
                compose("INSERT INTO {table} (code, word) VALUES {rows}", table=table, rows=rows),
                compose("ANALYZE {table}", table=table),
                compose("ALTER TABLE {table} OWNER TO {role}", table=table, role=sql.Identifier(roles.owner)),
            ),
            drop=(compose("DROP TABLE {table}", table=table),),
        )
