"""
How full agents' budgets are, and which agents are frozen.

In: a connection that may read the record. Out: AgentBudget, TaskBudget. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.accounting.series import PACKAGE
from pgmoat.postgres.sqlfile import load_sql

MOST_TASKS = 200
"""Tasks that are read unless told otherwise."""


@dataclass(frozen=True, slots=True)
class AgentBudget:
    """An agent, what it has written in the present clock hour, its connections, whether it is frozen."""

    agent: str
    role: str
    hour: datetime | None
    rows_used: int
    max_rows: int  # in an hour
    connections: int
    max_connections: int | None  # None: apply left no limit
    frozen_at: datetime | None
    frozen_by: str | None
    frozen_reason: str | None
    is_hard_frozen: bool


@dataclass(frozen=True, slots=True)
class TaskBudget:
    """A task that may still write, or may again when it is thawed. Those above it may have less left."""

    agent: str
    task_id: str
    state: str  # open, frozen: it, one above it, or its agent
    rows_used: int
    max_rows: int
    bytes_used: int
    max_bytes: int
    opened_at: datetime
    deadline: datetime
    is_frozen_itself: bool


def read_agents(connection: psycopg.Connection[Any]) -> list[AgentBudget]:
    """Return the agents of the policy, by name."""
    with connection.cursor(row_factory=class_row(AgentBudget)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_agents")).fetchall()


def read_task_budgets(
    connection: psycopg.Connection[Any], agent: str | None = None, limit: int = MOST_TASKS
) -> list[TaskBudget]:
    """Return the tasks that are open, of all agents or of one, newest first."""
    with connection.cursor(row_factory=class_row(TaskBudget)) as cursor:
        parameters = {"agent": agent, "limit": limit}
        return cursor.execute(load_sql(PACKAGE, "read_task_budgets"), parameters).fetchall()
