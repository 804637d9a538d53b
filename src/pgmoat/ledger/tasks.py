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
    """
    One task and what it has used.

    *state* is open, closed, expired, frozen or agent frozen; *stopped_by* is the task above it, as
    agent/task, in which that state stands, if it is not its own. *rows_left* is the least of it and of all
    above it.
    """

    agent: str
    task_id: str
    origin: str  # issued, claimed, child
    parent: str | None  # as agent/task
    state: str
    stopped_by: str | None
    frozen_reason: str | None
    scope: dict[str, Any]
    opened_at: datetime
    deadline: datetime
    rows_used: int
    max_rows: int
    rows_left: int

    @property
    def name(self) -> str:
        """The task as others name it: agent/task."""
        return f"{self.agent}/{self.task_id}"


def open_task(  # noqa: PLR0913 - the parameters of pgmoat.open_task
    connection: psycopg.Connection[Any],
    agent: str,
    task_id: str,
    *,
    scope: dict[str, Any] | None = None,
    duration_ms: int | None = None,
    max_writes: int | None = None,
    parent: tuple[str, str] | None = None,
) -> str:
    """
    Open a task, or re-enter it, and return its token.

    The same id is the same task: a retry gets the same token, and keeps budget and deadline. *parent* is the
    agent and the id of the task that it is a child of.

    Raises:
        psycopg.Error: no such agent (PM030), frozen (PM004, PM005), closed (PM002), past its
            deadline (PM003), open with another scope or parent (PM031), no such parent (PM032),
            more than its parent has (PM018), an id that is not allowed (PM017).
    """
    row = connection.execute(
        "SELECT pgmoat.open_task(%s, %s, %s::jsonb, %s * interval '1 millisecond', %s, %s, %s)",
        (agent, task_id, json.dumps(scope or {}), duration_ms, max_writes, *(parent or (None, None))),
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no task {task_id!r}")
    return row[0]


def close_task(connection: psycopg.Connection[Any], agent: str, task_id: str) -> bool:
    """
    Close a task, and with it all below it, and return whether it was open.

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
