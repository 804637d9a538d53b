"""
Carry a verdict out, and record it.

In: a connection, a Verdict. Out: the Incident, None where nothing was left to do. I/O: PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.fingerprint import fingerprint, normalise
from pgmoat.watchdog.freezing import freeze_agent, freeze_task
from pgmoat.watchdog.incident import Incident, cut, make_parameters, record
from pgmoat.watchdog.judge import Action, Guard, Scope, Verdict
from pgmoat.watchdog.sample import PACKAGE

_MOST_SHOWN = 1000  # of the query, and of any other text
CANNOT = ("42501", "PM032")
"""No right, no such task: the rest of the round goes on."""


def describe(verdict: Verdict, action: Action, at: datetime, **more: object) -> Incident:
    """Return *verdict* as an incident of its *action*."""
    detail: dict[str, Any] = {"limit": verdict.limit, "found": verdict.found, **more}
    session, prepared = verdict.session, verdict.prepared
    if session is not None:
        detail |= {
            "pid": session.pid,
            "state": session.state,
            "wait": ":".join(filter(None, (session.wait_class, session.wait_event))),
            "database": session.database,
            "application_name": session.application_name,
            "query": session.query[:_MOST_SHOWN],
        }
        if session.is_running and session.statement_start is not None:
            detail |= {
                "statement_ms": round((at - session.statement_start).total_seconds() * 1000),
                "fingerprint": str(fingerprint(normalise(session.query))),
            }
    if prepared is not None:
        detail |= {"gid": prepared.gid, "database": prepared.database}
    if verdict.surge is not None:
        level = round(verdict.surge.level, 1)
        detail |= {"signal": verdict.surge.signal, "level": level}
    if verdict.action is Action.FREEZE:
        detail["scope"] = str(verdict.scope)
    if verdict.change is not None:
        detail |= {"role": verdict.role, "where": verdict.change.where, "setting": verdict.change.key}
    return Incident(
        at,
        verdict.agent,
        verdict.claim.task_id,
        verdict.claim.step,
        verdict.kind,
        action,
        verdict.subject,
        {key: cut(value, _MOST_SHOWN) if isinstance(value, str) else value for key, value in detail.items()},
    )


def describe_failed(verdict: Verdict, at: datetime, error: psycopg.Error) -> Incident:
    """Return *verdict* as what could not be done."""
    return describe(verdict, Action.FAILED, at, wanted=verdict.action, why=_explain(verdict, error))


def carry_out(
    connection: psycopg.Connection[Any], verdict: Verdict, holder: str, at: datetime
) -> Incident | None:
    """
    Do what *verdict* says, if its subject is still there and *holder* still leads. Roles: see repair.

    *connection* must be in autocommit mode. What the role may not do, and a task that is not there, becomes
    an incident that failed.

    Raises:
        psycopg.Error: anything else.
    """
    incident = describe(verdict, verdict.action, at)
    try:
        if verdict.action is Action.FREEZE:
            if verdict.scope is Scope.TASK:
                return incident if freeze_task(connection, verdict, incident, holder) else None
            return freeze_agent(connection, verdict, incident, holder)
        if verdict.session is not None:
            return incident if _end_session(connection, verdict, incident, holder) else None
        if verdict.prepared is not None:
            return _roll_back(connection, verdict, incident)
    except psycopg.Error as error:
        if error.sqlstate not in CANNOT:
            raise
        failed = describe_failed(verdict, at, error)
        record(connection, failed)
        return failed
    raise AssertionError(verdict)


def _end_session(
    connection: psycopg.Connection[Any], verdict: Verdict, incident: Incident, holder: str
) -> bool:
    session = verdict.session
    assert session is not None  # noqa: S101 - for the type checker
    parameters = {
        **make_parameters(incident),
        "pid": session.pid,
        "backend_start": session.backend_start,
        "guard": str(verdict.guard),
        "statement_start": session.statement_start,
        "xact_start": session.xact_start,
        "state_change": session.state_change,
        "role": verdict.role,
        "most": verdict.limit if verdict.guard is Guard.SESSION else 0,
        "terminates": verdict.action is Action.TERMINATE,
        "holder": holder,
    }
    return connection.execute(load_sql(PACKAGE, "end_session"), parameters).fetchone() is not None


def _roll_back(connection: psycopg.Connection[Any], verdict: Verdict, incident: Incident) -> Incident | None:
    """Roll a prepared transaction back: a superuser may, in the transaction's own database."""
    prepared = verdict.prepared
    assert prepared is not None  # noqa: S101 - for the type checker
    if prepared.database != connection.info.dbname:
        why = f"it belongs to database {prepared.database}"
        failed = describe(verdict, Action.FAILED, incident.at, wanted=verdict.action, why=why)
        record(connection, failed)
        return failed
    try:
        connection.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(prepared.gid)))
    except psycopg.errors.UndefinedObject:  # somebody was faster
        return None
    record(connection, incident)
    return incident


def _explain(verdict: Verdict, error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error).split("\n", 1)[0]
    return said if verdict.change is None else f"needs a superuser, or the role that applied ({said})"
