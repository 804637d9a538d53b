"""
An aggregate over a large table with parallel workers: an entity against the base table.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, divide, enter_task, measure
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Scratch, agent_role

_QUERIES: tuple[tuple[str, LiteralString, LiteralString], ...] = (
    ("sum", "SELECT sum(amt) FROM public.events", "SELECT sum(amount) FROM agent.events"),
    (
        "sum with a filter",
        "SELECT sum(amt) FROM public.events WHERE amt > 500",
        "SELECT sum(amount) FROM agent.events WHERE amount > 500",
    ),
    (
        "group by a decoded column",
        "SELECT knd_cd, sum(amt) FROM public.events GROUP BY knd_cd",
        "SELECT kind, sum(amount) FROM agent.events GROUP BY kind",
    ),
)


def measure_parallel(scratch: Scratch, scale: Scale) -> Report:
    """Time aggregates with two workers and with none."""
    database = scratch.create("parallel")
    database.run_file("create_events", rows=scale.pick(2_000_000, 250_000), people=PEOPLE)
    database.install("events")
    database.vacuum()
    token = database.open_task("analyst")
    people, agent = database.connect(PEOPLE), database.connect(agent_role("analyst"))
    people_alone, agent_alone = database.connect(PEOPLE), database.connect(agent_role("analyst"))
    people.execute("SET max_parallel_workers_per_gather = 2")
    for connection in (people_alone, agent_alone):
        connection.execute("SET max_parallel_workers_per_gather = 0")
    rows: list[tuple[Cell, ...]] = []
    for title, base_query, entity_query in _QUERIES:
        cases = [
            _make_case("base table", people, base_query, ""),
            _make_case("entity", agent, entity_query, token),
            _make_case("base table, no workers", people_alone, base_query, ""),
            _make_case("entity, no workers", agent_alone, entity_query, token),
        ]
        timings = measure(cases, scale, executions=1, warm_up=1)
        launched = (_count_workers(people, base_query, ""), _count_workers(agent, entity_query, token), 0, 0)
        for number, timing in enumerate(timings):
            rows.append(
                (
                    f"{title}: {timing.name}",
                    launched[number],
                    statistics.median(timing.wall_us) / 1000,
                    divide(timing, timings[number - number % 2], by_wall=True),
                )
            )
    return Report(
        "Parallel aggregate through an entity against the base table",
        ("An agent whose policy says `parallel_workers: 2`. Wall time; the ratio is to the base table.",),
        (Table("", ("query", "workers", "wall ms", "ratio"), tuple(rows)),),
    )


def _make_case(name: str, connection: Connection[TupleRow], query: LiteralString, token: str) -> Case:
    def run() -> None:
        connection.execute(query, prepare=False).fetchall()

    return Case(name, connection, run, is_one_transaction=True, token=token)


def _count_workers(connection: Connection[TupleRow], query: LiteralString, token: str) -> int:
    """Return how many workers helped."""
    with connection.transaction():
        if token:
            enter_task(connection, token)
        row = connection.execute(
            sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) {}").format(sql.SQL(query))
        ).fetchone()
    assert row is not None
    return sum(int(node.get("Workers Launched", 0)) for node in _walk(row[0][0]["Plan"]))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)
