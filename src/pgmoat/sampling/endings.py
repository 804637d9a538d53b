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

from pgmoat.sampling.sessions import FASTPATH, Activity, Session

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
    run: Run


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
        found = [*_see_ended(before, activity, timeouts_ms), *_infer(before, activity, timeouts_ms)]
        fresh = [
            ending
            for ending in found
            if ending.run not in self._told
            # What follows in an aborted transaction fails because of what was told.
            and not (ending.how == FAILED and _name(ending.session) in aborted)
        ]
        known = {name_run(session) for session in activity.sessions}
        self._told = {run for run in self._told if run in known} | {ending.run for ending in fresh}
        return fresh


def name_run(session: Session) -> Run:
    """Return what tells one run of a statement from all others."""
    return (session.pid, session.backend_start, session.statement_start)


def _list_aborted(activity: Activity, before: set[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
    """Return the sessions in an aborted transaction; one that runs something in it shows no xact_start."""
    return {
        _name(session)
        for session in activity.sessions
        if session.state == _ABORTED
        or (session.is_running and session.xact_start is None and _name(session) in before)
    }


def _see_ended(before: Activity, activity: Activity, timeouts_ms: Mapping[str, int]) -> Iterator[Ending]:
    """Yield what sessions show that run nothing now."""
    earlier = _by_session(before)
    for session in activity.sessions:
        run = _find_run(earlier.get(_name(session)), session)
        began = run and run[2]
        if session.is_running or run is None or began is None:
            continue
        took = session.state_change - began
        limit = _limit(session, timeouts_ms)
        is_over = limit is not None and took >= limit
        if session.state == _ABORTED or is_over:
            how = TIMED_OUT if is_over else FAILED
            yield Ending(session, how, SEEN, session.state_change, took.total_seconds(), run)


def _find_run(before: Session | None, now: Session) -> Run | None:
    """Return what ended last in *now*; None: what it shows had ended in *before*, which told so."""
    if before is None or before.query_start != now.query_start:
        return name_run(now)
    if before.state == FASTPATH:
        return name_run(before)
    # Since it rests, fastpath calls that no sample shows may have moved state_change on.
    return name_run(now) if before.is_running else None


def _infer(before: Activity, activity: Activity, timeouts_ms: Mapping[str, int]) -> Iterator[Ending]:
    """Yield what ran in the last sample, runs no more, and would have met its timeout in between."""
    now_by_name = _by_session(activity)
    for session in before.sessions:
        limit, began = _limit(session, timeouts_ms), session.statement_start
        if not session.is_running or began is None or limit is None:
            continue
        now = now_by_name.get(_name(session))
        if now is not None and _shows(now, session):
            continue
        next_began = activity.now if now is None else now.statement_start or activity.now
        due = began + limit
        if before.now <= due <= next_began:
            yield Ending(session, TIMED_OUT, INFERRED, due, limit.total_seconds(), name_run(session))


def _shows(now: Session, before: Session) -> bool:
    """Tell whether *now* still runs what *before* ran, or shows how it ended."""
    ended = not now.is_running and now.query_start == before.query_start
    return ended or name_run(now) == name_run(before)


def _name(session: Session) -> tuple[int, datetime]:
    return (session.pid, session.backend_start)


def _by_session(activity: Activity) -> dict[tuple[int, datetime], Session]:
    return {_name(session): session for session in activity.sessions}


def _limit(session: Session, timeouts_ms: Mapping[str, int]) -> timedelta | None:
    milliseconds = timeouts_ms.get(session.agent, 0)
    return timedelta(milliseconds=milliseconds) if milliseconds else None
