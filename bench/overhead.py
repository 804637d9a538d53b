"""
What each thing adds that the runtime does for a call: task, tag, guard, idempotency.

In: Scratch. Out: Report. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import count

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.calls import AGENTS, Opened, inspect_new_text, inspect_seen_text, open_route
from bench.measure import Scale
from bench.pooler import DISCARD_ALL, find_pgbouncer, run_pooler
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from bench.trips import Trip, tabulate
from pgmoat.pooler.settings import RESET_QUERY


def measure_overhead(scratch: Scratch, scale: Scale) -> Report:
    """Time a read and a write of one row by its key, with ever more of what the runtime does."""
    rows = scale.pick(100_000, 2_000)
    database = scratch.create("overhead")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.install("fleet")
    database.vacuum()
    dsns = {role: database.dsn_for(role) for role in (PEOPLE, *map(agent_role, AGENTS))}
    tables = _tabulate_route(database, "direct", dsns, rows, scale)
    routes = (("through PgBouncer", DISCARD_ALL), ("through PgBouncer, plans kept", RESET_QUERY))
    for route, reset in routes if find_pgbouncer() is not None else ():
        with run_pooler(list(dsns.values()), pool_size=1, reset=reset) as pooler:
            pooled = {role: pooler.reroute(dsn) for role, dsn in dsns.items()}
            tables += _tabulate_route(database, route, pooled, rows, scale)
    return Report(
        "What the runtime adds to a call",
        (
            "An order by its key, and 1 added to it. *By hand*: psycopg's own transaction, each statement a "
            "round trip. *In one go*: the same statements in a pipeline. The runtime always parses the "
            "statement, caps rows and bytes, makes each write idempotent, and has a pool. *Plan*: PostgreSQL "
            "explains the statement first, which is the policy's default. Round trips and statements are "
            "counted on the wire (ReadyForQuery, Execute and Query), BEGIN and COMMIT among them. Prepared "
            "statements where it is direct, none through PgBouncer, which runs DISCARD ALL behind each "
            "transaction, or (*plans kept*) all that it does but DISCARD PLANS.",
        ),
        (*tables, _tabulate_guard(scale)),
    )


def _tabulate_route(
    database: Database, route: str, dsns: dict[str, str], rows: int, scale: Scale
) -> list[Table]:
    with open_route(database, dsns, is_direct=route == "direct", rows=rows) as opened:
        return [
            tabulate(f"A read, {route}", _make_cases(opened, opened.list_reads()), scale),
            tabulate(f"A write, {route}", _make_cases(opened, opened.list_writes()), scale),
        ]


def _make_cases(
    opened: Opened, calls: Sequence[tuple[str, str, Connection[TupleRow], Callable[[], None]]]
) -> list[Trip]:
    return [
        Trip(name, connection, opened.find_backend(role, connection), run)
        for name, role, connection, run in calls
    ]


def _tabulate_guard(scale: Scale) -> Table:
    """Return what the guard alone costs: no message is sent."""
    numbers = count()
    cases = (
        ("a text that was seen before", inspect_seen_text),
        ("a new text", lambda: inspect_new_text(next(numbers))),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, inspect in cases:
        taken: list[float] = []
        for _ in range(scale.rounds):
            began = time.process_time_ns()
            with contextlib.suppress(StopIteration):
                for _ in range(scale.pick(500, 10)):
                    inspect()
            taken.append((time.process_time_ns() - began) / scale.pick(500, 10) / 1000)
        rows.append((name, statistics.median(taken)))
    return Table("The guard's look at a statement", ("statement", "client CPU µs"), tuple(rows))
