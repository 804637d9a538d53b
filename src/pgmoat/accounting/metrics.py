"""
What a program that keeps metrics asks for: sums of the record, and how things stand now.

In: a connection that may read the record. Out: RecordedSum, Standing, Budgets. I/O: reads PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.accounting.series import PACKAGE
from pgmoat.accounting.watchdog import WatchdogState, read_watchdog
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.sessions import IDLE


class Source(StrEnum):
    """What is summed up, and the labels of each sum."""

    DATABASE = "database"  # seconds; agent, wait class
    IDLE = "idle"  # seconds; agent
    SAMPLED = "sampled"  # seconds that somebody looked
    STATEMENTS = "statements"  # of pg_stat_statements; agent
    EXECUTION = "execution"  # seconds, of pg_stat_statements; agent
    WRITTEN = "written"  # rows; agent
    UNFINISHED = "unfinished"  # statements; agent, how
    REFUSALS = "refusals"  # statements; agent, SQLSTATE
    INCIDENTS = "incidents"  # agent, kind, action


@dataclass(frozen=True, slots=True)
class RecordedSum:
    """What the record holds from one moment on, and how much of it from a later one on."""

    source: Source
    labels: tuple[str, ...]
    total: float
    later_total: float


@dataclass(frozen=True, slots=True)
class AgentState:
    """An agent's limits, its connections, whether it is frozen."""

    agent: str
    connections: int
    max_connections: int | None  # None: apply left no limit
    max_rows: int  # in an hour
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class TaskCount:
    """Tasks of an agent that are neither closed nor past their deadline; *frozen* are some of them."""

    agent: str
    open: int
    frozen: int


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """Writes of an agent that wait for a person's word, and for how long the oldest has."""

    agent: str
    waiting: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """For which part of the last five minutes somebody looked (0 to 1); hidden sessions at most."""

    ratio: float
    hidden: int


@dataclass(frozen=True, slots=True)
class WebhookState:
    """One webhook; its name tells nothing of its address."""

    name: str
    delivered: int
    dropped: int
    is_failing: bool
    pending: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand now; *others* is how many clients are connected that are no agents."""

    agents: tuple[AgentState, ...]
    others: int
    watchdog: WatchdogState
    coverage: Coverage
    webhooks: tuple[WebhookState, ...]


@dataclass(frozen=True, slots=True)
class Budgets:
    """Rows written in the present clock hour, open tasks and what waits for a person's word, by agent."""

    hour_writes: Mapping[str, int]
    tasks: Mapping[str, TaskCount]
    waiting: Mapping[str, WaitingCount]


class Deadline:
    """No statement may run past it: PostgreSQL cancels what does."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def hold(self, connection: psycopg.Connection[Any]) -> None:
        """Give the transaction's next statement what is left of the time, at least a millisecond."""
        left_ms = max(1, round((self._at - time.monotonic()) * 1000))
        connection.execute("SELECT pg_catalog.set_config('statement_timeout', %s, true)", (str(left_ms),))


def read_sums(
    connection: psycopg.Connection[Any], since: datetime, later: datetime, deadline: Deadline
) -> list[RecordedSum]:
    """Return the sums of the record from *since* on, and of them what is from *later* on."""
    deadline.hold(connection)
    parameters = {"since": since, "later": later, "idle": IDLE}
    rows = connection.execute(load_sql(PACKAGE, "read_sums"), parameters).fetchall()
    return [
        RecordedSum(Source(source), tuple(labels), total, later_total)
        for source, labels, total, later_total in rows
    ]


def read_standing(connection: psycopg.Connection[Any], deadline: Deadline) -> Standing:
    """Return how things stand now."""
    deadline.hold(connection)
    with connection.cursor(row_factory=class_row(AgentState)) as cursor:
        agents = cursor.execute(load_sql(PACKAGE, "read_agent_states")).fetchall()
    deadline.hold(connection)
    with connection.cursor(row_factory=class_row(Coverage)) as cursor:
        (coverage,) = cursor.execute(load_sql(PACKAGE, "read_recent_coverage")).fetchall()
    with connection.cursor(row_factory=class_row(WebhookState)) as cursor:
        webhooks = cursor.execute(load_sql(PACKAGE, "read_webhooks")).fetchall()
    deadline.hold(connection)
    ((others,),) = connection.execute(load_sql(PACKAGE, "read_others")).fetchall()
    return Standing(
        agents=tuple(agents),
        others=others,
        watchdog=read_watchdog(connection),
        coverage=coverage,
        webhooks=tuple(webhooks),
    )


def read_budgets(connection: psycopg.Connection[Any], deadline: Deadline) -> Budgets:
    """Return how full budgets are. With very many tasks it takes long: 0.4 s with 30,000 that are open."""
    deadline.hold(connection)
    used = connection.execute(load_sql(PACKAGE, "read_hour_writes")).fetchall()
    deadline.hold(connection)
    with connection.cursor(row_factory=class_row(TaskCount)) as cursor:
        tasks = cursor.execute(load_sql(PACKAGE, "read_open_tasks")).fetchall()
    deadline.hold(connection)
    with connection.cursor(row_factory=class_row(WaitingCount)) as cursor:
        waiting = cursor.execute(load_sql(PACKAGE, "read_waiting")).fetchall()
    return Budgets(
        dict(used), {count.agent: count for count in tasks}, {count.agent: count for count in waiting}
    )
