"""
What one frame shows, made from samples and from the record.

In: Activities, agents, an Accounting. Out: View. I/O: none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pgmoat.accounting.budgets import AgentBudget
from pgmoat.accounting.sessions import RunningSession, list_running
from pgmoat.accounting.share import Accounting, Share
from pgmoat.accounting.watchdog import WatchdogState
from pgmoat.sampling.sessions import IDLE, Activity, classify
from pgmoat.sampling.tally import EVERYBODY_ELSE

MINUTE = timedelta(seconds=60)
_LONGEST = 5
"""So many intervals a sample may stand for, after a gap."""

Seconds = dict[tuple[str, str], float]
"""Seconds by agent and wait class."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One agent's part of the database's time in a stretch of it."""

    seconds: float = 0.0
    share: float = 0.0
    waits: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent, or everybody else: its time in the last interval, in a minute, and as recorded."""

    agent: str  # '': everybody else
    now: Slice
    minute: Slice
    recorded: Share | None
    connections: int | None
    max_connections: int | None
    is_frozen: bool
    is_hard_frozen: bool
    frozen_reason: str


@dataclass(frozen=True, slots=True)
class View:
    """One frame."""

    at: datetime
    database: str
    load: float  # sessions in database time, on the average of the last interval
    agents: tuple[AgentLine, ...]  # that with the most of the last minute first; everybody else is among them
    sessions: tuple[RunningSession, ...]
    watchdog: WatchdogState
    accounting: Accounting | None  # None: nothing recorded
    hidden: int

    def find_session(self, pid: int, backend_start: datetime) -> RunningSession | None:
        """Return a session that was shown before, if it is there still."""
        for session in self.sessions:
            if (session.pid, session.backend_start) == (pid, backend_start):
                return session
        return None


@dataclass(slots=True)
class Rolling:
    """The samples of the last minute."""

    interval: timedelta
    _last: datetime | None = None
    _samples: deque[tuple[datetime, float, Seconds]] = field(
        default_factory=deque[tuple[datetime, float, Seconds]]
    )

    def add(self, activity: Activity) -> None:
        """Add a sample, which stands for the time since the one before it; the first for one interval."""
        since_last = self.interval if self._last is None else activity.now - self._last
        weight = min(since_last, self.interval * _LONGEST).total_seconds()
        self._last = activity.now
        if weight <= 0:
            return
        seconds: Seconds = {}
        for kind, count in activity.others.items():
            seconds[EVERYBODY_ELSE, kind] = weight * count
        for session in activity.sessions:
            kind = classify(session.state, session.wait_class)
            if kind is not None:
                key = (session.agent, kind)
                seconds[key] = seconds.get(key, 0.0) + weight
        self._samples.append((activity.now, weight, seconds))
        while self._samples and self._samples[0][0] <= activity.now - MINUTE:
            self._samples.popleft()

    def sum_last(self) -> tuple[float, Seconds]:
        """Return how long the last interval was, and who took how much of it."""
        if not self._samples:
            return 0.0, {}
        _, weight, seconds = self._samples[-1]
        return weight, seconds

    def sum_minute(self) -> Seconds:
        """Return who took how much of the last minute."""
        total: Seconds = {}
        for _, _, seconds in self._samples:
            for key, each in seconds.items():
                total[key] = total.get(key, 0.0) + each
        return total


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read for a frame besides the sample."""

    database: str
    agents: Sequence[AgentBudget]
    watchdog: WatchdogState
    accounting: Accounting | None


def make_view(rolling: Rolling, activity: Activity, reading: Reading) -> View:
    """Return the frame of *activity*, which *rolling* has seen."""
    length, last = rolling.sum_last()
    minute = rolling.sum_minute()
    names = {EVERYBODY_ELSE, *(agent.agent for agent in reading.agents), *(agent for agent, _ in minute)}
    now_slices, minute_slices = slice_seconds(last), slice_seconds(minute)
    budgets = {agent.agent: agent for agent in reading.agents}
    lines = [
        _make_line(
            name,
            now_slices.get(name, Slice()),
            minute_slices.get(name, Slice()),
            reading.accounting,
            budgets.get(name),
        )
        for name in names
    ]
    lines.sort(key=lambda line: (-line.minute.seconds, -line.now.seconds, not line.agent, line.agent))
    running = list_running(activity)
    return View(
        at=activity.now,
        database=reading.database,
        load=sum(each.seconds for each in now_slices.values()) / length if length else 0.0,
        agents=tuple(lines),
        sessions=running.sessions,
        watchdog=reading.watchdog,
        accounting=reading.accounting,
        hidden=activity.hidden,
    )


def slice_seconds(seconds: Mapping[tuple[str, str], float]) -> dict[str, Slice]:
    """Return each agent's part; what is idle in a transaction takes none."""
    waits: dict[str, dict[str, float]] = {}
    for (agent, kind), each in seconds.items():
        if kind != IDLE:
            waits.setdefault(agent, {})[kind] = each
    total = sum(sum(each.values()) for each in waits.values())
    return {
        agent: Slice(sum(each.values()), sum(each.values()) / total if total else 0.0, each)
        for agent, each in waits.items()
    }


def _make_line(
    name: str, now: Slice, minute: Slice, accounting: Accounting | None, budget: AgentBudget | None
) -> AgentLine:
    return AgentLine(
        agent=name,
        now=now,
        minute=minute,
        recorded=None if accounting is None else accounting.share_of(name),
        connections=None if budget is None else budget.connections,
        max_connections=None if budget is None else budget.max_connections,
        is_frozen=budget is not None and (budget.frozen_at is not None or budget.is_hard_frozen),
        is_hard_frozen=budget is not None and budget.is_hard_frozen,
        frozen_reason=(budget.frozen_reason or "") if budget is not None else "",
    )
