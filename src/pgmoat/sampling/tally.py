"""
Add samples up: who spent how much of the database's time, on what.

In: Activities, one after the other. Out: rows for pgmoat.record_samples. I/O: none.

A sample stands for the time since the one before it: who runs a statement in it is taken to have run for so
long. Over many samples that comes out right however long statements take, as long as samples do not keep step
with the work; the watchdog's intervals vary for that reason. After a gap a sample stands for no more than
*longest*, and what the gap hid is missing from pgmoat.sampling, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pgmoat.sampling.fingerprint import fingerprint, normalise
from pgmoat.sampling.sessions import Activity, Session, classify

EVERYBODY_ELSE = ""
"""The agent's name under which everybody else is counted."""


@dataclass(slots=True)
class Amount:
    """Seconds, and the samples that they come from."""

    seconds: float = 0.0
    samples: int = 0

    def add(self, seconds: float, samples: int = 1) -> None:
        """Add *seconds* for each of *samples*."""
        self.seconds += seconds * samples
        self.samples += samples


_Use = tuple[datetime, str, str]
"""Minute, agent, wait class."""

_Detail = tuple[datetime, str, str | None, str | None, str, int]
"""Minute, agent, task id, step, wait class, fingerprint."""


@dataclass(slots=True)
class Tally:
    """What samples add up to, until it is taken away to be stored."""

    sampling: dict[datetime, Amount] = field(default_factory=lambda: defaultdict[datetime, Amount](Amount))
    hidden: dict[datetime, int] = field(default_factory=dict[datetime, int])
    usage: dict[_Use, Amount] = field(default_factory=lambda: defaultdict[_Use, Amount](Amount))
    detail: dict[_Detail, Amount] = field(default_factory=lambda: defaultdict[_Detail, Amount](Amount))
    connections: dict[tuple[datetime, str], int] = field(default_factory=dict[tuple[datetime, str], int])
    texts: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    _last: datetime | None = None

    def add(self, activity: Activity, longest: timedelta) -> None:
        """Add a sample; the first one only begins to measure."""
        last, self._last = self._last, activity.now
        minute = floor_minute(activity.now)
        self._count_connections(activity, minute)
        if last is None or activity.now <= last:
            return
        weight = min(activity.now - last, longest).total_seconds()
        self.sampling[minute].add(weight)
        self.hidden[minute] = max(self.hidden.get(minute, 0), activity.hidden)
        for kind, sessions in activity.others.items():
            self.usage[minute, EVERYBODY_ELSE, kind].add(weight, sessions)
        for session in activity.sessions:
            kind = classify(session.state, session.wait_class)
            if kind is not None:
                self.usage[minute, session.agent, kind].add(weight)
                self.detail[self._describe(session, minute, kind)].add(weight)

    def rest(self) -> None:
        """Take the next sample for the first one."""
        self._last = None

    def _count_connections(self, activity: Activity, minute: datetime) -> None:
        counts: dict[str, int] = defaultdict(int)
        for session in activity.sessions:
            counts[session.agent] += 1
        for agent, count in counts.items():
            self.connections[minute, agent] = max(self.connections.get((minute, agent), 0), count)

    def _describe(self, session: Session, minute: datetime, kind: str) -> _Detail:
        text = normalise(session.query)
        mark = fingerprint(text)
        self.texts[f"{minute:%Y-%m-%d}", mark] = text
        return (minute, session.agent, session.claim.task_id, session.claim.step, kind, mark)

    def take(self) -> dict[str, list[dict[str, Any]]]:
        """Return what there is by agent, as rows of the tables, and begin anew."""
        rows = {
            "sampling": [
                {
                    "minute": minute.isoformat(),
                    "seconds": amount.seconds,
                    "samples": amount.samples,
                    "hidden": self.hidden.get(minute, 0),
                }
                for minute, amount in self.sampling.items()
            ],
            "usage": [
                {
                    "minute": minute.isoformat(),
                    "agent": agent,
                    "wait_class": kind,
                    "seconds": amount.seconds,
                    "samples": amount.samples,
                }
                for (minute, agent, kind), amount in self.usage.items()
            ],
        }
        self.sampling.clear()
        self.hidden.clear()
        self.usage.clear()
        return rows

    def take_detail(self) -> dict[str, list[dict[str, Any]]]:
        """Return what there is by task, step and statement, as rows of the tables, and begin anew."""
        rows = {
            "usage_detail": list(self._list_detail()),
            "statement_text": [
                {"day": day, "fingerprint": mark, "text": text} for (day, mark), text in self.texts.items()
            ],
        }
        self.detail.clear()
        self.texts.clear()
        return rows

    def _list_detail(self) -> Iterator[dict[str, Any]]:
        # Each agent's together: who reads one agent's day then reads a part of the pages, not all of them.
        for (minute, agent, task_id, step, kind, mark), amount in sorted(
            self.detail.items(), key=lambda item: item[0][1]
        ):
            yield {
                "minute": minute.isoformat(),
                "fingerprint": mark,
                "seconds": amount.seconds,
                "samples": amount.samples,
                "agent": agent,
                "task_id": task_id,
                "step": step,
                "wait_class": kind,
            }

    def take_connections(self) -> dict[tuple[datetime, str], int]:
        """Return the most connections of each agent by minute, and begin anew."""
        found, self.connections = self.connections, {}
        return found


def floor_minute(at: datetime) -> datetime:
    """Return the minute in which *at* is, in UTC."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)
