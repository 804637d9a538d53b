"""
Say which sessions are over their limits, and what is to be done about each.

In: a Sample, what was done before. Out: Verdicts. I/O: none.

Idle sessions are never ended: behind a pooler they are nobody's. A session that waits in a transaction is
ended and not cancelled, because it would not notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pgmoat.sampling.claim import Claim
from pgmoat.sampling.sessions import Session
from pgmoat.watchdog.roles import RoleChange
from pgmoat.watchdog.sample import AgentLimits, Prepared, Sample


class Kind(StrEnum):
    """What is wrong, as incidents name it."""

    STATEMENT = "statement-timeout"
    TRANSACTION = "transaction-timeout"
    IDLE = "idle-in-transaction"
    PREPARED = "prepared-transaction"
    AGENT_FROZEN = "agent-frozen"
    TASK_FROZEN = "task-frozen"
    TASK_CLOSED = "task-closed"
    TASK_DEADLINE = "task-deadline"
    REPEATS = "repeats"
    SURGE = "surge"
    CONNECTIONS = "connections"
    ROLE_CHANGED = "role-changed"


class Action(StrEnum):
    """What is done about it, as incidents name it; the last two are never wanted, they come out so."""

    CANCEL = "cancelled"
    TERMINATE = "terminated"
    FREEZE = "frozen"
    REPAIR = "repaired"
    ROLL_BACK = "rolled back"
    FAILED = "failed"
    DRY_RUN = "dry-run"


class Guard(StrEnum):
    """By what a session is known to be what was judged; see sql/end_session.sql."""

    STATEMENT = "statement"
    TRANSACTION = "transaction"
    IDLE = "idle"
    SESSION = "session"


class Scope(StrEnum):
    """What a breaker freezes."""

    TASK = "task"
    AGENT = "agent"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Surge:
    """How much an agent does now, and how much it does otherwise."""

    agent: str
    signal: str  # rows written, statements
    found: int  # within the last minute, or in the present one
    level: float  # mean of the minutes in which it did any
    active_minutes: int  # of the last hour
    task_id: str | None = None  # that did most of it, where that is known


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with whom, and what to do. *subject* stays the same until it is gone."""

    kind: Kind
    action: Action
    agent: str
    claim: Claim
    subject: str
    limit: str | int | None  # milliseconds, or what the kind says
    found: str | int
    role: str = ""
    guard: Guard = Guard.STATEMENT
    session: Session | None = None
    prepared: Prepared | None = None
    change: RoleChange | None = None
    scope: Scope = Scope.TASK  # of what is frozen
    surge: Surge | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What was done to a subject last, and when."""

    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Offence:
    kind: Kind
    guard: Guard
    due: datetime  # from then on
    since: datetime  # what has lasted too long began then
    limit_ms: int | None


_STOPPED = {"closed": Kind.TASK_CLOSED, "frozen": Kind.TASK_FROZEN, "deadline": Kind.TASK_DEADLINE}


def judge(sample: Sample, past: Mapping[str, Past], grace: timedelta) -> list[Verdict]:
    """
    Return one verdict at most for each session, and for each prepared transaction.

    A statement is cancelled *grace* after its limit, and its session ended *grace* after that.
    """
    found = [
        _judge_session(session, sample.agents[session.agent], sample, past, grace)
        for session in sample.sessions
        if session.state != "idle" and session.agent in sample.agents
    ]
    found += [
        _judge_prepared(each, sample.agents[each.agent], sample.now, past, grace)
        for each in sample.prepared
        if each.agent in sample.agents
    ]
    found += [_judge_change(change, past) for change in sample.changes]
    return [verdict for verdict in found if verdict is not None]


def _judge_session(
    session: Session, limits: AgentLimits, sample: Sample, past: Mapping[str, Past], grace: timedelta
) -> Verdict | None:
    for offence in _list_offences(session, limits, sample):
        if sample.now < offence.due + grace:
            continue
        subject = _name_subject(session, offence)
        action = _escalate(session, past.get(subject), sample.now, grace)
        if action is None:
            return None
        return Verdict(
            kind=offence.kind,
            action=action,
            agent=session.agent,
            claim=session.claim,
            subject=subject,
            limit=offence.limit_ms,
            found=_milliseconds(sample.now - offence.since),
            role=limits.role,
            guard=offence.guard,
            session=session,
        )
    return None


def _list_offences(session: Session, limits: AgentLimits, sample: Sample) -> Iterator[_Offence]:
    """Yield what the session does or will do wrong; the first that is due counts."""
    guard, started = _find_start(session)
    stopped = sample.stopped.get(session.task) if session.task is not None else None
    if started is not None and limits.frozen_at is not None:
        yield _Offence(Kind.AGENT_FROZEN, guard, max(limits.frozen_at, started), limits.frozen_at, None)
    if started is not None and stopped is not None:
        yield _Offence(_STOPPED[stopped.why], guard, max(stopped.since, started), stopped.since, None)
    if session.is_running and started is not None:
        yield _since(Kind.STATEMENT, guard, started, limits.statement_ms)
    if not session.is_running:
        yield _since(Kind.IDLE, Guard.IDLE, session.state_change, limits.idle_ms)
    if session.xact_start is not None:
        yield _since(Kind.TRANSACTION, Guard.TRANSACTION, session.xact_start, limits.transaction_ms)


def _find_start(session: Session) -> tuple[Guard, datetime | None]:
    """Return since when it does what it does; of an aborted transaction PostgreSQL tells no beginning."""
    if session.is_running:
        return Guard.STATEMENT, session.statement_start
    if session.xact_start is None:
        return Guard.IDLE, session.state_change
    return Guard.TRANSACTION, session.xact_start


def _since(kind: Kind, guard: Guard, start: datetime, limit_ms: int) -> _Offence:
    return _Offence(kind, guard, start + timedelta(milliseconds=limit_ms), start, limit_ms)


def _escalate(session: Session, past: Past | None, now: datetime, grace: timedelta) -> Action | None:
    """Return what comes next, None while what was done may still take effect, or cannot be done."""
    if past is None:
        # Who reads from the client, between two messages of one statement too, ignores a cancel.
        waits_for_client = session.wait_event == "ClientRead"
        return Action.CANCEL if session.is_running and not waits_for_client else Action.TERMINATE
    if past.action == Action.CANCEL and now >= past.at + grace:
        return Action.TERMINATE
    return None


def _name_subject(session: Session, offence: _Offence) -> str:
    start = session.statement_start if offence.guard is Guard.STATEMENT else session.xact_start
    if offence.guard is Guard.IDLE and start is None:
        start = session.state_change
    moment = "" if start is None else f"{start.timestamp():.6f}"
    return f"{offence.guard[0]}:{session.pid}:{session.backend_start.timestamp():.6f}:{moment}"


def _judge_prepared(
    prepared: Prepared, limits: AgentLimits, now: datetime, past: Mapping[str, Past], grace: timedelta
) -> Verdict | None:
    due = prepared.prepared_at + timedelta(milliseconds=limits.transaction_ms) + grace
    subject = f"p:{prepared.gid}:{prepared.prepared_at.timestamp():.6f}"
    if now < due or subject in past:
        return None
    return Verdict(
        kind=Kind.PREPARED,
        action=Action.ROLL_BACK,
        agent=prepared.agent,
        claim=Claim(),
        subject=subject,
        limit=limits.transaction_ms,
        found=_milliseconds(now - prepared.prepared_at),
        role=limits.role,
        prepared=prepared,
    )


def _judge_change(change: RoleChange, past: Mapping[str, Past]) -> Verdict | None:
    """Return the verdict on what a role changed; what was repaired may be changed, and repaired, again."""
    subject = f"r:{change.role}:{change.where}:{change.key}"
    before = past.get(subject)
    if before is not None and before.action != Action.REPAIR:
        return None
    return Verdict(
        kind=Kind.ROLE_CHANGED,
        action=Action.REPAIR,
        agent=change.agent,
        claim=Claim(),
        subject=subject,
        limit=change.wanted,
        found=change.shown,
        role=change.role,
        change=change,
    )


def _milliseconds(age: timedelta) -> int:
    return round(age.total_seconds() * 1000)
