"""
What one agent's time went into: its tasks, their steps, their statements.

In: a connection that may read the record, an agent, a window. Out: TaskUse, StepUse, StatementUse. I/O: reads
PostgreSQL.

From samples: pg_stat_statements knows no tasks. Tasks and steps are what the sessions claimed; None is what
named none. Everybody else's statements are not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.rows import dict_row

from pgmoat.accounting.estimate import find_sampling_error, find_share
from pgmoat.accounting.series import PACKAGE
from pgmoat.accounting.window import Window
from pgmoat.postgres.sqlfile import load_sql


class Every(Enum):
    """Says that all tasks, or steps, are meant; None means those that were not named."""

    EVERY = "every"


EVERY: Literal[Every.EVERY] = Every.EVERY
Named = str | Literal[Every.EVERY] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """
    Database time of a part of an agent's work, and its *share* of the agent's time.

    *error* is half the width of a 95 % interval, as a share of the agent's time; see
    :func:`~pgmoat.accounting.estimate.find_sampling_error`.
    """

    seconds: float
    share: float
    error: float
    samples: int
    waits: Mapping[str, float]  # by wait class
    idle_seconds: float  # idle in transaction, which is no database time


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUse(Use):
    """What a task used."""

    task_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUse(Use):
    """What a step of a task used."""

    task_id: str | None
    step: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementUse(Use):
    """What a statement used, in all its runs; *text* has ``?`` for each literal."""

    fingerprint: int
    text: str | None


_SomeUse = TypeVar("_SomeUse", bound=Use)


def read_tasks(connection: psycopg.Connection[Any], agent: str, window: Window) -> list[TaskUse]:
    """Return an agent's tasks, that with the most time first."""
    return _read(connection, "read_tasks", {**asdict(window), "agent": agent}, TaskUse)


def read_steps(
    connection: psycopg.Connection[Any], agent: str, task_id: str | None, window: Window
) -> list[StepUse]:
    """Return the steps of a task, that with the most time first."""
    parameters = {**asdict(window), "agent": agent, "task_id": task_id}
    return _read(connection, "read_steps", parameters, StepUse)


def read_statements(
    connection: psycopg.Connection[Any],
    agent: str,
    window: Window,
    *,
    task_id: Named = EVERY,
    step: Named = EVERY,
) -> list[StatementUse]:
    """Return the statements of an agent, a task or a step, that with the most time first."""
    parameters = {
        **asdict(window),
        "agent": agent,
        "every_task": task_id is EVERY,
        "task_id": None if task_id is EVERY else task_id,
        "every_step": step is EVERY,
        "step": None if step is EVERY else step,
    }
    return _read(connection, "read_statements", parameters, StatementUse)


def _read(
    connection: psycopg.Connection[Any], name: str, parameters: Mapping[str, object], kind: type[_SomeUse]
) -> list[_SomeUse]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(load_sql(PACKAGE, name), parameters).fetchall()
    own = {field.name for field in fields(kind)} - {"share", "error"}
    found: list[_SomeUse] = []
    for row in rows:
        share = find_share(row["seconds"], row["agent_seconds"])
        error = find_sampling_error(share, row["agent_samples"])
        found.append(kind(**{name: row[name] for name in own}, share=share, error=error))
    return found
