"""
What each thing adds that the runtime does for a call: task, tag, guard, idempotency.

In: Scratch. Out: Report. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.calls import AGENTS, Opened, inspect_new_text, inspect_seen_text, open_route
from bench.measure import Scale, Spread, read_cpu_ns
from bench.pooler import DISCARD_ALL, find_pgbouncer, run_pooler
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from bench.wire import Traffic, count_traffic
from pgmoat.pooler.settings import RESET_QUERY

_TRACED = 20  # calls whose messages are counted


@dataclass(frozen=True, slots=True)
class _Case:
    """One way to read or to write an order."""

    name: str
    connection: Connection[TupleRow]
    backend: int
    run: Callable[[], None]
    samples: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    # of wall, client's and server's processor time, in µs per call, a round each


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
            _tabulate(f"A read, {route}", _make_cases(opened, opened.list_reads()), scale),
            _tabulate(f"A write, {route}", _make_cases(opened, opened.list_writes()), scale),
        ]


def _make_cases(
    opened: Opened, calls: Sequence[tuple[str, str, Connection[TupleRow], Callable[[], None]]]
) -> list[_Case]:
    return [
        _Case(name, connection, opened.find_backend(role, connection), run)
        for name, role, connection, run in calls
    ]


def _tabulate(title: str, cases: Sequence[_Case], scale: Scale) -> Table:
    executions = scale.pick(150, 5)
    traffic: list[Traffic] = []
    for case in cases:
        for _ in range(scale.pick(20, 8)):
            case.run()
        traffic.append(count_traffic(case.connection, case.run, scale.pick(_TRACED, 2)))
    for number in range(scale.rounds):
        for case in reversed(cases) if number % 2 else cases:
            case.samples.append(_time(case, executions))
    rows: list[tuple[Cell, ...]] = []
    for case, found in zip(cases, traffic, strict=True):
        wall, client, server = (statistics.median(values) for values in zip(*case.samples, strict=True))
        rows.append(
            (
                case.name,
                _as_count(found.round_trips),
                _as_count(found.statements),
                wall,
                _divide(case, cases[0], 0),
                client,
                server if scale.is_cpu_known else None,
                _divide(case, cases[0], 2) if scale.is_cpu_known else None,
            )
        )
    columns = (
        "call",
        "round trips",
        "statements",
        "wall µs",
        "ratio",
        "client CPU µs",
        "server CPU µs",
        "ratio",
    )
    return Table(title, columns, tuple(rows))


def _as_count(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _divide(case: _Case, baseline: _Case, which: int) -> Spread:
    ratios = [
        one[which] / other[which] if other[which] else 0.0
        for one, other in zip(case.samples, baseline.samples, strict=True)
    ]
    return Spread(statistics.median(ratios), min(ratios), max(ratios))


def _time(case: _Case, executions: int) -> tuple[float, float, float]:
    time.sleep(0.001)  # the server's clock is up to date when it waits
    server, client = read_cpu_ns(case.backend) or 0, time.process_time_ns()
    wall = time.perf_counter_ns()
    for _ in range(executions):
        case.run()
    wall = time.perf_counter_ns() - wall
    client = time.process_time_ns() - client
    time.sleep(0.001)
    server = (read_cpu_ns(case.backend) or 0) - server
    return (wall / executions / 1000, client / executions / 1000, server / executions / 1000)


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
