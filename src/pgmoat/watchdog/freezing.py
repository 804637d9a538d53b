"""
Freeze what a breaker tripped on: a task, an agent, or an agent and its login.

In: a connection, a Verdict, its Incident. Out: what was recorded, None where it was frozen already.
I/O: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg

from pgmoat.ledger.freeze import end_all_sessions, take_login
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.watchdog.incident import Incident, make_parameters, record
from pgmoat.watchdog.judge import Scope, Verdict

_PACKAGE = "pgmoat.watchdog"
_BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.InternalError_,  # tuple concurrently updated
)


def freeze_task(
    connection: psycopg.Connection[Any], verdict: Verdict, incident: Incident, holder: str
) -> bool:
    """Freeze the task and record it; False: it was frozen already, or another watchdog leads."""
    parameters = {**make_parameters(incident), "reason": _explain(verdict), "holder": holder}
    return connection.execute(load_sql(_PACKAGE, "freeze_task"), parameters).fetchone() is not None


def freeze_agent(
    connection: psycopg.Connection[Any], verdict: Verdict, incident: Incident, holder: str
) -> Incident | None:
    """
    Freeze the agent, with its LOGIN if that is wanted and the role may take it, and record it.

    What else it runs is ended once that is in force: without LOGIN all its sessions; else, in the next
    rounds, what runs or holds a transaction. Where the LOGIN could not be taken, the incident says why.
    """
    with connection.transaction():
        parameters = {"agent": verdict.agent, "reason": _explain(verdict), "holder": holder}
        row = connection.execute(load_sql(_PACKAGE, "freeze_agent"), parameters).fetchone()
        if row is None or not row[0]:
            return None
        if verdict.scope is Scope.LOGIN:
            why = _take_login(connection, verdict.agent)
            outcome = {"hard": True} if why is None else {"hard": False, "why": why}
            incident = replace(incident, detail=incident.detail | outcome)
        # Last: its number is to be drawn right before COMMIT, for webhooks go by numbers.
        record(connection, incident)
    if incident.detail.get("hard"):
        end_all_sessions(connection, verdict.agent)
    return incident


def _take_login(connection: psycopg.Connection[Any], agent: str) -> str | None:
    """
    Take the agent's LOGIN, and return None; else why that could not be done.

    A session of its own may alter the role just now, or hold it altered: then all of them are ended first.
    """
    why = None
    for is_again in (False, True):
        if is_again:
            end_all_sessions(connection, agent)
        try:
            with connection.transaction():
                take_login(connection, agent, tries=1)
        except psycopg.errors.InsufficientPrivilege as error:
            return error.diag.message_primary or type(error).__name__
        except _BUSY as error:
            why = error.diag.message_primary or type(error).__name__
        else:
            return None
    return why


def _explain(verdict: Verdict) -> str:
    """Return the reason, which the agent is told."""
    if verdict.surge is None:
        return (
            f"pgmoat watch saw it run the same statement {verdict.found} times within a minute,"
            f" {verdict.limit} are allowed"
        )
    return (
        f"pgmoat watch counted {verdict.found} {verdict.surge.signal} within a minute, {verdict.limit} are"
        f" allowed: the agent's own level is {verdict.surge.level:.0f}"
    )
