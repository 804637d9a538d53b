"""
One step of a task: its statements.

In: a connection that may read the record. Out: PAGE. I/O: PostgreSQL.

Task and step are in the address as ``task`` and ``step``; without them the time is meant for which none was
named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting import drill
from pgmoat.dashboard.page import Asked, Page
from pgmoat.dashboard.pages.agent import find_agent

_MOST_ROWS = 200


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    name, task_id, step, window = asked.path["agent"], asked.text("task"), asked.text("step"), asked.window()
    wanted = drill.Window(window.since, window.until, _MOST_ROWS)
    return {
        "name": name,
        "task_id": task_id,
        "step": step,
        "window": window,
        "budget": find_agent(connection, name),
        "statements": drill.read_statements(connection, name, wanted, task_id=task_id, step=step),
    }


PAGE = Page("/agents/{agent}/step", "step", _read)
