"""
Tasks of agents: open, close, look at.

In: a connection of the orchestrator's or the owner's. Out: tokens, TaskStatus. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.errors import NotFoundError
from pgmoat.postgres.sqlfile import load_sql

MAX_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """One task and what it has used; *state* is open, closed, expired, frozen or agent frozen."""

    agent: str
    task_id: str
    state: str
    frozen_reason: str | None
    scope: dict[str, Any]
    opened_at: datetime
    deadline: datetime
    rows_used: int
    max_rows: int


def open_task(  # noqa: PLR0913 - the parameters of pgmoat.open_task
    connection: psycopg.Connection[Any],
    agent: str,
    task_id: str,
    *,
    scope: dict[str, Any] | None = None,
    duration_ms: int | None = None,
    max_writes: int | None = None,
) -> str:
    """
    Open a task, or re-enter it, and return its token.

    The same id is the same task: a retry gets the same token, and keeps budget and deadline.

    Raises:
        psycopg.Error: no such agent (PM030), frozen (PM004, PM005), closed (PM002), past its
            deadline (PM003), open with another scope (PM031).
    """
    row = connection.execute(
        "SELECT pgmoat.open_task(%s, %s, %s::jsonb, %s * interval '1 millisecond', %s)",
        (agent, task_id, json.dumps(scope or {}), duration_ms, max_writes),
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no task {task_id!r}")
    return row[0]


def close_task(connection: psycopg.Connection[Any], agent: str, task_id: str) -> bool:
    """
    Close a task and return whether it was open.

    Raises:
        psycopg.Error: no such task (PM032).
    """
    row = connection.execute("SELECT pgmoat.close_task(%s, %s)", (agent, task_id)).fetchone()
    return bool(row and row[0])


def read_tasks(
    connection: psycopg.Connection[Any],
    *,
    agent: str | None = None,
    task_id: str | None = None,
    only_open: bool = False,
) -> list[TaskStatus]:
    """Return tasks, newest first, at most :data:`MAX_LISTED`."""
    with connection.cursor(row_factory=class_row(TaskStatus)) as cursor:
        cursor.execute(
            load_sql("pgmoat.ledger", "read_tasks"),
            {"agent": agent, "task_id": task_id, "only_open": only_open, "limit": MAX_LISTED},
        )
        return cursor.fetchall()


def read_task(connection: psycopg.Connection[Any], agent: str, task_id: str) -> TaskStatus:
    """
    Return one task.

    Raises:
        NotFoundError: the agent has no such task.
    """
    found = read_tasks(connection, agent=agent, task_id=task_id)
    if not found:
        raise NotFoundError(
            f"agent {agent!r} has no task {task_id!r}", hint="pgmoat task list shows the tasks."
        )
    return found[0]
