"""
What agents and their open tasks have used of what they may.

In: a connection that may read the budgets. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting.budgets import read_agents, read_task_budgets
from pgmoat.dashboard.page import Asked, Page


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    agent = asked.text("agent")
    return {
        "agents": [found for found in read_agents(connection) if agent in (None, found.agent)],
        "task_budgets": read_task_budgets(connection, agent),
    }


PAGE = Page("/budgets", "budgets", _read, "Budgets")
