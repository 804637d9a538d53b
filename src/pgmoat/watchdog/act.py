"""
Carry a verdict out, and record it.

In: a connection, a Verdict. Out: the Incident, None where nothing was left to do. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.fingerprint import fingerprint, normalise
from pgmoat.watchdog.judge import Action, Verdict
from pgmoat.watchdog.repair import repair_role
from pgmoat.watchdog.sample import PACKAGE

_QUERY_SHOWN = 1000
_CANNOT = ("42501", "PM032")
"""No right, no such task: the rest of the round goes on."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that the watchdog did, would have done, or could not do."""

    at: datetime
    agent: str
    task_id: str | None
    step: str | None
    kind: str
    action: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict[str, Any])


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
            "query": session.query[:_QUERY_SHOWN],
        }
        if session.is_running and session.query_start is not None:
            detail |= {
                "statement_ms": round((at - session.query_start).total_seconds() * 1000),
                "fingerprint": str(fingerprint(normalise(session.query))),
            }
    if prepared is not None:
        detail |= {"gid": prepared.gid, "database": prepared.database}
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
        detail,
    )


def carry_out(
    connection: psycopg.Connection[Any], verdict: Verdict, holder: str, at: datetime
) -> Incident | None:
    """
    Do what *verdict* says, if its subject is still there and *holder* still leads.

    *connection* must be in autocommit mode. What the role may not do, and a task that is not there, becomes
    an incident that failed.

    Raises:
        psycopg.Error: anything else.
    """
    incident = describe(verdict, verdict.action, at)
    try:
        if verdict.action is Action.FREEZE:
            return incident if _freeze(connection, incident, holder) else None
        if verdict.session is not None:
            return incident if _end_session(connection, verdict, incident, holder) else None
        if verdict.prepared is not None:
            return _roll_back(connection, verdict, incident)
        if verdict.change is not None:
            with connection.transaction():
                is_right = repair_role(connection, verdict.change, holder)
                if is_right:
                    record(connection, incident)
            return incident if is_right else None
    except psycopg.Error as error:
        if error.sqlstate not in _CANNOT:
            raise
        failed = describe(verdict, Action.FAILED, at, wanted=verdict.action, why=_first_line(error))
        record(connection, failed)
        return failed
    raise AssertionError(verdict)


def record(connection: psycopg.Connection[Any], incident: Incident) -> None:
    """Write *incident* down."""
    connection.execute(load_sql(PACKAGE, "record_incident"), _parameters(incident))


def _end_session(
    connection: psycopg.Connection[Any], verdict: Verdict, incident: Incident, holder: str
) -> bool:
    session = verdict.session
    assert session is not None  # noqa: S101 - for the type checker
    parameters = {
        **_parameters(incident),
        "pid": session.pid,
        "backend_start": session.backend_start,
        "guard": str(verdict.guard),
        "query_start": session.query_start,
        "xact_start": session.xact_start,
        "state_change": session.state_change,
        "role": verdict.role,
        "terminates": verdict.action is Action.TERMINATE,
        "holder": holder,
    }
    return connection.execute(load_sql(PACKAGE, "end_session"), parameters).fetchone() is not None


def _freeze(connection: psycopg.Connection[Any], incident: Incident, holder: str) -> bool:
    reason = (
        f"pgmoat watch saw it run the same statement {incident.detail['found']} times within a minute,"
        f" {incident.detail['limit']} are allowed"
    )
    parameters = {**_parameters(incident), "reason": reason, "holder": holder}
    return connection.execute(load_sql(PACKAGE, "freeze_task"), parameters).fetchone() is not None


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


def _parameters(incident: Incident) -> dict[str, Any]:
    return {
        "agent": incident.agent,
        "task_id": incident.task_id,
        "step": incident.step,
        "kind": str(incident.kind),
        "action": str(incident.action),
        "subject": incident.subject,
        "detail": json.dumps(incident.detail, default=str),
    }


def _first_line(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).split("\n", 1)[0]
