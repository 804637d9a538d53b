"""
A read by key through an entity against the base table.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, Timing, enter_task, measure
from bench.report import Report, Table, compare
from bench.scratch import PEOPLE, VIEWS, Scratch, agent_role

_BASE: LiteralString = "SELECT id, usr_id, stat_cd, flg_1, amt, upd_ts, v FROM public.orders WHERE id = %s"
_ENTITY: LiteralString = "SELECT * FROM agent.orders WHERE id = %s"
_PLAIN: LiteralString = "SELECT id, customer_id, amount FROM agent.orders WHERE id = %s"
_UNGATED: LiteralString = "SELECT * FROM by_hand.orders_ungated WHERE id = %s"


def measure_point_read(scratch: Scratch, scale: Scale) -> Report:
    """Time reads inside one transaction, and transactions of one read each."""
    rows = scale.pick(200_000, 5_000)
    database = scratch.create("point_read")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.install("orders")
    database.run_file("create_ungated", views=VIEWS, agent=agent_role("clerk"))
    database.vacuum()
    token = database.open_task("clerk")
    people, agent = database.connect(PEOPLE), database.connect(agent_role("clerk"))

    def draw() -> int:
        return random.randint(1, rows)  # noqa: S311 - which row is no secret

    reads = measure(
        [
            Case("base table", people, _make_read(people, _BASE, draw), is_one_transaction=True),
            Case("entity", agent, _make_read(agent, _ENTITY, draw), True, token),
            Case("entity, no decoded column asked", agent, _make_read(agent, _PLAIN, draw), True, token),
            Case("entity without its gate", agent, _make_read(agent, _UNGATED, draw), True, token),
        ],
        scale,
        executions=scale.pick(3000, 50),
    )
    transactions = measure(
        [
            Case("BEGIN, base table, COMMIT", people, _make_transaction(people, _BASE, draw, "")),
            Case("BEGIN, enter, entity, COMMIT", agent, _make_transaction(agent, _ENTITY, draw, token)),
        ],
        scale,
        executions=scale.pick(1000, 10),
    )
    return Report(
        "Point read through an entity against the base table",
        ("One row by key, prepared statements. The gate is asked once per statement, whatever it reads.",),
        (
            compare("Many reads in one transaction", reads),
            _compute_shares(reads),
            compare("A transaction per read", transactions),
        ),
    )


def _make_read(
    connection: Connection[TupleRow], query: LiteralString, draw: Callable[[], int]
) -> Callable[[], None]:
    def run() -> None:
        connection.execute(query, [draw()]).fetchall()

    return run


def _make_transaction(
    connection: Connection[TupleRow], query: LiteralString, draw: Callable[[], int], token: str
) -> Callable[[], None]:
    def run() -> None:
        with connection.transaction():
            if token:
                enter_task(connection, token)
            connection.execute(query, [draw()]).fetchall()

    return run


def _compute_shares(reads: list[Timing]) -> Table:
    """Return what an entity adds to a read, and the part of it that is the gate."""
    base, entity, _, ungated = (timing.best_known for timing in reads)
    added = statistics.median(e - b for e, b in zip(entity, base, strict=True))
    gate = statistics.median(e - u for e, u in zip(entity, ungated, strict=True))
    return Table(
        "What the entity adds",
        ("part", "µs"),
        (
            ("added to the base table's read", added),
            ("of it the gate", gate),
            ("of it decoding", added - gate),
        ),
    )
