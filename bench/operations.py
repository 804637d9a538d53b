"""
An operation against the same statements by hand: through the entities, and on the base tables.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, enter_task, measure
from bench.report import Report, compare
from bench.scratch import PEOPLE, Scratch, agent_role

_ON_ENTITIES: tuple[LiteralString, ...] = (
    "SELECT EXISTS (SELECT FROM agent.orders AS o WHERE o.id = %(id)s AND o.amount >= 0)",
    "UPDATE agent.orders SET version = version + 1 WHERE id = %(id)s",
    "INSERT INTO agent.refunds (order_id, amount) VALUES (%(id)s, 9.95)",
    "SELECT id, fulfillment_status FROM agent.orders WHERE id = %(id)s",
)
_ON_TABLES: tuple[LiteralString, ...] = (
    "SELECT EXISTS (SELECT FROM public.orders AS o WHERE o.id = %(id)s AND o.amt >= 0)",
    "UPDATE public.orders SET v = v + 1 WHERE id = %(id)s",
    "INSERT INTO public.refunds (ord_id, amt) VALUES (%(id)s, 9.95)",
    "SELECT id, stat_cd FROM public.orders WHERE id = %(id)s",
)
_CALL: LiteralString = "SELECT agent.refund_order(%(id)s, 9.95, %(key)s)"


@dataclass(slots=True)
class _Caller:
    """Transactions of one refund each."""

    connection: Connection[TupleRow]
    draw: Callable[[], int]
    token: str = ""
    _keys: count[int] = field(default_factory=count)

    def make_case(self, name: str, statements: tuple[LiteralString, ...]) -> Case:
        """Return the refund as statements of the client's own."""

        def run() -> None:
            order = self.draw()
            with self.connection.transaction():
                if self.token:
                    enter_task(self.connection, self.token)
                for statement in statements:
                    self.connection.execute(statement, {"id": order})

        return Case(name, self.connection, run)

    def make_calls(self, name: str, *, is_replayed: bool) -> Case:
        """Return the refund as an operation, under a new key each time or always the same."""

        def run() -> None:
            order = 1 if is_replayed else self.draw()
            key = "same" if is_replayed else f"{name} {next(self._keys)}"
            with self.connection.transaction():
                enter_task(self.connection, self.token)
                self.connection.execute(_CALL, {"id": order, "key": key})

        return Case(name, self.connection, run)


def measure_operations(scratch: Scratch, scale: Scale) -> Report:
    """Time transactions of one refund: a precondition, an UPDATE, an INSERT, a row to return."""
    rows = scale.pick(100_000, 5_000)
    database = scratch.create("operations")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.run_file("create_refunds", people=PEOPLE)
    database.install("operations")
    database.vacuum()

    def draw() -> int:
        return random.randint(1, rows)  # noqa: S311 - which row is no secret

    people = _Caller(database.connect(PEOPLE), draw)
    agent = _Caller(database.connect(agent_role("clerk")), draw, database.open_task("clerk"))
    timings = measure(
        [
            people.make_case("base tables, four statements", _ON_TABLES),
            agent.make_case("entities, four statements", _ON_ENTITIES),
            agent.make_calls("operation, a new key", is_replayed=False),
            agent.make_calls("operation, replayed", is_replayed=True),
        ],
        scale,
        executions=scale.pick(400, 10),
    )
    return Report(
        "An operation against the same statements by hand",
        (
            "A transaction that refunds one order: a precondition, an UPDATE, an INSERT, and a row to "
            "return; the agent's also enter a task. By hand these are four statements, and nothing is "
            "idempotent.",
        ),
        (
            compare("Against the base tables", timings),
            compare("Against the entities by hand", timings[1:]),
        ),
    )
