"""
End one session of an agent's, or the statement that it runs, as a person.

In: a connection of a person's, the session as it was shown. Out: whether it was ended. I/O: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg

from pgmoat.ledger.incidents import BY_HAND
from pgmoat.postgres.foreign import decode
from pgmoat.postgres.sqlfile import load_sql

_QUERY_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session as somebody saw it, with the task and step that it claimed."""

    pid: int
    backend_start: datetime
    query_start: datetime | None  # when what it runs began
    xact_start: datetime | None = None
    task_id: str | None = None
    step: str | None = None
    fingerprint: int | None = None  # of its statement


def end_session(
    connection: psycopg.Connection[Any],
    shown: ShownSession,
    *,
    terminate: bool,
    reason: str = "",
    by: str | None = None,
) -> bool:
    """
    Cancel the statement that *shown* runs, or end the session; record it; return whether it was still that.

    The statement is one that did not finish, and counts as such.
    A cancel needs the same statement, an end the same statement or the same transaction. Idle sessions and
    those of people are never ended. *by* is the person where many share one login; else it is the login.

    Raises:
        psycopg.Error: no right to end sessions of that role, or to record it; nothing was done then.
    """
    row = connection.execute(load_sql("pgmoat.ledger", "read_session"), asdict(shown)).fetchone()
    query, database = row or (b"", b"")  # gone: nothing will be ended
    parameters = {
        **asdict(shown),
        "query": decode(query)[:_QUERY_SHOWN],
        "database": decode(database),
        "terminates": terminate,
        "kind": BY_HAND,
        "action": "terminated" if terminate else "cancelled",
        "reason": reason,
        "by": by,
    }
    return connection.execute(load_sql("pgmoat.ledger", "end_session"), parameters).fetchone() is not None
