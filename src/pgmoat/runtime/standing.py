"""
Whether a replica may be read, and why not.

In: where it stands, what must be seen, errors. Out: Problems. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pgmoat.errors import (
    AgentError,
    BusyError,
    ConnectionLostError,
    FrozenError,
    NoTaskError,
    PoolExhaustedError,
    TaskEndedError,
)
from pgmoat.runtime.horizon import Mark
from pgmoat.runtime.result import Result

REST_S = 2.0
"""How long a replica that failed is left alone."""

NOTICED_S = 1.0  # a replica that knows to be this far behind is told of
_READ_ONLY = "25006"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the primary is read instead; *is_general*: other reads would meet it too."""

    reason: str
    is_general: bool = True


UNREACHABLE = Problem("the replica cannot be reached")
EXHAUSTED = Problem("the replica gave no connection in time")
ENDED = Problem("the replica ended the connection", is_general=False)
LATE = Problem("the replica does not have what this task must see in time")
PROMOTED = Problem("the replica is no standby any more: it may lack what the primary has")
STRAYED = Problem("the replica is on another timeline than the primary")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a server stands, as sql/read_standing.sql tells it."""

    is_standby: bool
    timeline: int
    replayed: int | None
    behind_s: float


def make_standing(row: Sequence[Any] | None) -> Standing:
    """Return a row of sql/read_standing.sql as what it means."""
    is_standby, timeline, replayed, behind_s = row or (False, 0, None, 0.0)
    return Standing(bool(is_standby), int(timeline), replayed, float(behind_s))


def judge_standing(standing: Standing, needed: Mark) -> Problem | None:
    """
    Return why a server must not be read, None if it may; LATE passes with time.

    Positions compare on one timeline only. A standby's is that of its last restartpoint: for a while after a
    failover it still is the old one, and then the primary is read.
    """
    if not standing.is_standby:
        return PROMOTED
    if standing.timeline != needed.timeline:
        return STRAYED
    if standing.replayed is None or standing.replayed < needed.position:
        return LATE
    return None


def judge_failure(error: AgentError, *, is_connected: bool) -> Problem | None:
    """
    Return why the primary is asked after *error* on the replica, None where it would say the same.

    A connection that is lost is no reason for others not to try: a conflict with recovery may end a session.
    """
    if isinstance(error, PoolExhaustedError):
        return EXHAUSTED
    if isinstance(error, ConnectionLostError):
        return ENDED if is_connected else UNREACHABLE
    reason = _explain_refusal(error)
    return Problem(reason, is_general=False) if reason else None


def _explain_refusal(error: AgentError) -> str:
    if isinstance(error, BusyError):
        return f"the replica cancelled the query ({error.message})"
    if isinstance(error, NoTaskError | TaskEndedError | FrozenError):
        return f"the replica refused the task ({error.message})"  # it may not know yet what goes on
    return "the query writes, which no replica can" if error.sqlstate == _READ_ONLY else ""


def describe_lag(standing: Standing, needed: Mark, now: float) -> str:
    """Return a warning if the answer may lack what others wrote; nothing older than *needed* is lacking."""
    behind_s = min(standing.behind_s, now - needed.asked_at)
    if behind_s < NOTICED_S:
        return ""
    return (
        f"read on a replica that was {behind_s:.1f} s behind: what others wrote since may be missing; what"
        " this task wrote is there"
    )


def describe_fallback(reason: str) -> str:
    """Return the warning of an answer that the primary gave instead."""
    return f"read on the primary: {reason}"


def add_warning(result: Result, warning: str) -> Result:
    """Return *result* with one more warning, if there is one."""
    return replace(result, warnings=(*result.warnings, warning)) if warning else result


class Rest:
    """A replica that failed is left alone for a while; then one read tries it, while others still wait."""

    def __init__(self) -> None:
        self._reason = ""
        self._until = 0.0

    def find_reason(self, now: float) -> str:
        """Return why the replica is left alone now; empty for whoever is to read there."""
        if self._reason and now < self._until:
            return self._reason
        self._until = now + REST_S
        return ""

    def begin(self, reason: str, now: float) -> None:
        """Leave the replica alone from *now* on."""
        self._reason, self._until = reason, now + REST_S

    def end(self) -> None:
        """The replica has answered."""
        self._reason = ""
