"""
What the watchdog's looking costs the server, with hundreds of connections.

In: Scratch. Out: Report. I/O: PostgreSQL, a watchdog in a thread.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator
from datetime import timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Scale, read_cpu_ns
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from pgmoat.postgres.connect import connect
from pgmoat.watchdog.loop import Output, Settings, run_watch

_FULL = ((0, 0), (500, 20), (500, 100))
_QUICK = ((0, 0), (6, 2))
"""Connections, and how many of them run a statement."""

_NAME = "pgmoat watch"
_TAG = "/*agent_id='fleet-v1',step='step {number}',task_id='T-{number}'*/ SELECT pg_catalog.pg_sleep(600)"


def measure_sampling(scratch: Scratch, scale: Scale) -> Report:
    """Let a watchdog look at ever more connections, once and ten times a second."""
    database = scratch.create("sampling")
    database.run_file("create_orders", rows=1_000, people=PEOPLE)
    database.install("fleet")
    seconds = scale.pick(30, 2)
    rows: list[tuple[Cell, ...]] = []
    with contextlib.ExitStack() as opened:
        connections: list[Connection[TupleRow]] = []
        for count, running in _QUICK if scale.is_quick else _FULL:
            while len(connections) < count:
                connections.append(opened.enter_context(connect(database.dsn_for(agent_role("fleet")))))
            with _run_statements(connections[:running]):
                for hertz in (1, 10):
                    cpu_ms, rounds = _observe(database, hertz, seconds)
                    rows.append((count, running, hertz, rounds, cpu_ms / rounds, cpu_ms / seconds / 10))
    return Report(
        "What sampling costs the server",
        (
            "A watchdog that leads, with everything that it does: looking at sessions, limits and roles, "
            "judging, storing the record. CPU time of its own backend; agents' connections, of which some "
            "run a statement all the time, each of a task of its own. Agents themselves pay nothing.",
        ),
        (
            Table(
                f"{seconds} s each",
                (
                    "connections",
                    "of them running",
                    "samples a second",
                    "rounds",
                    "server CPU ms a round",
                    "% of a core",
                ),
                tuple(rows),
            ),
        ),
    )


@contextlib.contextmanager
def _run_statements(connections: list[Connection[TupleRow]]) -> Generator[None]:
    """Let each of *connections* run a statement until the block ends."""
    for number, connection in enumerate(connections):
        connection.pgconn.send_query(_TAG.format(number=number).encode())
    try:
        yield
    finally:
        for connection in connections:
            connection.cancel_safe()
            while connection.pgconn.get_result() is not None:
                pass


def _observe(database: Database, hertz: int, seconds: float) -> tuple[float, int]:
    """Return the CPU time in ms that a watchdog's backend has used in *seconds*, and in how many rounds."""
    stop = threading.Event()
    settings = Settings(interval_s=1 / hertz, grace=timedelta(milliseconds=500))
    watch = threading.Thread(
        target=run_watch,
        args=(
            lambda: connect(database.dsn, application_name=_NAME),
            settings,
            Output(lambda _: None, lambda _: None),
            stop,
        ),
    )
    watch.start()
    try:
        time.sleep(2.5 / hertz + 0.5)  # what is done once is done
        backend = _find_backend(database)
        began, first = read_cpu_ns(backend) or 0, _count_rounds(database)
        time.sleep(seconds)
        used = (read_cpu_ns(backend) or 0) - began
        return used / 1e6, max(1, _count_rounds(database) - first)
    finally:
        stop.set()
        watch.join()


def _find_backend(database: Database) -> int:
    with connect(database.dsn) as connection:
        row = connection.execute(
            "SELECT pid FROM pg_catalog.pg_stat_activity WHERE application_name = %s AND datname = %s",
            [_NAME, database.name],
        ).fetchone()
    assert row is not None
    return int(row[0])


def _count_rounds(database: Database) -> int:
    with connect(database.dsn) as connection:
        row = connection.execute("SELECT COALESCE(sum(samples), 0) FROM pgmoat.sampling").fetchone()
    assert row is not None
    return int(row[0])
