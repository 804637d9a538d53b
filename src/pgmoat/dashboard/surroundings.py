"""
What stands around each page: the agents, who is frozen, whether somebody watches.

In: a connection that may read schema pgmoat. Out: Surroundings. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from pgmoat.accounting.watchdog import WatchdogState, read_watchdog
from pgmoat.accounting.window import read_clock
from pgmoat.dashboard.colours import assign_colours
from pgmoat.postgres.sqlfile import load_sql

PACKAGE = "pgmoat.dashboard"
_MOST_FROZEN = 50


@dataclass(frozen=True, slots=True)
class AgentState:
    """One agent: whether it may work, and how much of it waits for a person's word."""

    name: str
    frozen_at: datetime | None
    frozen_by: str | None
    frozen_reason: str | None
    is_hard_frozen: bool
    is_retired: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class FrozenTask:
    """A task that may not go on until somebody thaws it."""

    agent: str
    task_id: str
    frozen_at: datetime
    frozen_by: str | None
    frozen_reason: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The server's clock, the watchdog, the agents by name, and a colour for each."""

    now: datetime
    watchdog: WatchdogState
    agents: Mapping[str, AgentState]
    frozen_tasks: tuple[FrozenTask, ...]
    colours: Mapping[str, str]

    @property
    def frozen_agents(self) -> tuple[AgentState, ...]:
        """Agents that are frozen."""
        return tuple(agent for agent in self.agents.values() if agent.frozen_at is not None)

    @property
    def waiting(self) -> int:
        """How much waits for a person's word."""
        return sum(agent.waiting for agent in self.agents.values())


def read_surroundings(connection: psycopg.Connection[Any]) -> Surroundings:
    """Return what stands around each page."""
    now, watchdog = read_clock(connection), read_watchdog(connection)
    with connection.cursor(row_factory=class_row(AgentState)) as cursor:
        agents = cursor.execute(load_sql(PACKAGE, "read_agents")).fetchall()
    with connection.cursor(row_factory=class_row(FrozenTask)) as cursor:
        tasks = cursor.execute(load_sql(PACKAGE, "read_frozen_tasks"), {"limit": _MOST_FROZEN}).fetchall()
    by_name = {agent.name: agent for agent in agents}
    return Surroundings(now, watchdog, by_name, tuple(tasks), assign_colours(by_name))
