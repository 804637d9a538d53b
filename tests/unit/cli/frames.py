"""
Frames to draw and to press keys on.

Out: View, sessions. I/O: none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pgmoat.accounting.budgets import AgentBudget
from pgmoat.accounting.share import Accounting, Share, Source
from pgmoat.accounting.watchdog import WatchdogState
from pgmoat.cli.top.view import Reading, Rolling, View, make_view
from pgmoat.sampling.claim import Claim
from pgmoat.sampling.sessions import Activity, Session

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BORN = NOW - timedelta(hours=1)


def make_session(
    pid: int = 100, agent: str = "clerk", *, state: str = "active", wait: str = "", query: str = "SELECT 1"
) -> Session:
    """Return a session that works for task T-1."""
    return Session(
        pid=pid,
        backend_start=BORN,
        xact_start=NOW - 2 * SECOND,
        query_start=NOW - SECOND,
        state=state,
        state_change=NOW - SECOND,
        wait_class=wait,
        wait_event=f"{wait}Event" if wait else "",
        application_name="",
        query=query,
        database="shop",
        agent=agent,
        claim=Claim("T-1", "plan"),
    )


def make_activity(*sessions: Session, at: datetime = NOW, **others: int) -> Activity:
    """Return what sessions do at a moment."""
    return Activity(at, sessions, others, 0)


def make_agent(name: str = "clerk", *, reason: str | None = None) -> AgentBudget:
    """Return an agent, frozen if there is a reason."""
    frozen_at = None if reason is None else NOW
    return AgentBudget(name, f"agent_{name}", NOW, 0, 100, 2, 7, frozen_at, "ann", reason, False)


def make_frame(*sessions: Session, agents: tuple[AgentBudget, ...] = (), recorded: bool = True) -> View:
    """Return a frame with one sample; everybody else has one session on the CPU."""
    rolling, activity = Rolling(SECOND), make_activity(*sessions, CPU=1)
    rolling.add(activity)
    share = Share("clerk", 40, 0.4, 0.016, Source.SAMPLES)
    accounting = (
        Accounting(NOW - timedelta(hours=1), NOW, 3600, 3600, 3412, 0, (share,)) if recorded else None
    )
    reading = Reading(
        "shop", agents or (make_agent(), make_agent("reader")), WatchdogState(True, True, 0.4), accounting
    )
    return make_view(rolling, activity, reading)
