"""
Which agents there are and were, for who asks about one.

In: a connection that may read pgmoat.agent. Out: nothing, or an error. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import psycopg

from pgmoat.errors import NotFoundError
from pgmoat.postgres.sqlfile import load_sql


def check_agent(connection: psycopg.Connection[Any], agent: str) -> None:
    """
    Refuse a name that is no agent's; one that the policy no longer has may still be asked about.

    Raises:
        NotFoundError: no such agent, now or before.
    """
    rows = connection.execute(load_sql("pgmoat.ledger", "read_agent_names")).fetchall()
    if agent not in {name for name, _ in rows}:
        present = ", ".join(name for name, is_retired in rows if not is_retired)
        raise NotFoundError(f"no agent {agent!r}", hint=f"Agents: {present or 'none'}")
