"""
UPDATE, INSERT and DELETE through an entity against the raw table and two audit triggers.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import statistics

from bench.measure import Scale, Timing, divide, measure
from bench.orders import OPERATIONS, Writer
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role

_RAW, _PLAIN, _WIKI, _ENTITY = 0, 1, 2, 3


def measure_writes(scratch: Scratch, scale: Scale) -> Report:
    """Time transactions of one statement, of 1 and of 100 rows."""
    table_rows = scale.pick(100_000, 10_000)
    database = scratch.create("writes")
    database.run_file("create_orders", rows=table_rows, people=PEOPLE)
    database.install("orders")
    database.run_file("create_rivals", people=PEOPLE)
    database.vacuum()
    writers = _open_writers(database)
    found: list[tuple[str, int, list[Timing]]] = []
    for operation in OPERATIONS:
        for rows in (1, 100):
            cases = [writer.make_case(operation, rows, table_rows) for writer in writers]
            executions = scale.pick(400, 10) if rows == 1 else scale.pick(40, 4)
            found.append((operation, rows, measure(cases, scale, executions=executions)))
    tables = [_tabulate("Wall time", found, by_wall=True)]
    if all(timing.cpu_us for *_, timings in found for timing in timings):
        tables.insert(0, _tabulate("Server CPU", found, by_wall=False))
    return Report(
        "Writes through an entity against audit triggers",
        (
            "A transaction of one statement; µs per row. *plain trigger*: AFTER ROW, old and new row as "
            "jsonb. *wiki trigger*: what the audit trigger of the PostgreSQL wiki keeps, in jsonb, with its "
            "three indexes. The entity's transaction includes `pgmoat.enter()`; it also checks the gate, "
            "decodes, refuses lost updates, and counts against four limits. *DELETE*: a real one but on the "
            "entity, which marks the row. *soft DELETE*: the others mark it too (UPDATE … SET deleted_at).",
        ),
        tuple(tables),
    )


def _open_writers(database: Database) -> list[Writer]:
    token = database.open_task("clerk")
    return [
        Writer("raw", database.connect(PEOPLE), "orders_raw"),
        Writer("plain trigger", database.connect(PEOPLE), "orders_plain"),
        Writer("wiki trigger", database.connect(PEOPLE), "orders_wiki"),
        Writer("entity", database.connect(agent_role("clerk")), "orders", token),
    ]


def _tabulate(title: str, found: list[tuple[str, int, list[Timing]]], *, by_wall: bool) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for operation, count, timings in found:
        entity = timings[_ENTITY]
        rows.append(
            (
                f"{operation} of {count}",
                *(statistics.median(t.wall_us if by_wall else t.cpu_us) / count for t in timings),
                *(divide(entity, timings[other], by_wall=by_wall) for other in (_RAW, _PLAIN, _WIKI)),
            )
        )
    return Table(
        title,
        (
            "statement",
            "raw",
            "plain trigger",
            "wiki trigger",
            "entity",
            "entity : raw",
            "entity : plain",
            "entity : wiki",
        ),
        tuple(rows),
    )
