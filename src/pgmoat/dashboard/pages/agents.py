"""
All agents: what they took, what they have left, whether they may work.

In: a connection that may read the record. Out: PAGE. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from pgmoat.accounting.budgets import read_agents
from pgmoat.accounting.share import read_accounting
from pgmoat.dashboard.page import Asked, Page


def _read(connection: psycopg.Connection[Any], asked: Asked) -> Mapping[str, object]:
    window = asked.window()
    return {
        "window": window,
        "agents": read_agents(connection),
        "accounting": read_accounting(connection, window.since, window.until),
    }


PAGE = Page("/agents", "agents", _read, "Agents")
