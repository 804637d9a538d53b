"""
What the dashboard asks of a record of ten million rows, and how large a day of it is.

In: Scratch. Out: Report. I/O: PostgreSQL, PgBouncer, processes of agents.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from bench.agents import RUNTIME
from bench.fleet import Setting, observe
from bench.measure import Scale
from bench.pages import time_pages
from bench.pooler import find_pgbouncer
from bench.report import Cell, Report, Table
from bench.sampling import run_watchdog
from bench.scratch import PEOPLE, Database, Scratch
from pgmoat.accounting.drill import read_statements, read_steps, read_tasks
from pgmoat.accounting.series import read_series, read_wait_series
from pgmoat.accounting.share import read_accounting
from pgmoat.accounting.window import Window
from pgmoat.ledger.prune import choose_partitions, drop_partition, read_partitions
from pgmoat.pooler.settings import RESET_QUERY
from pgmoat.postgres.connect import connect

_AGENTS, _AGENT = 20, "agent_7"
_DAY = timedelta(days=1)
_ORDERS = 1_000


def measure_record(scratch: Scratch, scale: Scale) -> Report:
    """Fill a day, read it as the dashboard does, and drop it."""
    per_minute = scale.pick(7_000, 40)
    database = scratch.create("record")
    database.run_file("create_orders", rows=_ORDERS, people=PEOPLE)
    database.install("fleet")
    database.run_file("fill_record", per_minute=per_minute, agents=_AGENTS, tasks=50, fingerprints=2_000)
    database.vacuum()
    with connect(database.dsn) as connection:
        sizes = _tabulate_sizes(connection)
        asked = _tabulate_reads(connection, scale)
        pages = _tabulate_pages(database, scale)
        dropped = _tabulate_prune(connection)
        left = _tabulate_fleet(database, connection, scale)
    return Report(
        f"A day's record of {per_minute * 1440:,} samples of agents' statements",
        (
            f"The last 24 hours, {_AGENTS} agents, each sample a row: what a watchdog records that sees "
            f"{per_minute / 60:.0f} statements running each second, no two alike. The time is the client's, "
            "for one connection, the answer read whole.",
        ),
        (pages, asked, sizes, dropped, *left),
    )


def _find_day(connection: Connection[Any]) -> datetime:
    row = connection.execute("SELECT min(minute) FROM pgmoat.sampling").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def _tabulate_reads(connection: Connection[Any], scale: Scale) -> Table:
    since = _find_day(connection)
    until = since + _DAY
    last_hour = Window(until - timedelta(hours=1), until)
    day = Window(since, until)
    ten_minutes = timedelta(minutes=10)
    row = connection.execute(
        "SELECT task_id FROM pgmoat.usage_detail WHERE agent = %s AND minute >= %s LIMIT 1",
        [_AGENT, until - timedelta(hours=1)],
    ).fetchone()
    assert row is not None
    task = str(row[0])
    reads: tuple[tuple[str, Callable[[], object]], ...] = (
        ("everybody's shares, last hour", lambda: read_accounting(connection, last_hour.since, until)),
        ("everybody's shares, last day", lambda: read_accounting(connection, since, until)),
        ("the chart by agent, last day", lambda: read_series(connection, since, until, ten_minutes)),
        (
            "an agent's chart by waits, last day",
            lambda: read_wait_series(connection, _AGENT, since, until, ten_minutes),
        ),
        ("an agent's tasks, last hour", lambda: read_tasks(connection, _AGENT, last_hour)),
        ("an agent's tasks, last day", lambda: read_tasks(connection, _AGENT, day)),
        ("a task's steps, last day", lambda: read_steps(connection, _AGENT, task, day)),
        ("a task's statements, last day", lambda: read_statements(connection, _AGENT, day, task_id=task)),
        ("an agent's statements, last day", lambda: read_statements(connection, _AGENT, day)),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, read in reads:
        read()
        taken: list[float] = []
        for _ in range(scale.pick(7, 1)):
            began = time.perf_counter()
            read()
            taken.append((time.perf_counter() - began) * 1000)
        rows.append((name, statistics.median(taken), max(taken)))
    return Table("What pages ask", ("question", "ms", "slowest ms"), tuple(rows))


def _tabulate_pages(database: Database, scale: Scale) -> Table:
    """Return how long a viewer of the dashboard waits."""
    agent = f"/agents/{_AGENT}"
    pages = (
        ("the overview: last hour, last day", "/"),
        ("the overview with the chart of the day", "/?range=24h"),
        ("an agent, last hour", agent),
        ("an agent, last day", f"{agent}?range=24h"),
        ("running sessions", "/sessions"),
    )
    taken = time_pages(database.dsn, [path for _, path in pages], scale.pick(9, 1))
    rows = tuple((name, statistics.median(taken[path]), max(taken[path])) for name, path in pages)
    return Table("Pages of the dashboard, over HTTP", ("page", "ms", "slowest ms"), rows)


def _tabulate_sizes(connection: Connection[Any]) -> Table:
    rows = connection.execute(
        "SELECT p.relname::text, sum(c.reltuples)::bigint,"
        " sum(pg_total_relation_size(c.oid))::float8 / 1048576"
        " FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
        " JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS n ON n.oid = p.relnamespace"
        " WHERE n.nspname = 'pgmoat' AND p.relkind = 'p' AND c.reltuples > 0"
        " GROUP BY 1 ORDER BY 3 DESC"
    ).fetchall()
    return Table("The day's size", ("table", "rows", "MB with indexes"), tuple(tuple(row) for row in rows))


def _tabulate_prune(connection: Connection[Any]) -> Table:
    """Drop the day, as `pgmoat prune` does."""
    old = choose_partitions(read_partitions(connection), timedelta(0), timedelta(0))
    began = time.perf_counter()
    for partition in old:
        assert drop_partition(connection, partition)
    taken = (time.perf_counter() - began) * 1000
    freed = sum(partition.bytes for partition in old) / 1024**2
    return Table("Prune", ("partitions dropped", "MB", "ms"), ((len(old), freed, taken),))


def _tabulate_fleet(database: Database, connection: Connection[Any], scale: Scale) -> list[Table]:
    """Return what a watchdog records of a fleet of agents, as much as a day of it would be."""
    if find_pgbouncer() is None:
        return []
    agents, seconds = scale.pick(500, 10), scale.pick(60_000, 2_000) / 1000
    think_s = (0.05, 0.2) if scale.is_quick else (0.5, 2.0)
    setting = Setting(f"{agents}, PgBouncer", RUNTIME, agents, think_s, scale.pick(2, 1), reset=RESET_QUERY)
    began = time.monotonic()
    with run_watchdog(database):
        found = observe(database, setting, _ORDERS, seconds, 1.0)
    days = _DAY.total_seconds() / (time.monotonic() - began)
    row = connection.execute(
        "SELECT count(*), sum(pg_column_size(d.*)) FROM pgmoat.usage_detail AS d WHERE d.agent = 'fleet'"
    ).fetchone()
    assert row is not None
    # A row's place in its page and in the index, beside what it holds.
    rows, megabytes = int(row[0]) * days, (int(row[1] or 0) + int(row[0]) * 12) * days / 1024**2
    columns = ("agents", "calls a second", "rows of detail a day", "MB of detail a day")
    calls = len(found.waits_ms) / found.seconds
    return [Table("What a fleet leaves", columns, ((setting.name, calls, round(rows), megabytes),))]
