"""
Write statements on orders: through the entity, on the raw table, under an audit trigger.

In: a connection, a table. Out: Cases. I/O: PostgreSQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from bench.measure import Case, enter_task

UPDATE, INSERT, DELETE, MARK = "UPDATE", "INSERT", "DELETE", "soft DELETE"
OPERATIONS = (UPDATE, INSERT, DELETE, MARK)
"""MARK is DELETE on the entity, which never does anything else, and an UPDATE of deleted_at on a table."""

_PLACES = {(DELETE, False): 0.0, (MARK, False): 0.4, (DELETE, True): 0.8, (MARK, True): 0.9}
"""Where in the table rows to delete begin, for statements of many rows and of a single one."""

_ON_ENTITY: dict[str, LiteralString] = {
    UPDATE: "UPDATE {} SET version = version + 1, requires_signature = NOT requires_signature"
    " WHERE id BETWEEN %s AND %s",
    INSERT: "INSERT INTO {} (customer_id, fulfillment_status, amount)"
    " SELECT i %% 5000, 'pending', 9.95 FROM pg_catalog.generate_series(%s::bigint, %s) AS i",
    DELETE: "DELETE FROM {} WHERE id BETWEEN %s AND %s",
    MARK: "DELETE FROM {} WHERE id BETWEEN %s AND %s",
}
_ON_TABLE: dict[str, LiteralString] = {
    UPDATE: "UPDATE {} SET v = v + 1, flg_1 = NOT flg_1 WHERE id BETWEEN %s AND %s",
    INSERT: "INSERT INTO {} (usr_id, stat_cd, amt)"
    " SELECT i %% 5000, 1, 9.95 FROM pg_catalog.generate_series(%s::bigint, %s) AS i",
    DELETE: "DELETE FROM {} WHERE id BETWEEN %s AND %s",
    MARK: "UPDATE {} SET deleted_at = now(), deleted_by = 'clerk', delete_reason = 'bench'"
    " WHERE id BETWEEN %s AND %s",
}


@dataclass(frozen=True, slots=True)
class Writer:
    """One way to write orders."""

    name: str
    connection: Connection[TupleRow]
    table: str  # orders for the entity, or the name of a table in public
    token: str = ""  # set for the entity

    def make_case(self, operation: str, rows: int, table_rows: int) -> Case:
        """Return a transaction of one statement that writes *rows* rows; none is deleted twice."""
        if self.token:
            text, table = _ON_ENTITY[operation], sql.Identifier("agent", self.table)
        else:
            text, table = _ON_TABLE[operation], sql.Identifier("public", self.table)
        return Case(
            self.name,
            self.connection,
            self._make_run(sql.SQL(text).format(table), rows, _choose_rows(operation, rows, table_rows)),
        )

    def _make_run(self, query: sql.Composed, rows: int, next_row: Callable[[], int]) -> Callable[[], None]:
        def run() -> None:
            first = next_row()
            with self.connection.transaction():
                if self.token:
                    enter_task(self.connection, self.token)
                written = self.connection.execute(query, [first, first + rows - 1]).rowcount
            if written != rows:
                raise AssertionError(f"{self.name}: wrote {written} rows from {first}, not {rows}")

        return run


def _choose_rows(operation: str, rows: int, table_rows: int) -> Callable[[], int]:
    """Return a function that gives the first of *rows* neighbours: at random, or one after the other."""
    if (operation, rows == 1) in _PLACES:
        order = count(1 + int(table_rows * _PLACES[operation, rows == 1]), rows)
        return lambda: next(order)
    draw = random.Random(7)  # noqa: S311 - which row is no secret
    return lambda: draw.randint(1, table_rows - rows)
