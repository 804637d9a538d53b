"""
Read what agents' sessions do at this moment.

In: a connection. Out: Sample. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from pgmoat.postgres.foreign import decode
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.sessions import Activity, Session, Task, read_activity
from pgmoat.watchdog.roles import RoleChange, read_changes

PACKAGE = "pgmoat.watchdog"


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """What pgmoat.agent says of an agent."""

    name: str
    role: str
    statement_ms: int
    transaction_ms: int
    idle_ms: int
    repeats_per_minute: int  # 0: as many as it likes
    frozen_at: datetime | None
    max_connections: int = 0  # 0: not counted
    surge_factor: int = 0  # 0: as much as it likes
    surge_floor: int = 0
    on_trip: str = ""  # task, agent, login; empty: what suits the breaker


@dataclass(frozen=True, slots=True)
class StoppedTask:
    """Why a task may not go on, and since when: closed, frozen, past its deadline, it or one above it."""

    why: str  # closed, frozen, deadline
    since: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """A transaction that an agent's role left behind by PREPARE TRANSACTION."""

    gid: str
    prepared_at: datetime
    database: str
    role: str
    agent: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one moment, by its own clock. Idle sessions are among it, and never ended."""

    activity: Activity
    agents: Mapping[str, AgentLimits]
    stopped: Mapping[Task, StoppedTask]
    prepared: Sequence[Prepared]
    changes: Sequence[RoleChange]
    fault: str = ""  # why roles could not be looked at

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.activity.now

    @property
    def sessions(self) -> Sequence[Session]:
        """Agents' sessions."""
        return self.activity.sessions


def read_sample(connection: psycopg.Connection[Any], *, sees_passwords: bool = False) -> Sample:
    """Return what agents' sessions do, and which of the tasks that they name may not go on."""
    agents = {row["name"]: AgentLimits(**row) for row in _read(connection, "read_limits")}
    activity = read_activity(connection)
    changes, fault = _try_changes(connection, sees_passwords=sees_passwords)
    return Sample(
        activity=activity,
        agents=agents,
        stopped=_read_stopped(connection, activity.sessions),
        prepared=[_make_prepared(row) for row in _read(connection, "read_prepared")],
        changes=changes,
        fault=fault,
    )


def _try_changes(
    connection: psycopg.Connection[Any], *, sees_passwords: bool
) -> tuple[list[RoleChange], str]:
    """Return the changes, or why there are none: whatever a role's settings hold, sessions are judged."""
    try:
        return read_changes(connection, sees_passwords=sees_passwords), ""
    except (psycopg.Error, ValueError) as error:
        if connection.closed:
            raise
        why, *_ = str(error).splitlines() or [type(error).__name__]
        return [], f"roles' settings cannot be read: {why}"


def _make_prepared(row: Mapping[str, Any]) -> Prepared:
    names: dict[str, Any] = {"gid": decode(row["gid"]), "database": decode(row["database"])}
    return Prepared(**{**row, **names})


def _read_stopped(
    connection: psycopg.Connection[Any], sessions: Iterable[Session]
) -> dict[Task, StoppedTask]:
    tasks = sorted({s.task for s in sessions if s.task is not None and s.state != "idle"})
    if not tasks:
        return {}
    rows = _read(
        connection,
        "read_stopped_tasks",
        {"agents": [agent for agent, _ in tasks], "task_ids": [task_id for _, task_id in tasks]},
    )
    return {(row["agent"], row["task_id"]): StoppedTask(row["why"], row["since"]) for row in rows}


def _read(
    connection: psycopg.Connection[Any], name: str, parameters: Mapping[str, object] | None = None
) -> list[dict[str, Any]]:
    query: LiteralString = load_sql(PACKAGE, name)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()
