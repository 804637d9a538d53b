"""
Read what sessions do at this moment.

In: a connection. Out: Activity. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgmoat.postgres.foreign import decode
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.claim import Claim, parse_claim

MOST_QUERY = 4000
"""Characters of a statement that are looked at."""

CPU = "CPU"
"""The wait class of a statement that waits for nothing."""

IDLE = "Idle in transaction"
"""The class of a session that waits for its client in a transaction: no database time."""

FASTPATH = "fastpath function call"
"""
The state of a session that runs a function by a message of its own, without a statement.

Such a call leaves query and query_start as the statement before it left them: it begins with state_change.
"""

NO_QUERY = "<fastpath function call>"
"""Stands for the query of such a call where the session's last statement is another transaction's."""

_RUNNING = frozenset({"active", FASTPATH})

Task = tuple[str, str]
"""Agent and task id."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session of an agent's role, as pg_stat_activity has it, in any database of the server."""

    pid: int
    backend_start: datetime
    xact_start: datetime | None
    query_start: datetime | None
    state: str
    state_change: datetime
    wait_class: str
    wait_event: str
    application_name: str
    query: str
    database: str
    agent: str
    claim: Claim

    @property
    def is_running(self) -> bool:
        """Whether a statement is running, or has arrived in part."""
        return not self.state.startswith("idle")

    @property
    def statement_start(self) -> datetime | None:
        """When what it runs began, or what it ran last."""
        return self.state_change if self.state == FASTPATH else self.query_start

    @property
    def task(self) -> Task | None:
        """The task that it claims to work for."""
        return None if self.claim.task_id is None else (self.agent, self.claim.task_id)


@dataclass(frozen=True, slots=True)
class Activity:
    """
    The sessions of the server at one moment, by its own clock.

    *sessions* are the agents', idle ones too. *others* counts everybody else's by class, idle ones left out;
    what they run is not read. *hidden* sessions are there, and the reader sees no more than that.
    """

    now: datetime
    sessions: Sequence[Session]
    others: Mapping[str, int]
    hidden: int


def classify(state: str, wait_class: str) -> str | None:
    """Return what a session spends its time on; None: it is idle."""
    if state.startswith("idle in transaction"):
        return IDLE
    return (wait_class or CPU) if state in _RUNNING else None


def read_activity(connection: psycopg.Connection[Any]) -> Activity:
    """Return what all sessions but this one do."""
    with connection.cursor(row_factory=dict_row) as cursor:
        query = load_sql("pgmoat.sampling", "read_sessions")
        rows = cursor.execute(query, {"most": 4 * MOST_QUERY}).fetchall()
        # Asked last: no session is younger than the sample, and no age negative.
        (clock,) = cursor.execute(load_sql("pgmoat.sampling", "read_clock")).fetchall()
    seen = [row for row in rows if row["state"] is not None]
    others = (classify(row["state"], row["wait_class"]) for row in seen if row["agent"] is None)
    return Activity(
        now=clock["now"],
        sessions=[_make_session(row) for row in seen if row["agent"] is not None],
        others=Counter(kind for kind in others if kind is not None),
        hidden=len(rows) - len(seen),
    )


def _make_session(row: Mapping[str, Any]) -> Session:
    query = NO_QUERY if _has_other_query(row) else decode(row["query"])[:MOST_QUERY]
    read: dict[str, Any] = {
        "query": query,
        "database": decode(row["database"]),
        "claim": parse_claim(query, row["application_name"]),
    }
    return Session(**{**row, **read})


def _has_other_query(row: Mapping[str, Any]) -> bool:
    """Tell whether the query shown is no part of what runs: behind a pooler it may be another client's."""
    began, of_query = row["xact_start"], row["query_start"]
    return row["state"] == FASTPATH and (began is None or of_query is None or of_query < began)
