"""
What it costs to explain an empty answer, and that one with rows costs nothing more.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from importlib.resources import files

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Scale
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from bench.wire import count_traffic
from pgmoat.guard.allowed import compile_allowed
from pgmoat.policy.bounds import PoolPolicy
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime import Backoff, Task
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.profile import resolve_profile
from pgmoat.runtime.synchronous.pool import AgentPool
from pgmoat.runtime.synchronous.task import Means

_AGENT = "fleet"
_ONE = PoolPolicy.model_validate(
    {"workers": 1, "steps": 1, "overflow": 0, "timeout": "60s", "recycle": "12h"}
)
_QUERIES = (
    ("a row by its key", "SELECT amount FROM orders WHERE id = 7"),
    ("a count by a word", "SELECT count(*) FROM orders WHERE fulfillment_status = 'shipped'"),
    ("a word that the map lacks", "SELECT id FROM orders WHERE fulfillment_status = 'canceled'"),
    ("a key that is not there", "SELECT amount FROM orders WHERE id = -1"),
    ("a range beside the data", "SELECT id FROM orders WHERE amount > 1000000"),
    (
        "two conditions that no row meets both",
        "SELECT id FROM orders WHERE amount > 99 AND version = 0 AND id < 50",
    ),
    (
        "a join that fits no rows",
        "SELECT o.id FROM orders AS o JOIN orders AS p ON p.id = o.version WHERE o.id < 1000",
    ),
)


@dataclass(frozen=True, slots=True)
class _Way:
    """A task whose empty answers are explained or not, and its connection."""

    task: Task
    connection: Connection[TupleRow]


def measure_explain(scratch: Scratch, scale: Scale) -> Report:
    """Time queries with and without rows, explained and not."""
    rows = scale.pick(200_000, 2_000)
    database = scratch.create("explain")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.install("fleet")
    database.vacuum()
    repeats = scale.pick(50, 3)
    with _open_way(database, is_explained=False) as plain, _open_way(database, is_explained=True) as told:
        found = tuple(_measure(name, query, plain, told, repeats) for name, query in _QUERIES)
    columns = ("query", "round trips", "explained", "wall ms", "explained", "first reason")
    return Report(
        "An empty answer explained",
        (
            f"{rows:,} orders. Each query with `explain_empty: false`, and as a policy that says nothing has it."
            " Medians; a round trip of a question is a transaction of its own.",
        ),
        (Table("Queries with rows, and without", columns, found),),
    )


@contextlib.contextmanager
def _open_way(database: Database, *, is_explained: bool) -> Generator[_Way]:
    text = (files("bench") / "policies" / "fleet.yaml").read_text(encoding="utf-8")
    policy = load_policy_text(text, "fleet.yaml").policy
    profile = resolve_profile(policy, _AGENT)
    guard = profile.guard.model_copy(update={"explain_empty": is_explained})
    pool = AgentPool(database.dsn_for(agent_role(_AGENT)), _ONE, f"bench {is_explained}")
    pool.open()
    with contextlib.closing(pool):
        with pool.connection() as connection:
            pass
        means = Means(pool, replace(profile, guard=guard), compile_allowed(policy, _AGENT), Backoff())
        yield _Way(Task(TaskIdentity(_AGENT, "bench", database.open_task(_AGENT)), means), connection)


def _measure(name: str, query: str, plain: _Way, told: _Way, repeats: int) -> tuple[Cell, ...]:
    cells: list[tuple[float, float]] = []
    for way in (plain, told):
        for _ in range(5):
            way.task.query(query)
        traffic = count_traffic(way.connection, lambda task=way.task: _run(task, query), 3)
        cells.append((traffic.round_trips, statistics.median(_time(way, query) for _ in range(repeats))))
    (without, fast), (with_it, slow) = cells
    reasons = told.task.query(query).reasons
    kind = f"{reasons[0].kind}, {reasons[0].certainty}" if reasons else "it has rows"
    return name, round(without, 1), round(with_it, 1), fast, slow, kind


def _run(task: Task, query: str) -> None:
    task.query(query)


def _time(way: _Way, query: str) -> float:
    started = time.perf_counter()
    way.task.query(query)
    return (time.perf_counter() - started) * 1000
