"""
Notice statements that did not finish, by what two samples show.

In: an Activity, and the one before it. Out: Endings. I/O: none.

PostgreSQL keeps no list of them. A session shows the last statement and how long it took until it runs
another, so what took as long as its timeout is seen, or, where another statement came in between, inferred:
it ended between two samples, the first before its timeout and the second behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pgmoat.sampling.sessions import Activity, Session

TIMED_OUT, FAILED = "timed out", "failed"
SEEN, INFERRED = "seen", "inferred"
_ABORTED = "idle in transaction (aborted)"

Run = tuple[int, datetime, datetime | None]
"""A session's pid and beginning, and when its statement began."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A statement that did not finish: whose, how, how that is known, how long it had run."""

    session: Session
    how: str
    source: str
    at: datetime
    seconds: float


@dataclass(slots=True)
class Endings:
    """What of the last sample is known."""

    _before: Activity | None = None
    _told: set[Run] = field(default_factory=set[Run])
    _aborted: set[tuple[int, datetime]] = field(default_factory=set[tuple[int, datetime]])

    def mark(self, session: Session) -> None:
        """Leave out what *session* runs: whoever ended it has recorded that."""
        self._told.add(name_run(session))

    def see(self, activity: Activity, timeouts_ms: Mapping[str, int]) -> list[Ending]:
        """Return what ended since the last sample; *timeouts_ms* are the agents' statement timeouts."""
        before, self._before = self._before, activity
        aborted, self._aborted = self._aborted, _list_aborted(activity, self._aborted)
        if before is None:
            self._told = {name_run(session) for session in activity.sessions if not session.is_running}
            return []
        now_by_pid = {(session.pid, session.backend_start): session for session in activity.sessions}
        found = [*_see_ended(activity, timeouts_ms), *_infer(before, activity, now_by_pid, timeouts_ms)]
        fresh = [
            ending
            for ending in found
            if name_run(ending.session) not in self._told
            # What follows in an aborted transaction fails because of what was told.
            and not (ending.how == FAILED and _name_session(ending.session) in aborted)
        ]
        known = {name_run(session) for session in activity.sessions}
        self._told = {run for run in self._told if run in known} | {
            name_run(ending.session) for ending in fresh
        }
        return fresh


def name_run(session: Session) -> Run:
    """Return what tells one run of a statement from all others."""
    return (session.pid, session.backend_start, session.query_start)


def _name_session(session: Session) -> tuple[int, datetime]:
    return (session.pid, session.backend_start)


def _list_aborted(activity: Activity, before: set[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
    """Return the sessions in an aborted transaction; one that runs something in it shows no xact_start."""
    return {
        _name_session(session)
        for session in activity.sessions
        if session.state == _ABORTED
        or (session.is_running and session.xact_start is None and _name_session(session) in before)
    }


def _see_ended(activity: Activity, timeouts_ms: Mapping[str, int]) -> Iterator[Ending]:
    """Yield what sessions show that run nothing now."""
    for session in activity.sessions:
        if session.is_running or session.query_start is None:
            continue
        took = session.state_change - session.query_start
        limit = _limit(session, timeouts_ms)
        is_over = limit is not None and took >= limit
        if session.state == _ABORTED or is_over:
            how = TIMED_OUT if is_over else FAILED
            yield Ending(session, how, SEEN, session.state_change, took.total_seconds())


def _infer(
    before: Activity,
    activity: Activity,
    now_by_pid: Mapping[tuple[int, datetime], Session],
    timeouts_ms: Mapping[str, int],
) -> Iterator[Ending]:
    """Yield what ran in the last sample, runs no more, and would have met its timeout in between."""
    for session in before.sessions:
        limit = _limit(session, timeouts_ms)
        if not session.is_running or session.query_start is None or limit is None:
            continue
        now = now_by_pid.get((session.pid, session.backend_start))
        if now is not None and now.query_start == session.query_start:
            continue
        ended_before = now.query_start if now is not None and now.query_start is not None else activity.now
        due = session.query_start + limit
        if before.now <= due <= ended_before:
            yield Ending(session, TIMED_OUT, INFERRED, due, limit.total_seconds())


def _limit(session: Session, timeouts_ms: Mapping[str, int]) -> timedelta | None:
    milliseconds = timeouts_ms.get(session.agent, 0)
    return timedelta(milliseconds=milliseconds) if milliseconds else None
