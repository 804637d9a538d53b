"""
Freeze and thaw an agent or a task, and record who did it.

In: a connection of a person's. Out: what was done. I/O: PostgreSQL.

Whatever changes something becomes an incident, where the role may record one. *by* is the person where many
share one login; else it is the login.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from pgmoat.errors import NotFoundError
from pgmoat.ledger.incidents import record_act
from pgmoat.postgres.failures import explain_failure
from pgmoat.postgres.sqlfile import load_sql

_TRIES = 5


@dataclass(frozen=True, slots=True)
class FreezeReport:
    """
    What freezing or thawing did: whether anything changed, and which sessions it ended.

    *hidden_sessions* of the agent go on until their next statement: the role that froze it could not see
    their transactions, for want of pg_read_all_stats, or not end them, for want of pg_signal_backend.
    *login_kept*: the freeze was to take the LOGIN, and could not; PostgreSQL's words.
    """

    changed: bool
    ended_pids: tuple[int, ...] = ()
    hidden_sessions: int = 0
    login_kept: str = ""


def freeze_task(
    connection: psycopg.Connection[Any], agent: str, task_id: str, reason: str, *, by: str | None = None
) -> FreezeReport:
    """
    Freeze one task and all below it: their next statement, and their next COMMIT, is refused.

    Raises:
        psycopg.Error: no such task (PM032).
    """
    row = connection.execute("SELECT pgmoat.freeze_task(%s, %s, %s)", (agent, task_id, reason)).fetchone()
    changed = bool(row and row[0])
    if changed:
        record_act(connection, agent, task_id, "frozen", {"reason": reason, "by": _name(connection, by)})
    return FreezeReport(changed)


def freeze_agent(
    connection: psycopg.Connection[Any],
    agent: str,
    reason: str,
    *,
    hard: bool = False,
    by: str | None = None,
) -> FreezeReport:
    """
    Freeze an agent and end the transactions that it has open.

    *hard* also takes its LOGIN and ends all its sessions, for what runs outside the entities; it needs
    the right to alter the role, and without it freezes all the same. *connection* must be in autocommit
    mode: the freeze holds before any session is ended.

    Raises:
        psycopg.Error: no such agent (PM030).
    """
    row = connection.execute("SELECT pgmoat.freeze_agent(%s, %s)", (agent, reason)).fetchone()
    changed = bool(row and row[0])
    detail = {"reason": reason, "by": _name(connection, by)}
    ended = _end(connection, agent, "end_sessions" if hard else "end_transactions")
    login_kept = ""
    if hard:
        try:
            changed = take_login(connection, agent) or changed
        except psycopg.Error as error:
            if connection.closed:
                raise
            login_kept = explain_failure(error).message
            detail["why"] = f"the login could not be taken: {login_kept}"
        ended += _end(connection, agent, "end_sessions")
    hidden = connection.execute(
        load_sql("pgmoat.ledger", "count_hidden_sessions"), {"agent": agent}
    ).fetchone()
    report = FreezeReport(changed, tuple(dict.fromkeys(ended)), hidden[0] if hidden else 0, login_kept)
    if changed:
        outcome = {"hard": hard and not login_kept, "ended": len(report.ended_pids)}
        record_act(connection, agent, None, "frozen", {**detail, **outcome})
    return report


def _end(connection: psycopg.Connection[Any], agent: str, statement: str) -> list[int]:
    rows = connection.execute(load_sql("pgmoat.ledger", statement), {"agent": agent}).fetchall()
    return [pid for (pid,) in rows]


def end_all_sessions(connection: psycopg.Connection[Any], agent: str) -> list[int]:
    """End every session of an agent that the caller may end, and return their pids."""
    return _end(connection, agent, "end_sessions")


def take_login(connection: psycopg.Connection[Any], agent: str, *, tries: int = _TRIES) -> bool:
    """
    Take the LOGIN, ending the agent's sessions until it works: one may hold an ALTER ROLE of its own open.

    Raises:
        psycopg.Error: the role could not be altered, however often its sessions were ended.
    """
    for _ in range(tries - 1):
        try:
            return _set_login(connection, agent, may_login=False)
        except psycopg.errors.LockNotAvailable:
            _end(connection, agent, "end_sessions")
    return _set_login(connection, agent, may_login=False)


def thaw_task(
    connection: psycopg.Connection[Any], agent: str, task_id: str, *, by: str | None = None
) -> FreezeReport:
    """
    Thaw one task.

    Raises:
        psycopg.Error: no such task (PM032).
    """
    row = connection.execute("SELECT pgmoat.thaw_task(%s, %s)", (agent, task_id)).fetchone()
    changed = bool(row and row[0])
    if changed:
        record_act(connection, agent, task_id, "thawed", {"by": _name(connection, by)})
    return FreezeReport(changed)


def thaw_agent(connection: psycopg.Connection[Any], agent: str, *, by: str | None = None) -> FreezeReport:
    """
    Thaw an agent, and give back the LOGIN that a hard freeze took.

    Raises:
        psycopg.Error: no such agent (PM030).
    """
    row = connection.execute("SELECT pgmoat.thaw_agent(%s)", (agent,)).fetchone()
    relogged = _set_login(connection, agent, may_login=True)
    changed = bool(row and row[0]) or relogged
    if changed:
        record_act(connection, agent, None, "thawed", {"hard": relogged, "by": _name(connection, by)})
    return FreezeReport(changed)


def _name(connection: psycopg.Connection[Any], by: str | None) -> str:
    return by or connection.info.user


def _set_login(connection: psycopg.Connection[Any], agent: str, *, may_login: bool) -> bool:
    """Set LOGIN and the mark that tells plan that NOLOGIN is meant; return whether it was otherwise."""
    row = connection.execute(
        "SELECT role, is_hard_frozen FROM pgmoat.agent WHERE name = %s", (agent,)
    ).fetchone()
    if row is None:
        raise NotFoundError(f"no agent {agent!r}")
    role, is_hard_frozen = row
    if is_hard_frozen != may_login:
        return False
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '1s'")
        word = sql.SQL("LOGIN" if may_login else "NOLOGIN")
        connection.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(role), word))
        connection.execute(
            "UPDATE pgmoat.agent SET is_hard_frozen = %s WHERE name = %s", (not may_login, agent)
        )
    return True
