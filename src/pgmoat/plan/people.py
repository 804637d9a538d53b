"""
ALTERs of people's tables: each table in a transaction of its own, never in people's way for long.

In: actions, a connection. Out: nothing. I/O: PostgreSQL.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, errors

from pgmoat.errors import LockTimeoutError
from pgmoat.model.action import Action
from pgmoat.plan import quote
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import compose


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a quiet moment: people's queries queue behind a waiting ALTER."""

    lock_timeout_ms: int = 2000
    tries: int = 5
    pause_s: float = 0.5  # before the second try; doubled each time, with jitter


def alter_table(
    connection: Connection[Any], table: str, actions: Sequence[Action], patience: Patience
) -> None:
    """
    Run the statements of *actions*, all on *table*, in one short transaction.

    Raises:
        LockTimeoutError: the table stayed locked; nothing of it was done.
        psycopg.Error: a statement failed.
    """
    holders = ""
    for number in range(patience.tries):
        if number:
            # Jitter, so that we do not fall into step with whatever holds the lock.
            time.sleep(patience.pause_s * 2 ** (number - 1) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        try:
            with connection.transaction():
                _set_timeouts(connection, patience)
                for action in actions:
                    if action.run_as:
                        connection.execute(compose("SET LOCAL ROLE {}", quote.name(action.run_as)).encode())
                    for statement in action.sql:
                        connection.execute(statement.encode())
        except errors.LockNotAvailable:
            holders = _list_holders(connection, table) or holders
        else:
            return
    raise LockTimeoutError(
        f"{table} stayed locked: no moment of {patience.lock_timeout_ms} ms in {patience.tries} tries",
        detail=holders,
        hint="run apply again at a quieter time, or end the sessions that hold the table",
    )


def _set_timeouts(connection: Connection[Any], patience: Patience) -> None:
    connection.execute("SET LOCAL search_path = pg_catalog")
    connection.execute(
        compose("SET LOCAL lock_timeout = {}", quote.value(f"{patience.lock_timeout_ms}ms")).encode()
    )


def _list_holders(connection: Connection[Any], table: str) -> str:
    """Return who holds a lock on *table* now, a line each; whoever it was may be gone."""
    try:
        rows = connection.execute(load_sql("pgmoat.plan", "list_lock_holders"), {"table": table}).fetchall()
    except psycopg.Error:
        return ""
    return "\n".join(
        f"pid {pid} ({user}, {state}) holds {mode} in a transaction since {since}; query since {started}"
        for pid, user, state, mode, since, started in rows
    )
