"""
Time cases against each other, in alternating rounds.

In: Cases. Out: Timings, medians and ratios. I/O: PostgreSQL, /proc.

The server's CPU time of one backend is what a noisy machine disturbs least; the wall time is the client's.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

_WARM_UP = 10  # a prepared statement gets its generic plan at the sixth execution


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure, whether the server's CPU time can be read, and where rivals are."""

    is_quick: bool
    is_cpu_known: bool
    rivals: Path | None = None  # a folder of other MCP servers

    def pick(self, full: int, quick: int) -> int:
        """Return *full*, or *quick* for a run that only shows that everything works."""
        return quick if self.is_quick else full

    @property
    def rounds(self) -> int:
        """How often each case has its turn."""
        return self.pick(9, 2)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to time: what *run* does once on *connection*."""

    name: str
    connection: Connection[TupleRow]
    run: Callable[[], None]
    is_one_transaction: bool = False  # all executions of a round in one
    token: str = ""  # with is_one_transaction: of the task to enter


@dataclass(frozen=True, slots=True)
class Spread:
    """A median and the range that it comes from."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Timing:
    """What one case took per execution, in microseconds, a figure per round."""

    name: str
    cpu_us: tuple[float, ...]  # empty when the server's CPU time cannot be read
    wall_us: tuple[float, ...]

    @property
    def best_known(self) -> tuple[float, ...]:
        """CPU time where it is known, else wall time."""
        return self.cpu_us or self.wall_us


def divide(timing: Timing, baseline: Timing, *, by_wall: bool = False) -> Spread:
    """Return how many times *baseline* the timing is: the median over rounds of the same round's ratio."""
    if by_wall:
        pairs = zip(timing.wall_us, baseline.wall_us, strict=True)
    else:
        pairs = zip(timing.best_known, baseline.best_known, strict=True)
    ratios = [one / other for one, other in pairs]
    return Spread(statistics.median(ratios), min(ratios), max(ratios))


def read_cpu_ns(pid: int) -> int | None:
    """Return the CPU time that process *pid* has had, or None when this machine does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def has_cpu_clock(connection: Connection[TupleRow]) -> bool:
    """Whether the backend's CPU time can be read here: it must grow when the backend works."""
    pid = connection.info.backend_pid
    before = read_cpu_ns(pid)
    connection.execute("SELECT count(*) FROM pg_catalog.generate_series(1, 200000)")
    after = read_cpu_ns(pid)
    return before is not None and after is not None and after - before > 1_000_000


def measure(cases: Sequence[Case], scale: Scale, *, executions: int, warm_up: int = _WARM_UP) -> list[Timing]:
    """Return a timing per case; every other round goes through them backwards."""
    samples: list[list[tuple[float, float]]] = [[] for _ in cases]
    for case in cases:
        _time(case, min(warm_up, executions))
    for number in range(scale.rounds):
        order = list(zip(cases, samples, strict=True))
        for case, taken in reversed(order) if number % 2 else order:
            taken.append(_time(case, executions))
    return [
        Timing(
            case.name,
            tuple(cpu for cpu, _ in taken) if scale.is_cpu_known else (),
            tuple(wall for _, wall in taken),
        )
        for case, taken in zip(cases, samples, strict=True)
    ]


def enter_task(connection: Connection[TupleRow], token: str) -> None:
    """Enter a task for the rest of the transaction."""
    connection.execute("SELECT pgmoat.enter(%s, 'bench', 'bench')", [token])


def _time(case: Case, executions: int) -> tuple[float, float]:
    """Return CPU and wall time of one execution in microseconds."""
    pid = case.connection.info.backend_pid
    with contextlib.ExitStack() as stack:
        if case.is_one_transaction:
            stack.enter_context(case.connection.transaction())
        if case.token:
            enter_task(case.connection, case.token)
        _settle(case.connection)
        cpu, wall = read_cpu_ns(pid) or 0, time.perf_counter_ns()
        for _ in range(executions):
            case.run()
        wall = time.perf_counter_ns() - wall
        _settle(case.connection)
        cpu = (read_cpu_ns(pid) or 0) - cpu
    return cpu / executions / 1000, wall / executions / 1000


def _settle(connection: Connection[TupleRow]) -> None:
    """Wait until the backend waits for us: its clock stands still, and is up to date, only then."""
    if connection.info.transaction_status is psycopg.pq.TransactionStatus.ACTIVE:
        raise AssertionError("a case left its connection busy")
    time.sleep(0.001)
