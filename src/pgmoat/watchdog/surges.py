"""
Notice an agent that suddenly does far more than it does otherwise.

In: a connection, the agents' limits. Out: Surges, Verdicts. I/O: reads PostgreSQL.

Its level is the mean of those minutes of the last hour in which it did any, without the present minute and
the last: an agent that works once a quarter of an hour is measured by what it does then. Who has no level
yet, because it is new or nobody recorded it, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.claim import Claim
from pgmoat.watchdog.judge import Action, Kind, Past, Scope, Surge, Verdict
from pgmoat.watchdog.sample import PACKAGE, AgentLimits, Sample

LEAST_MINUTES = 5
"""So many active minutes are a level."""

_WINDOW = timedelta(minutes=1)


@dataclass(slots=True)
class SurgeReader:
    """Reads levels once a minute, for they do not change within one, and what is done now each time."""

    _minute: datetime | None = None
    _levels: dict[tuple[str, str], tuple[float, int]] = field(
        default_factory=dict[tuple[str, str], tuple[float, int]]
    )

    def read(self, connection: psycopg.Connection[Any], sample: Sample) -> list[Surge]:
        """Return what each agent that has a limit does now, in each signal; none has one: ask nothing."""
        agents = [name for name, limits in sample.agents.items() if _is_judged(limits)]
        if not agents:
            return []
        minute = sample.now.replace(second=0, microsecond=0)
        if minute != self._minute:
            rows = connection.execute(load_sql(PACKAGE, "read_levels")).fetchall()
            self._levels = {(agent, signal): (float(level), count) for agent, signal, level, count in rows}
            self._minute = minute
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(load_sql(PACKAGE, "read_rates"), {"agents": agents}).fetchall()
        return [self._make(row) for row in found]

    def _make(self, row: Mapping[str, Any]) -> Surge:
        level, minutes = self._levels.get((row["agent"], row["signal"]), (0.0, 0))
        return Surge(row["agent"], row["signal"], row["found"], level, minutes, row["task_id"])


def judge_surges(surges: Iterable[Surge], sample: Sample, past: Mapping[str, Past]) -> list[Verdict]:
    """
    Return a verdict at most for each agent.

    For a minute after it tripped nothing is said of an agent: until then what was thawed would trip again by
    what it had done before.
    """
    found: dict[str, Verdict] = {}
    for surge in surges:
        limits, subject = sample.agents.get(surge.agent), f"u:{surge.agent}"
        before = past.get(subject)
        is_quiet = before is not None and before.at > sample.now - _WINDOW
        if limits is None or not _is_judged(limits) or is_quiet or surge.agent in found:
            continue
        allowed = find_limit(surge, limits)
        if allowed is not None and surge.found > allowed:
            found[surge.agent] = _make_verdict(surge, limits, subject, allowed)
    return list(found.values())


def find_limit(surge: Surge, limits: AgentLimits) -> int | None:
    """Return how much the agent may do in a minute; None while it has no level."""
    if surge.active_minutes < LEAST_MINUTES:
        return None
    return max(limits.surge_floor, round(limits.surge_factor * surge.level))


def _make_verdict(surge: Surge, limits: AgentLimits, subject: str, allowed: int) -> Verdict:
    scope = Scope(limits.on_trip or Scope.AGENT)
    if scope is Scope.TASK and surge.task_id is None:
        scope = Scope.AGENT
    return Verdict(
        kind=Kind.SURGE,
        action=Action.FREEZE,
        agent=surge.agent,
        claim=Claim(surge.task_id),
        subject=subject,
        limit=allowed,
        found=surge.found,
        role=limits.role,
        scope=scope,
        surge=surge,
    )


def _is_judged(limits: AgentLimits) -> bool:
    return limits.surge_factor > 0 and limits.frozen_at is None
