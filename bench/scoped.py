"""
Scoped reads and writes against the same conditions written by hand.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, measure
from bench.report import Report, Table, compare
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from pgmoat.postgres.connect import connect

_CUSTOMER = 42
_PER_CUSTOMER = 20

_BASE_COLUMNS: LiteralString = "o.id, o.usr_id, o.stat_cd, o.amt FROM public.orders AS o"
_READS: dict[str, tuple[tuple[str, bool, LiteralString], ...]] = {
    "One order by its key": (
        ("base table by hand", False, f"SELECT {_BASE_COLUMNS} WHERE o.id = %s AND o.usr_id = 42"),
        ("entity by hand", True, "SELECT * FROM agent.orders WHERE id = %s AND customer_id = 42"),
        ("scoped entity", True, "SELECT * FROM agent.scoped_orders WHERE id = %s"),
        ("scoped, rows_first: false", True, "SELECT * FROM agent.open_orders WHERE id = %s"),
    ),
    "The customer's 20 orders": (
        ("base table by hand", False, f"SELECT {_BASE_COLUMNS} WHERE o.usr_id = 42 AND %s > 0"),
        ("entity by hand", True, "SELECT * FROM agent.orders WHERE customer_id = 42 AND %s > 0"),
        ("scoped entity", True, "SELECT * FROM agent.scoped_orders WHERE %s > 0"),
        ("scoped, rows_first: false", True, "SELECT * FROM agent.open_orders WHERE %s > 0"),
    ),
    "The customer's pending orders": (
        (
            "base table by hand",
            False,
            f"SELECT {_BASE_COLUMNS} WHERE o.usr_id = 42 AND o.stat_cd = 1 AND %s > 0",
        ),
        (
            "entity by hand",
            True,
            "SELECT * FROM agent.orders WHERE customer_id = 42 AND status = 'pending' AND %s > 0",
        ),
        ("scoped entity", True, "SELECT * FROM agent.scoped_orders WHERE status = 'pending' AND %s > 0"),
        (
            "scoped, rows_first: false",
            True,
            "SELECT * FROM agent.open_orders WHERE status = 'pending' AND %s > 0",
        ),
    ),
    "The 40 items of the customer's orders": (
        (
            "base tables by hand",
            False,
            "SELECT i.* FROM public.order_items AS i JOIN public.orders AS o ON o.id = i.ord_id"
            " WHERE o.usr_id = 42 AND %s > 0",
        ),
        (
            "entities by hand",
            True,
            "SELECT i.* FROM agent.items AS i JOIN agent.orders AS o ON o.id = i.order_id"
            " WHERE o.customer_id = 42 AND %s > 0",
        ),
        ("scoped entity", True, "SELECT * FROM agent.scoped_items WHERE %s > 0"),
    ),
}  # fmt: skip
_READS_IN_A_LARGE_SCOPE: tuple[tuple[str, LiteralString], ...] = (
    ("entity of every row", "SELECT * FROM agent.orders WHERE id = %s"),
    ("scoped entity", "SELECT * FROM agent.scoped_orders WHERE id = %s"),
    ("scoped, rows_first: false", "SELECT * FROM agent.open_orders WHERE id = %s"),
)
_WRITES: tuple[tuple[str, LiteralString], ...] = (
    ("entity by hand", "UPDATE agent.orders SET amount = amount + 1 WHERE customer_id = 42 AND %s > 0"),
    ("scoped entity", "UPDATE agent.scoped_orders SET amount = amount + 1 WHERE %s > 0"),
)


def measure_scoped(scratch: Scratch, scale: Scale) -> Report:
    """Time statements inside one transaction, prepared."""
    rows = scale.pick(1_000_000, 10_000)
    database = scratch.create("scoped")
    database.run_file("create_scoped", rows=rows, customers=rows // _PER_CUSTOMER, people=PEOPLE)
    database.install("scoped")
    database.vacuum()
    token = _open_task(database, "narrow", [_CUSTOMER])
    people, agent = database.connect(PEOPLE), database.connect(agent_role("clerk"))
    own = [
        key
        for (key,) in people.execute(
            "SELECT o.id FROM public.orders AS o WHERE o.usr_id = %s", [_CUSTOMER]
        ).fetchall()
    ]

    def draw() -> int:
        return random.choice(own)  # noqa: S311 - which row is no secret

    tables: list[Table] = []
    for title, queries in _READS.items():
        cases = [
            Case(
                name,
                agent if is_agent else people,
                _make_run(agent if is_agent else people, query, draw),
                True,
                token if is_agent else "",
            )
            for name, is_agent, query in queries
        ]
        tables.append(compare(title, measure(cases, scale, executions=scale.pick(1000, 20))))
    wide = _open_task(database, "wide", list(range(1, scale.pick(1000, 10) + 1)))
    large = [
        Case(name, agent, _make_run(agent, query, draw), True, wide)
        for name, query in _READS_IN_A_LARGE_SCOPE
    ]
    title = "One order by its key, in a scope of 1,000 customers with 20,000 orders"
    tables.append(compare(title, measure(large, scale, executions=scale.pick(50, 2))))
    writes = [Case(name, agent, _make_run(agent, query, draw), True, token) for name, query in _WRITES]
    tables.append(
        compare("UPDATE of the customer's 20 orders", measure(writes, scale, executions=scale.pick(50, 2)))
    )
    return Report(
        "Scoped rows against the same conditions by hand",
        (
            f"{rows:,} orders and {2 * rows:,} items, {_PER_CUSTOMER} orders a customer, prepared statements"
            " inside one transaction. The index is on the customer and on the items' order.",
        ),
        tuple(tables),
    )


def _open_task(database: Database, task_id: str, customers: list[int]) -> str:
    scope = json.dumps({"customer_id": customers})
    with connect(database.dsn) as connection:
        row = connection.execute("SELECT pgmoat.open_task('clerk', %s, %s)", [task_id, scope]).fetchone()
    assert row is not None
    return str(row[0])


def _make_run(
    connection: Connection[TupleRow], query: LiteralString, draw: Callable[[], int]
) -> Callable[[], None]:
    def run() -> None:
        connection.execute(query, [draw()])

    return run
