"""
One agent: its share over time, its tasks and statements, its budgets, what it runs and what it did.

In: a connection that may read the record. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting import drill
from pgmoat.accounting.budgets import AgentBudget, read_agents, read_task_budgets
from pgmoat.accounting.series import read_seen, read_wait_series
from pgmoat.accounting.sessions import read_running
from pgmoat.accounting.share import describe_share, read_accounting
from pgmoat.dashboard.figures import lay_out
from pgmoat.dashboard.page import Asked, Page
from pgmoat.dashboard.window import Window
from pgmoat.errors import NotFoundError
from pgmoat.ledger.history import HistoryFilter, read_history
from pgmoat.ledger.incidents import IncidentFilter, read_incidents
from pgmoat.sampling.sessions import IDLE

_MOST_ROWS = 50
_LATEST = 8


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    name, window = asked.path["agent"], asked.window()
    budget = find_agent(connection, name)
    accounting = read_accounting(connection, window.since, window.until)
    wanted = drill.Window(window.since, window.until, _MOST_ROWS)
    running = read_running(connection)
    return {
        "name": name,
        "window": window,
        "budget": budget,
        "share": accounting.share_of(name),
        "sentence": describe_share(accounting, name),
        "figures": _read_figures(connection, name, window),
        "tasks": drill.read_tasks(connection, name, wanted),
        "statements": drill.read_statements(connection, name, wanted),
        "task_budgets": read_task_budgets(connection, name, _LATEST),
        "sessions": [session for session in running.sessions if session.agent == name],
        "incidents": read_incidents(connection, IncidentFilter(agent=name, limit=_LATEST)),
        "writes": read_history(connection, HistoryFilter(agent=name, limit=_LATEST)),
    }


def find_agent(connection: psycopg.Connection[Any], name: str) -> AgentBudget:
    """
    Return an agent of the policy.

    Raises:
        NotFoundError: there is none of that name.
    """
    found = next((agent for agent in read_agents(connection) if agent.agent == name), None)
    if found is None:
        raise NotFoundError(f"The policy has no agent {name}.")
    return found


def _read_figures(connection: psycopg.Connection[Any], name: str, window: Window) -> dict[str, object]:
    edges = (window.since, window.until, window.span.bucket)
    seen = {point.at: point.seconds for point in read_seen(connection, *edges)}
    waits = read_wait_series(connection, name, *edges)
    return lay_out(window, seen, ((p.at, p.wait_class, p.seconds) for p in waits if p.wait_class != IDLE))


PAGE = Page("/agents/{agent}", "agent", _read)
