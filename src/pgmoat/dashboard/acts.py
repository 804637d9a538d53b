"""
What operators may do: freeze, thaw, cancel, kill, approve, reject.

In: a connection, a form's fields, who. Out: ACTS; what was done, as a sentence. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from starlette.exceptions import HTTPException

from pgmoat.ledger.approvals import decide
from pgmoat.ledger.freeze import FreezeReport, freeze_agent, freeze_task, thaw_agent, thaw_task
from pgmoat.ledger.sessions import ShownSession, end_session

Connection = psycopg.Connection[Any]
Fields = Mapping[str, str]
Run = Callable[[Connection, Fields, str], str]  # the connection, the form, who; returns what was done


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do, and how it is asked for; *needs* are the form's fields that say to what."""

    name: str
    verb: str
    title: str
    question: str
    needs: tuple[str, ...]
    run: Run
    is_dangerous: bool = True
    takes_reason: bool = False
    needs_reason: bool = False
    reason_label: str = "Why? The agent is told, and the record keeps it."

    def ask(self, fields: Fields) -> str:
        """Return the question."""
        return self.question.format(**{name: fields[name] for name in self.needs})


def _freeze(connection: Connection, fields: Fields, who: str) -> str:
    report = freeze_agent(connection, fields["agent"], fields["reason"], by=who)
    return _describe(f"Agent {fields['agent']}", "is frozen", "was frozen already", report)


def _freeze_hard(connection: Connection, fields: Fields, who: str) -> str:
    report = freeze_agent(connection, fields["agent"], fields["reason"], hard=True, by=who)
    subject = f"Agent {fields['agent']}"
    if report.login_kept:
        kept = f"its login could not be taken: {report.login_kept}"
        return _describe(subject, f"is frozen; {kept}", f"was frozen already; {kept}", report)
    return _describe(subject, "is frozen, login and all", "was frozen hard already", report)


def _thaw(connection: Connection, fields: Fields, who: str) -> str:
    report = thaw_agent(connection, fields["agent"], by=who)
    return _describe(f"Agent {fields['agent']}", "may go on", "was not frozen", report)


def _freeze_task(connection: Connection, fields: Fields, who: str) -> str:
    report = freeze_task(connection, fields["agent"], fields["task"], fields["reason"], by=who)
    return _describe(f"Task {fields['task']}", "is frozen", "was frozen already", report)


def _thaw_task(connection: Connection, fields: Fields, who: str) -> str:
    report = thaw_task(connection, fields["agent"], fields["task"], by=who)
    return _describe(f"Task {fields['task']}", "may go on", "was not frozen", report)


def _describe(subject: str, done: str, nothing: str, report: FreezeReport) -> str:
    text = f"{subject} {done if report.changed else nothing}."
    if report.ended_pids:
        text += f" Ended {len(report.ended_pids)} of its sessions."
    if report.hidden_sessions:
        text += f" {report.hidden_sessions} of its sessions could not be ended, for want of rights."
    return text


def _cancel(connection: Connection, fields: Fields, who: str) -> str:
    is_done = _end(connection, fields, who, terminates=False)
    return f"Cancelled what session {fields['pid']} ran." if is_done else _GONE


def _kill(connection: Connection, fields: Fields, who: str) -> str:
    return f"Ended session {fields['pid']}." if _end(connection, fields, who, terminates=True) else _GONE


_GONE = "It was over already: nothing was done."


def _end(connection: Connection, fields: Fields, who: str, *, terminates: bool) -> bool:
    try:
        shown = ShownSession(
            pid=int(fields["pid"]),
            backend_start=datetime.fromisoformat(fields["backend_start"]),
            query_start=_parse_moment(fields["query_start"]),
            xact_start=_parse_moment(fields["xact_start"]),
            task_id=fields.get("task"),
            step=fields.get("step"),
        )
    except ValueError as error:
        raise HTTPException(400, "These are no marks of a session.") from error
    return end_session(connection, shown, terminate=terminates, reason=fields["reason"], by=who)


def _parse_moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _approve(connection: Connection, fields: Fields, who: str) -> str:
    _decide(connection, fields, who, is_approved=True)
    return f"Number {fields['approval']} is approved. It runs when the agent asks for its outcome."


def _reject(connection: Connection, fields: Fields, who: str) -> str:
    _decide(connection, fields, who, is_approved=False)
    return f"Number {fields['approval']} is rejected. The agent is told when it asks for its outcome."


def _decide(connection: Connection, fields: Fields, who: str, *, is_approved: bool) -> None:
    try:
        number, fingerprint = int(fields["approval"]), bytes.fromhex(fields["fingerprint"])
    except ValueError as error:
        raise HTTPException(400, "These are no marks of a held write.") from error
    decide(connection, number, fingerprint, is_approved=is_approved, who=who, reason=fields["reason"])


_KEPT = "Why? The record keeps it; the agent is not told."
_HELD = ("approval", "fingerprint", "agent", "operation", "affected")
_SESSION = ("pid", "agent", "backend_start", "query_start", "xact_start")
ACTS: tuple[Act, ...] = (
    Act(
        "freeze",
        "Freeze",
        "Freeze this agent?",
        "The next statement and the next COMMIT of agent {agent} are refused, in all its tasks, until"
        " somebody thaws it. Transactions that it has open are ended.",
        ("agent",),
        _freeze,
        takes_reason=True,
    ),
    Act(
        "freeze-hard",
        "Freeze hard",
        "Freeze this agent, its login too?",
        "Agent {agent} is frozen, its role may not log in, and all its sessions are ended, whatever they"
        " run.",
        ("agent",),
        _freeze_hard,
        takes_reason=True,
    ),
    Act(
        "thaw",
        "Thaw",
        "Thaw this agent?",
        "Agent {agent} may go on. Tasks that were frozen by themselves stay frozen.",
        ("agent",),
        _thaw,
        is_dangerous=False,
    ),
    Act(
        "freeze-task",
        "Freeze task",
        "Freeze this task?",
        "The next statement and the next COMMIT of task {task} of agent {agent} are refused, and those of all"
        " tasks below it.",
        ("agent", "task"),
        _freeze_task,
        takes_reason=True,
    ),
    Act(
        "thaw-task",
        "Thaw task",
        "Thaw this task?",
        "Task {task} of agent {agent} may go on.",
        ("agent", "task"),
        _thaw_task,
        is_dangerous=False,
    ),
    Act(
        "cancel",
        "Cancel",
        "Cancel this statement?",
        "What session {pid} of agent {agent} runs now is cancelled; the session stays. If it runs something"
        " else by now, nothing is done.",
        _SESSION,
        _cancel,
        takes_reason=True,
        reason_label=_KEPT,
    ),
    Act(
        "kill",
        "Kill",
        "End this session?",
        "Session {pid} of agent {agent} is ended, and its transaction rolled back. If it does something else"
        " by now, nothing is done.",
        _SESSION,
        _kill,
        takes_reason=True,
        reason_label=_KEPT,
    ),
    Act(
        "approve",
        "Approve",
        "Approve this write?",
        "Number {approval}: {operation} of agent {agent}, rows: {affected}. It runs once, as the agent, when"
        " that asks for its outcome. If it would write anything else by then, it is held anew.",
        _HELD,
        _approve,
        is_dangerous=False,
        takes_reason=True,
        reason_label="A word to the agent? It is told, and the record keeps it.",
    ),
    Act(
        "reject",
        "Reject",
        "Reject this write?",
        "Number {approval}: {operation} of agent {agent}, rows: {affected}. It does not run, and its key"
        " stays refused.",
        _HELD,
        _reject,
        takes_reason=True,
        needs_reason=True,
    ),
)
