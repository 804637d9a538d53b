"""
Eight writers at once: how fast they commit on one task and on eight, and whether the limits hold exactly.

In: Scratch. Out: Report. I/O: PostgreSQL, threads.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

from bench.measure import Scale, Spread, enter_task
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from pgmoat.postgres.connect import connect

_WRITERS = 8
_PER_HOUR = 400  # as writes_per_hour of agent "hourly" in the policy


@dataclass(frozen=True, slots=True)
class _Team:
    """Eight connections that write, each to rows of its own."""

    name: str
    connections: tuple[Connection[TupleRow], ...]
    table: sql.Identifier
    column: sql.Identifier
    tokens: tuple[str, ...] = ("",) * _WRITERS


def measure_commits(scratch: Scratch, scale: Scale) -> Report:
    """Time eight writers, then let them run into budgets."""
    database = scratch.create("commits")
    database.run_file("create_orders", rows=10_000, people=PEOPLE)
    database.install("orders")
    database.run_file("create_rivals", people=PEOPLE)
    database.vacuum()
    teams = _form_teams(database)
    tables = [
        _tabulate_speed(teams, think_ms, scale.pick(5, 1), scale.pick(2000, 150) / 1000)
        for think_ms in (0, 5)
    ]
    return Report(
        "Commits of eight writers at once",
        (
            "Each transaction updates one row of the writer's own; *thinks*: sleeps between the statement "
            "and COMMIT. The client is one Python process, so that without thinking it is part of the limit.",
        ),
        (*tables, _tabulate_exactness(database, scale.pick(1000, 200))),
    )


def _form_teams(database: Database) -> tuple[_Team, ...]:
    people = _connect_all(database, PEOPLE)
    clerks = _connect_all(database, agent_role("clerk"))
    entity, version = sql.Identifier("agent", "orders"), sql.Identifier("version")
    own = tuple(database.open_task("clerk", f"own {number}") for number in range(_WRITERS))
    return (
        _Team("raw table", people, sql.Identifier("public", "orders_raw"), sql.Identifier("v")),
        _Team("plain audit trigger", people, sql.Identifier("public", "orders_plain"), sql.Identifier("v")),
        _Team("entity, eight tasks", clerks, entity, version, own),
        _Team("entity, one task", clerks, entity, version, (database.open_task("clerk", "one"),) * _WRITERS),
    )


def _connect_all(database: Database, role: str) -> tuple[Connection[TupleRow], ...]:
    return tuple(database.connect(role) for _ in range(_WRITERS))


def _tabulate_speed(teams: Sequence[_Team], think_ms: int, rounds: int, seconds: float) -> Table:
    rates: list[list[float]] = [[] for _ in teams]
    for number in range(rounds):
        order = list(zip(teams, rates, strict=True))
        for team, taken in reversed(order) if number % 2 else order:
            taken.append(_count_commits(team, think_ms, seconds) / seconds)
    rows: list[tuple[Cell, ...]] = []
    for team, taken in zip(teams, rates, strict=True):
        ratios = [rate / raw for rate, raw in zip(taken, rates[0], strict=True)]
        spread = Spread(statistics.median(ratios), min(ratios), max(ratios))
        rows.append((team.name, statistics.median(taken), spread))
    return Table(
        f"Transactions a second, thinks {think_ms} ms",
        ("case", "tps", "share of the raw table's"),
        tuple(rows),
    )


def _count_commits(team: _Team, think_ms: int, seconds: float) -> int:
    end = time.monotonic() + seconds
    return sum(_run_team(team, lambda _done: time.monotonic() < end, think_ms))


def _run_team(team: _Team, goes_on: Callable[[int], bool], think_ms: int) -> list[int]:
    """Return how often each writer committed before it was done, or refused for its budget."""
    start = threading.Barrier(_WRITERS)

    def write(number: int) -> int:
        connection, token, done = team.connections[number], team.tokens[number], 0
        query = sql.SQL("UPDATE {} SET {column} = {column} + 1 WHERE id = %s").format(
            team.table, column=team.column
        )
        start.wait()
        while goes_on(done):
            try:
                with connection.transaction():
                    if token:
                        enter_task(connection, token)
                    connection.execute(query, [1 + number * 1000 + done % 1000])
                    time.sleep(think_ms / 1000)
            except psycopg.Error as error:
                if error.sqlstate in {"PM011", "PM012"}:  # the task's budget, the agent's hour
                    return done
                raise
            done += 1
        return done

    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(write, range(_WRITERS)))


def _tabulate_exactness(database: Database, budget: int) -> Table:
    """Let eight writers use up a budget, and count what is really written."""
    one = (database.open_task("clerk", "budget", max_writes=budget),) * _WRITERS
    eight = tuple(
        database.open_task("clerk", f"budget {n}", max_writes=budget // _WRITERS) for n in range(_WRITERS)
    )
    hourly = tuple(database.open_task("hourly", f"hour {n}") for n in range(_WRITERS))
    rows = [
        _spend(database, "one task, its budget", "clerk", one, budget),
        _spend(database, "eight tasks, an eighth of it each", "clerk", eight, budget),
        _spend(database, "eight tasks, the agent's hourly limit", "hourly", hourly, _PER_HOUR),
    ]
    return Table(
        "Exactness: eight writers until they are refused",
        ("limit", "allowed", "committed", "rows changed", "changes recorded", "charged"),
        tuple(rows),
    )


def _spend(
    database: Database, name: str, agent: str, tokens: tuple[str, ...], limit: int
) -> tuple[Cell, ...]:
    team = _Team(
        name,
        _connect_all(database, agent_role(agent)),
        sql.Identifier("agent", "orders"),
        sql.Identifier("version"),
        tokens,
    )
    before = _read_totals(database)
    committed = sum(_run_team(team, lambda done: done <= 3 * limit, 0))
    for connection in team.connections:
        connection.close()
    found = (now - then for now, then in zip(_read_totals(database), before, strict=True))
    allowed = limit * (_count_hours(database) if agent == "hourly" else 1)
    return (name, allowed, committed, *found)


def _read_totals(database: Database) -> tuple[int, int, int]:
    """Return how often rows were changed, how many changes are recorded, how many were charged."""
    with connect(database.dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT sum(o.v) FROM public.orders AS o), (SELECT count(*) FROM pgmoat.change),"
            " (SELECT COALESCE(sum(l.used), 0)"
            "    FROM (SELECT max(x.rows_used) AS used FROM pgmoat.ledger AS x GROUP BY x.task) AS l)"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])


def _count_hours(database: Database) -> int:
    """Return in how many clock hours agent "hourly" has written: a run may meet the turn of one."""
    with connect(database.dsn) as connection:
        row = connection.execute("SELECT count(*) FROM pgmoat.hour WHERE agent = 'hourly'").fetchone()
    assert row is not None
    return int(row[0])
