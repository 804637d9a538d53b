"""
One task of an agent: its steps and statements, its budget, what it wrote.

In: a connection that may read the record. Out: PAGE. I/O: PostgreSQL.

The task is in the address as ``task``, whatever its id holds; without it the time is meant for which the
sessions named none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting import drill
from pgmoat.dashboard.page import Asked, Page
from pgmoat.dashboard.pages.agent import find_agent
from pgmoat.ledger.history import HistoryFilter, read_history
from pgmoat.ledger.tasks import read_tasks

_MOST_ROWS = 100
_LATEST = 10


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    name, task_id, window = asked.path["agent"], asked.text("task"), asked.window()
    wanted = drill.Window(window.since, window.until, _MOST_ROWS)
    is_named = task_id is not None
    known = read_tasks(connection, agent=name, task_id=task_id) if is_named else []
    written = HistoryFilter(agent=name, task_id=task_id, limit=_LATEST)
    return {
        "name": name,
        "task_id": task_id,
        "window": window,
        "budget": find_agent(connection, name),
        "status": known[0] if known else None,
        "steps": drill.read_steps(connection, name, task_id, wanted),
        "statements": drill.read_statements(connection, name, wanted, task_id=task_id),
        "writes": read_history(connection, written) if is_named else [],
    }


PAGE = Page("/agents/{agent}/task", "task", _read)
