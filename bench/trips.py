"""
Time calls, and count what each sends.

In: calls, each with its connection. Out: Table. I/O: PostgreSQL, /proc.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Scale, Spread, read_cpu_ns
from bench.report import Cell, Table
from bench.wire import Traffic, count_traffic

_TRACED = 20  # calls whose messages are counted
_TO_THE_FIRST = MappingProxyType({"ratio": 0})


@dataclass(frozen=True, slots=True)
class Trip:
    """One way to read or to write an order."""

    name: str
    connection: Connection[TupleRow]
    backend: int
    run: Callable[[], None]
    samples: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    # of wall, client's and server's processor time, in µs per call, a round each


def tabulate(
    title: str, trips: Sequence[Trip], scale: Scale, against: Mapping[str, int] = _TO_THE_FIRST
) -> Table:
    """Return a row per trip; *against*: columns of ratios, and the number of the trip that each is to."""
    executions = scale.pick(150, 5)
    traffic: list[Traffic] = []
    for trip in trips:
        for _ in range(scale.pick(20, 8)):
            trip.run()
        traffic.append(count_traffic(trip.connection, trip.run, scale.pick(_TRACED, 2)))
    for number in range(scale.rounds):
        for trip in reversed(trips) if number % 2 else trips:
            trip.samples.append(_time(trip, executions))
    rows = [
        _make_row(trip, found, [trips[number] for number in against.values()], scale)
        for trip, found in zip(trips, traffic, strict=True)
    ]
    counts, times = ("call", "round trips", "statements"), ("client CPU µs", "server CPU µs")
    return Table(title, (*counts, "wall µs", *against, *times, *against), tuple(rows))


def _make_row(trip: Trip, found: Traffic, baselines: Sequence[Trip], scale: Scale) -> tuple[Cell, ...]:
    wall, client, server = (statistics.median(values) for values in zip(*trip.samples, strict=True))
    return (
        trip.name,
        _as_count(found.round_trips),
        _as_count(found.statements),
        wall,
        *[_divide(trip, baseline, 0) for baseline in baselines],
        client,
        server if scale.is_cpu_known else None,
        *[_divide(trip, baseline, 2) if scale.is_cpu_known else None for baseline in baselines],
    )


def _as_count(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _divide(trip: Trip, baseline: Trip, which: int) -> Spread:
    ratios = [
        one[which] / other[which] if other[which] else 0.0
        for one, other in zip(trip.samples, baseline.samples, strict=True)
    ]
    return Spread(statistics.median(ratios), min(ratios), max(ratios))


def _time(trip: Trip, executions: int) -> tuple[float, float, float]:
    time.sleep(0.001)  # the server's clock is up to date when it waits
    server, client = read_cpu_ns(trip.backend) or 0, time.process_time_ns()
    wall = time.perf_counter_ns()
    for _ in range(executions):
        trip.run()
    wall = time.perf_counter_ns() - wall
    client = time.process_time_ns() - client
    time.sleep(0.001)
    server = (read_cpu_ns(trip.backend) or 0) - server
    return (wall / executions / 1000, client / executions / 1000, server / executions / 1000)
