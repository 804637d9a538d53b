"""
What the tests of tasks do and judge.

In: Moat, connections. Out: counts. I/O: PostgreSQL, threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.moat_fixtures import Connection, Moat, enter


def write(connection: Connection, first: int, rows: int = 1) -> None:
    """Update *rows* counters from *first* on."""
    connection.execute("UPDATE counters SET v = v + 1 WHERE id BETWEEN %s AND %s", (first, first + rows - 1))


def open_child(
    moat: Moat, agent: str, token: str, task_id: str, scope: str | None = None, **limits: object
) -> str:
    """Return the token of a child that the agent opens for itself, in a transaction of its own."""
    with moat.task(agent, token) as connection:
        row = connection.execute(
            "SELECT pgmoat.open_child(%s, COALESCE(%s::jsonb, '{}'), %s::interval, %s)",
            (task_id, scope, limits.get("duration"), limits.get("max_writes")),
        ).fetchone()
    assert row is not None
    return str(row[0])


def count_written(moat: Moat) -> int:
    """Return how many row versions agents left behind: what people see, not what is charged."""
    return int(moat.value("SELECT sum(v) FROM public.counters"))


def count_used(moat: Moat, task_id: str) -> int:
    """Return what the ledger says of a task."""
    return int(
        moat.value(
            "SELECT l.rows_used FROM pgmoat.ledger AS l JOIN pgmoat.task AS k ON k.id = l.task"
            " WHERE k.task_id = %s ORDER BY l.seq DESC LIMIT 1",
            task_id,
        )
    )


def work_at_once(works: Sequence[Callable[[int], int]]) -> int:
    """Run all *works* at once, each with its number, and return the sum of what they return."""
    start = threading.Barrier(len(works))

    def run(number: int) -> int:
        start.wait()
        return works[number](number)

    with ThreadPoolExecutor(len(works)) as pool:
        return sum(pool.map(run, range(len(works))))


def make_writer(
    moat: Moat, agent: str, token: str, *, tries: int, is_immediate: bool = False, route: str = "direct"
) -> Callable[[int], int]:
    """Return a writer that tries *tries* rows one by one and returns how many were committed."""

    def work(number: int) -> int:
        committed = 0
        with moat.connect(agent, route=route) as connection:
            for attempt in range(tries):
                try:
                    with connection.transaction():
                        enter(connection, token)
                        if is_immediate:
                            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                        write(connection, 1 + number * tries + attempt)
                except psycopg.Error as error:
                    if error.sqlstate not in {"PM011", "PM012", "40001"}:
                        raise
                else:
                    committed += 1
        return committed

    return work
