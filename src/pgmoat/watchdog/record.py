"""
Keep the record: what samples add up to, what was counted, what did not finish.

In: Samples, one after the other. Out: rows of pgmoat.record_samples. I/O: PostgreSQL.

By agent it is stored with each sample, so that a live view has it at once and a death costs a sample; by task
and statement, and what is counted, every few seconds.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg

from pgmoat.postgres.sqlfile import load_sql
from pgmoat.sampling.endings import Ending, Endings
from pgmoat.sampling.fingerprint import fingerprint, normalise
from pgmoat.sampling.sessions import Session
from pgmoat.sampling.tally import Tally, floor_minute
from pgmoat.watchdog.sample import PACKAGE, Sample
from pgmoat.watchdog.statements import Reading, compare, read_last_readings, read_statements

_EVERY = timedelta(seconds=10)
_MOST_WAITING = 100  # batches that could not be stored yet

Batch = dict[str, list[dict[str, Any]]]
"""Rows by table."""


@dataclass(slots=True)
class Recorder:
    """What is not stored yet, and what the next reading is compared with."""

    longest: timedelta
    tally: Tally = field(default_factory=Tally)
    endings: Endings = field(default_factory=Endings)
    _unfinished: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _waiting: list[Batch] = field(default_factory=list[Batch])
    _stored_at: datetime | None = None
    _readings: dict[str, Reading] | None = None

    def look(self, sample: Sample) -> None:
        """Count *sample* in."""
        self.tally.add(sample.activity, self.longest)
        timeouts_ms = {name: limits.statement_ms for name, limits in sample.agents.items()}
        found = self.endings.see(sample.activity, timeouts_ms)
        self._unfinished += [_describe(ending) for ending in found]

    def leave_out(self, session: Session) -> None:
        """Say that the end of what *session* runs is recorded elsewhere."""
        self.endings.mark(session)

    def pause(self) -> None:
        """Begin anew at the next sample: somebody else looks meanwhile."""
        self.tally.rest()
        self.endings = Endings()
        self._readings = None
        # What was counted since the last reading that is stored, whoever leads now counts.
        self._waiting = [batch for batch in self._waiting if "reading" not in batch]

    def store(
        self, connection: psycopg.Connection[Any], holder: str, now: datetime, *, all_of_it: bool
    ) -> int:
        """
        Store what is due; *all_of_it* before the lease is given back.

        What does not count, because the lease ran out meanwhile, is kept for the next time. Returns how many
        batches are lost: they waited until there was no partition for their days any more, and none is made.

        Raises:
            psycopg.Error: it could not be stored, and is kept for the next time.
        """
        batch: Batch = self.tally.take()
        is_due = self._stored_at is None or now - self._stored_at >= _EVERY or all_of_it
        if is_due:
            batch |= self.tally.take_detail()
            batch["unfinished"], self._unfinished = self._unfinished, []
        self._waiting = [*self._waiting, batch][-_MOST_WAITING:]
        if is_due:
            self._waiting.append(self._count(connection))
            connection.execute("SELECT pgmoat.record_refusals(%s)", (holder,))
            self._stored_at = now
        return self._send(connection, holder)

    def _send(self, connection: psycopg.Connection[Any], holder: str) -> int:
        lost = 0
        while self._waiting:
            query = "SELECT pgmoat.record_samples(%s, %s::pg_catalog.jsonb)"
            try:
                row = connection.execute(query, (holder, json.dumps(self._waiting[0]))).fetchone()
            except psycopg.errors.CheckViolation:  # no partition of relation … found for row
                lost += 1
            else:
                if not (row and row[0]):  # the lease ran out meanwhile
                    break
            del self._waiting[0]
        return lost

    def _count(self, connection: psycopg.Connection[Any]) -> Batch:
        """Return what is counted, not sampled."""
        rows = {key: _begin(*key, most) for key, most in self.tally.take_connections().items()}
        for minute, agent, written in connection.execute(load_sql(PACKAGE, "read_rows_written")).fetchall():
            key = (floor_minute(minute), agent)
            rows.setdefault(key, _begin(*key, 0))["rows_written"] = written
        found = read_statements(connection) or []
        if self._readings is None:
            self._readings = {reading.agent: reading for reading in read_last_readings(connection)}
        for reading in found:
            added = compare(self._readings.get(reading.agent), reading)
            if added is not None:
                key = (floor_minute(reading.at), reading.agent)
                rows.setdefault(key, _begin(*key, 0)).update(
                    statements=added.calls,
                    rows=added.rows,
                    execution_seconds=added.execution_seconds,
                    planning_seconds=added.planning_seconds,
                )
        self._readings |= {reading.agent: reading for reading in found}
        return {
            "activity": list(rows.values()),
            "reading": [json.loads(json.dumps(asdict(reading), default=str)) for reading in found],
        }


def _begin(minute: datetime, agent: str, connections: int) -> dict[str, Any]:
    return {
        "minute": minute.isoformat(),
        "agent": agent,
        "connections": connections,
        "rows_written": 0,
    }


def _describe(ending: Ending) -> dict[str, Any]:
    session = ending.session
    return {
        "at": ending.at.isoformat(),
        "agent": session.agent,
        "task_id": session.claim.task_id,
        "step": session.claim.step,
        "how": ending.how,
        "source": ending.source,
        "statements": 1,
        "seconds": ending.seconds,
        "fingerprint": fingerprint(normalise(session.query)),
    }
