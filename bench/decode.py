"""
A filter on a decoded column: the entity's join to a value map against CASE in a view by hand.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, Timing, divide, enter_task, measure
from bench.report import Cell, Report, Table
from bench.scratch import VIEWS, Database, Scratch, agent_role

_ENTITY, _CASE, _ENTITY_PARALLEL, _CASE_PARALLEL = 0, 1, 2, 3

_FILTERS: tuple[tuple[str, LiteralString], ...] = (
    ("= 0.1 %", "status = 'damaged'"),
    ("= 5 %", "status = 'waiting'"),
    ("= 15 %", "status = 'packed'"),
    ("= 70 %", "status = 'delivered'"),
    ("IN 0.1 % and 0.1 %", "status IN ('damaged', 'lost')"),
    ("IN 0.1 % and 5 %", "status IN ('damaged', 'waiting')"),
    ("IN 0.1 %, 0.1 % and 5 %", "status IN ('damaged', 'lost', 'waiting')"),
    ("IN 15 % and 70 %", "status IN ('packed', 'delivered')"),
    ("<> 70 %", "status <> 'delivered'"),
    ("<> 0.1 %", "status <> 'damaged'"),
    ("two codes, = 0.1 %", "insured = 'full_cover'"),
    ("two codes, = 99.9 %", "insured = 'no_cover'"),
    ("= 0.1 %, and two codes = 99.9 %", "status = 'damaged' AND insured = 'no_cover'"),
    ("IS NULL, 10 %", "status IS NULL"),
    ("IS NOT NULL", "status IS NOT NULL"),
    ("= 0.1 %, LIMIT 10", "status = 'damaged' LIMIT 10"),
    ("by key", "id = 77"),
    ("no filter", "true"),
)


@dataclass(frozen=True, slots=True)
class _Reader:
    """A way to read parcels."""

    name: str
    view: sql.Identifier
    connection: Connection[TupleRow]

    def query(self, where: LiteralString) -> sql.Composed:
        """Return a query that needs every column of every row that matches."""
        return sql.SQL(
            "SELECT count(*), count(q.status), count(q.insured), sum(length(q.label))"
            " FROM (SELECT * FROM {} WHERE {}) AS q"
        ).format(self.view, sql.SQL(where))


def measure_decode(scratch: Scratch, scale: Scale) -> Report:
    """Time every filter on four readers."""
    database = scratch.create("decode")
    database.run_file("create_parcels", rows=scale.pick(1_000_000, 20_000))
    database.install("parcels")
    database.run_file("create_parcels_case", views=VIEWS, agent=agent_role("reader"))
    database.vacuum()
    token = database.open_task("reader")
    readers = _open_readers(database)
    rows = tuple(_measure_filter(title, where, readers, token, scale) for title, where in _FILTERS)
    return Report(
        "Filter on a decoded column: join to a value map against CASE",
        (
            "Five codes with 0.1, 0.1, 5, 15 and 70 % of the rows, the rest NULL; and two codes with 0.1 and "
            "99.9 %; both columns have an index. Wall time in ms, and the plan that was taken. Both views "
            "ask the gate. Agents have no parallel workers unless their policy says so; the last columns "
            "show what they would change. The ratios say how many times the entity is faster.",
        ),
        (
            Table(
                "",
                (
                    "filter",
                    "rows",
                    "entity",
                    "CASE",
                    "CASE : entity",
                    "CASE, 2 workers",
                    "it : entity",
                    "entity, 2 workers",
                ),
                rows,
            ),
        ),
    )


def _open_readers(database: Database) -> list[_Reader]:
    entity, by_hand = sql.Identifier("agent", "parcels"), sql.Identifier("by_hand", "parcels")
    role = agent_role("reader")
    readers = [
        _Reader("entity", entity, database.connect(role)),
        _Reader("CASE", by_hand, database.connect(role)),
        _Reader("entity, 2 workers", entity, database.connect(role)),
        _Reader("CASE, 2 workers", by_hand, database.connect(role)),
    ]
    for reader in readers[_ENTITY_PARALLEL:]:
        reader.connection.execute("SET max_parallel_workers_per_gather = 2")
    return readers


def _measure_filter(
    title: str, where: LiteralString, readers: list[_Reader], token: str, scale: Scale
) -> tuple[Cell, ...]:
    cases = [_make_case(reader, where, token) for reader in readers]
    timings = measure(cases, scale, executions=1, warm_up=1)
    plans = [_read_plan(reader, where, token) for reader in readers]
    cells = [f"{_median_ms(timing)} {plan}" for timing, plan in zip(timings, plans, strict=True)]
    return (
        title,
        _count(readers[_ENTITY], where, token),
        cells[_ENTITY],
        cells[_CASE],
        divide(timings[_CASE], timings[_ENTITY], by_wall=True),
        cells[_CASE_PARALLEL],
        divide(timings[_CASE_PARALLEL], timings[_ENTITY], by_wall=True),
        cells[_ENTITY_PARALLEL],
    )


def _make_case(reader: _Reader, where: LiteralString, token: str) -> Case:
    query = reader.query(where)

    def run() -> None:
        reader.connection.execute(query, prepare=False).fetchall()

    return Case(reader.name, reader.connection, run, is_one_transaction=True, token=token)


def _median_ms(timing: Timing) -> str:
    milliseconds = statistics.median(timing.wall_us) / 1000
    return f"{milliseconds:.0f}" if milliseconds >= 100 else f"{milliseconds:.1f}"


def _count(reader: _Reader, where: LiteralString, token: str) -> int:
    with reader.connection.transaction():
        enter_task(reader.connection, token)
        row = reader.connection.execute(reader.query(where)).fetchone()
    assert row is not None
    return int(row[0])


def _read_plan(reader: _Reader, where: LiteralString, token: str) -> str:
    """Return how the query comes to the rows of the base table: index, bitmap, scan or parallel scan."""
    with reader.connection.transaction():
        enter_task(reader.connection, token)
        row = reader.connection.execute(
            sql.SQL("EXPLAIN (FORMAT JSON) {}").format(reader.query(where))
        ).fetchone()
    assert row is not None
    words = {"Seq Scan": "scan", "Bitmap Heap Scan": "bitmap"}
    for node in _walk(row[0][0]["Plan"]):
        if node.get("Relation Name") == "parcels":
            word = words.get(node["Node Type"], "index")
            return f"parallel {word}" if node["Parallel Aware"] else word
    return "none"


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)
