"""
How long the embedded server takes from nothing to its first answer.

In: none. Out: Report. I/O: starts servers of its own, in temporary directories.
"""

from __future__ import annotations

import statistics
import time

from bench.measure import Scale, Spread
from bench.report import Report, Table
from bench.scratch import Scratch
from pgmoat.devpg.server import start
from pgmoat.postgres.connect import connect


def measure_cold_start(_scratch: Scratch, scale: Scale) -> Report:
    """Time ``start()``, which makes a new data directory, up to the first query's answer."""
    rounds = [_time_start() for _ in range(scale.pick(5, 1))]
    return Report(
        "Cold start of the embedded server",
        (
            "`pgmoat.devpg.server.start()` with a new data directory, up to the answer to `SELECT 1`, with "
            "the wheel's newest PostgreSQL. The server that the other measurements use plays no part.",
        ),
        (
            Table(
                "",
                ("from start() to the first answer", "wall s"),
                (("new data directory", Spread(statistics.median(rounds), min(rounds), max(rounds))),),
            ),
        ),
    )


def _time_start() -> float:
    started = time.perf_counter()
    with start() as server, connect(server.dsn) as connection:
        connection.execute("SELECT 1").fetchone()
        return time.perf_counter() - started
