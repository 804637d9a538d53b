"""
The clock: deadlines of tasks are the server's.

In: a connection, this machine's clock. Out: ClockFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE
from pgmoat.postgres.sqlfile import load_sql

TOLERATED_S = 2.0
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """How far the server's clock is ahead of this machine's; the truth is within *uncertainty_s*."""

    ahead_s: float
    uncertainty_s: float


def read_clock(connection: Connection[Any], now: Callable[[], float] = time.time) -> ClockFacts:
    """Return the difference of the clocks, from the quickest of some questions."""
    return min((_ask(connection, now) for _ in range(_TRIES)), key=lambda facts: facts.uncertainty_s)


def _ask(connection: Connection[Any], now: Callable[[], float]) -> ClockFacts:
    before = now()
    row = connection.execute(load_sql(PACKAGE, "read_clock")).fetchall()[0]
    after = now()
    return ClockFacts(float(row[0]) - (before + after) / 2, (after - before) / 2)


def _judge_clock(facts: ClockFacts) -> Iterator[Remark]:
    if abs(facts.ahead_s) > TOLERATED_S + facts.uncertainty_s:
        way = "ahead of" if facts.ahead_s > 0 else "behind"
        yield Remark(
            Status.WARNING,
            f"the server's clock is {abs(facts.ahead_s):.1f} s {way} this machine's: tasks"
            " end earlier or later than"
            " an orchestrator here believes, and times in the history differ from its log",
            "synchronise both by NTP: timedatectl set-ntp true, or chronyc makestep",
        )


CHECKS: tuple[Check[ClockFacts], ...] = (
    Check(Area.CLOCK, "doctor-clock", "this machine's clock and the server's agree", _judge_clock),
)
