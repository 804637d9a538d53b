"""
What a person asks for by a key, and how it went.

In: an Act, a connection. Out: a line to show. I/O: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from pgmoat.errors import Error
from pgmoat.ledger.freeze import FreezeReport, freeze_agent, freeze_task, thaw_agent, thaw_task
from pgmoat.ledger.sessions import ShownSession, end_session
from pgmoat.postgres.failures import explain_failure

REASON = "stopped by hand, in pgmoat top"


class Verb(StrEnum):
    """What can be done."""

    FREEZE = "freeze"
    FREEZE_HARD = "freeze --hard"
    THAW = "thaw"
    CANCEL = "cancel"
    KILL = "kill"


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done to whom: a session as it was shown, else a task, else an agent."""

    verb: Verb
    agent: str
    task_id: str | None = None
    session: ShownSession | None = None

    @property
    def subject(self) -> str:
        """What it is done to."""
        if self.session is not None:
            return f"session {self.session.pid} of {self.agent}"
        return f"agent {self.agent}" if self.task_id is None else f"task {self.task_id} of {self.agent}"


_WARNINGS = {
    Verb.FREEZE: "its next statement is refused",
    Verb.FREEZE_HARD: "also takes its LOGIN and ends all its sessions",
    Verb.THAW: "it goes on",
    Verb.CANCEL: "its statement ends, the session stays",
    Verb.KILL: "ends the session",
}


def ask(act: Act) -> str:
    """Return the question that stands before *act*."""
    return f"{act.verb} {act.subject}? ({_WARNINGS[act.verb]}) y/n"


def carry_out(connection: psycopg.Connection[Any], act: Act) -> str:
    """Do *act*, and return how it went: what failed says so, and is no error."""
    try:
        if act.session is not None:
            return _end(connection, act, act.session)
        if act.verb is Verb.THAW:
            return _describe(act, _thaw(connection, act), "is thawed", "was not frozen")
        return _describe(act, _freeze(connection, act), "is frozen", "was frozen already")
    except Error as error:
        return f"failed: {error.message}"
    except psycopg.Error as error:
        return f"failed: {explain_failure(error).message}"


def _end(connection: psycopg.Connection[Any], act: Act, session: ShownSession) -> str:
    kills = act.verb is Verb.KILL
    if end_session(connection, session, terminate=kills, reason=REASON):
        return f"{act.subject} is {'ended' if kills else 'cancelled'}"
    return f"{act.subject} no longer runs what was shown: nothing done"


def _thaw(connection: psycopg.Connection[Any], act: Act) -> FreezeReport:
    if act.task_id is not None:
        return thaw_task(connection, act.agent, act.task_id)
    return thaw_agent(connection, act.agent)


def _freeze(connection: psycopg.Connection[Any], act: Act) -> FreezeReport:
    if act.task_id is not None:
        return freeze_task(connection, act.agent, act.task_id, REASON)
    return freeze_agent(connection, act.agent, REASON, hard=act.verb is Verb.FREEZE_HARD)


def _describe(act: Act, report: FreezeReport, done: str, already: str) -> str:
    text = f"{act.subject} {done if report.changed else already}"
    if report.login_kept:
        text += f"; its login could not be taken: {report.login_kept}"
    if report.ended_pids:
        text += f"; ended {len(report.ended_pids)} of its sessions"
    if report.hidden_sessions:
        text += f"; {report.hidden_sessions} could not be ended, and go on until their next statement"
    return text
