"""
Writes through an entity as the history grows: the same figure at 0, 10^5 and 10^6 recorded changes.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import statistics

from bench.measure import Scale, divide, measure
from bench.orders import DELETE, INSERT, UPDATE, Writer
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from pgmoat.postgres.connect import connect

_STATEMENTS = ((UPDATE, 1), (UPDATE, 100), (INSERT, 1), (INSERT, 100), (DELETE, 1), (DELETE, 100))
_PER_TRANSACTION = 100


def measure_history(scratch: Scratch, scale: Scale) -> Report:
    """Time writes in copies of one database that differ in the history that they hold."""
    table_rows = scale.pick(100_000, 10_000)
    empty = scratch.create("history_0")
    empty.run_file("create_orders", rows=table_rows, people=PEOPLE)
    empty.install("orders")
    empty.vacuum()
    token = empty.open_task("clerk")
    writers = _open_writers(scratch, empty, token, table_rows, scale)
    measured: list[list[float]] = []
    ratios: list[list[Cell]] = []
    for operation, rows in _STATEMENTS:
        cases = [writer.make_case(operation, rows, table_rows) for writer in writers]
        executions = scale.pick(200, 5) if rows == 1 else scale.pick(20, 3)
        timings = measure(cases, scale, executions=executions)
        measured.append([statistics.median(timing.best_known) / rows for timing in timings])
        ratios.append([divide(timing, timings[0]) for timing in timings])
    columns = ("recorded changes", *(f"{operation} of {rows}" for operation, rows in _STATEMENTS))
    names = [writer.name for writer in writers]
    return Report(
        "Writes through an entity as the history grows",
        (
            "The same statements as above, server CPU in µs per row. *Not analysed*: ANALYZE has never seen "
            "the history. *Older session*: it planned its statements while the history was empty, and stays.",
        ),
        (
            Table("µs per row", columns, tuple(zip(names, *measured, strict=True))),
            Table("Ratio to an empty history", columns, tuple(zip(names, *ratios, strict=True))),
        ),
    )


def _open_writers(
    scratch: Scratch, empty: Database, token: str, table_rows: int, scale: Scale
) -> list[Writer]:
    """Return a writer per copy; the copies come first, because nobody may be connected to their template."""
    some, many = scale.pick(100_000, 1_000), scale.pick(1_000_000, 5_000)
    copies = [("0", empty)]
    for changes in (some, many):
        filled = scratch.create(f"history_{changes}", empty)
        _fill(filled, changes)
        analysed = scratch.create(f"history_{changes}_analysed", filled)
        with connect(analysed.dsn) as connection:
            connection.execute("ANALYZE")
        copies += [(f"{changes:,}, not analysed", filled), (f"{changes:,}, analysed", analysed)]
    copies.append((f"{many:,}, older session", scratch.create("history_older", empty)))
    writers = [
        Writer(name, database.connect(agent_role("clerk")), "orders", token) for name, database in copies
    ]
    for operation in (UPDATE, INSERT):  # a DELETE reads nothing of the history that these do not
        case = writers[-1].make_case(operation, 1, table_rows)
        for _ in range(10):
            case.run()
    _fill(copies[-1][1], many)
    return writers


def _fill(database: Database, changes: int) -> None:
    database.open_task("clerk", "filler")
    with connect(database.dsn) as connection:
        row = connection.execute("SELECT id FROM pgmoat.task WHERE task_id = 'filler'").fetchone()
    assert row is not None
    database.run_file("fill_history", task=int(row[0]), transactions=changes // _PER_TRANSACTION)
