"""
What agents' sessions run now, for people to look at and to end.

In: a connection. Out: Running. I/O: reads PostgreSQL.

Of everybody else only how many there are: what people run is none of the record's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from pgmoat.sampling.fingerprint import fingerprint, normalise
from pgmoat.sampling.sessions import Activity, Session, classify, read_activity

MOST_QUERY = 2000
"""Characters of a statement that are shown."""


@dataclass(frozen=True, slots=True)
class RunningSession:
    """A session of an agent's that is not idle, with what its task and step are by its own account."""

    pid: int
    backend_start: datetime
    xact_start: datetime | None
    query_start: datetime | None  # when what it runs began, a fastpath call too
    state: str
    wait: str  # class:event; CPU, or Idle in transaction, where it waits for nothing that PostgreSQL names
    wait_class: str
    application_name: str
    agent: str
    task_id: str | None
    step: str | None
    query: str
    database: str
    running_seconds: float  # since its statement began; idle in transaction: since it waits
    transaction_seconds: float | None
    fingerprint: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether it runs a statement, which can be cancelled; else it waits for its client."""
        return not self.state.startswith("idle")


@dataclass(frozen=True, slots=True)
class Running:
    """The server at one moment: agents' sessions, the longest first; everybody else's by wait class."""

    now: datetime
    sessions: tuple[RunningSession, ...]
    others: Mapping[str, int]
    hidden: int


def read_running(connection: psycopg.Connection[Any]) -> Running:
    """Return what agents' sessions do now, idle ones left out."""
    return list_running(read_activity(connection))


def list_running(activity: Activity) -> Running:
    """Return the sessions of *activity* that are not idle."""
    found = [
        _describe(session, kind, activity.now)
        for session in activity.sessions
        if (kind := classify(session.state, session.wait_class)) is not None
    ]
    found.sort(key=lambda session: (-session.running_seconds, session.pid))
    return Running(activity.now, tuple(found), activity.others, activity.hidden)


def _describe(session: Session, kind: str, now: datetime) -> RunningSession:
    began = session.statement_start if session.is_running else session.state_change
    has_event = session.is_running and session.wait_event
    return RunningSession(
        pid=session.pid,
        backend_start=session.backend_start,
        xact_start=session.xact_start,
        query_start=session.statement_start,
        state=session.state,
        wait=f"{kind}:{session.wait_event}" if has_event else kind,
        wait_class=kind,
        application_name=session.application_name,
        agent=session.agent,
        task_id=session.claim.task_id,
        step=session.claim.step,
        query=session.query[:MOST_QUERY],
        database=session.database,
        running_seconds=_age(began, now) or 0.0,
        transaction_seconds=_age(session.xact_start, now),
        fingerprint=fingerprint(normalise(session.query)),
    )


def _age(start: datetime | None, now: datetime) -> float | None:
    return None if start is None else max(0.0, (now - start).total_seconds())
