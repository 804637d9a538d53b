"""
Plan and apply over many tables and agents, as a user meets them: the command line in a process of its own.

In: Scratch. Out: Report. I/O: processes, PostgreSQL, a temporary directory.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.estate import Estate, render_policy
from bench.measure import Scale, Spread
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch
from pgmoat.postgres.connect import connect

_IN_ORDER, _CHANGES = 0, 2
_KILOBYTES_PER_MEGABYTE = 1024


@dataclass(frozen=True, slots=True)
class _Run:
    """What one process took."""

    wall_s: float
    user_s: float
    system_s: float
    peak_mb: float


def measure_scale(scratch: Scratch, scale: Scale) -> Report:
    """Time the first plan, apply, a plan with nothing to do and one after a change of one line."""
    estate = Estate(scale.pick(1_000, 20), scale.pick(50, 4), scale.pick(100, 10))
    database = scratch.create("scale")
    database.run_file("create_estate", tables=estate.tables, people=PEOPLE)
    database.vacuum()
    rounds = scale.pick(5, 1)
    with tempfile.TemporaryDirectory(prefix="pgmoatbench_") as folder:
        policy, changed = Path(folder) / "moat.yaml", Path(folder) / "changed.yaml"
        policy.write_text(render_policy(estate), encoding="utf-8")
        changed.write_text(render_policy(estate, doc="What one line says."), encoding="utf-8")
        plan = ("plan", "--check")
        rows = [
            _tabulate("first plan", [_run(database, policy, _CHANGES, *plan) for _ in range(rounds)]),
            _tabulate("apply", [_run(database, policy, _IN_ORDER, "apply", "--yes")]),
            _tabulate(
                "second plan, nothing to do",
                [_run(database, policy, _IN_ORDER, *plan) for _ in range(rounds)],
            ),
            _tabulate(
                "plan after a change of one line",
                [_run(database, changed, _CHANGES, *plan) for _ in range(rounds)],
            ),
        ]
        size = policy.stat().st_size
    return Report(
        f"Plan and apply over {estate.tables:,} tables and {estate.agents} agents",
        (
            f"Each table has 8 columns, one with a value map, and a foreign key; a third is soft-deleted. "
            f"Each agent has access to {estate.entities_per_agent} entities and writes a quarter of them. "
            f"The policy has {size / 1000:,.0f} kB. {_count_objects(database)}",
            "`python -m pgmoat` in a process of its own, from its start to its end; user, system and memory "
            f"are its own, without the server's. Rounds: {rounds}; apply, which plans twice, once.",
        ),
        (Table("", ("command", "wall s", "user s", "system s", "peak memory MB"), tuple(rows)),),
    )


def _run(database: Database, policy: Path, expected: int, *arguments: str) -> _Run:
    command = (sys.executable, "-m", "pgmoat", *arguments, str(policy))
    started = time.perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, "PGMOAT_DSN": database.dsn}, stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        raise AssertionError(f"pgmoat {' '.join(arguments)} ended with {process.returncode}, not {expected}")
    # Linux counts kilobytes, macOS bytes.
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return _Run(wall_s, usage.ru_utime, usage.ru_stime, kilobytes / _KILOBYTES_PER_MEGABYTE)


def _tabulate(name: str, runs: list[_Run]) -> tuple[Cell, ...]:
    walls = [run.wall_s for run in runs]
    return (
        name,
        Spread(statistics.median(walls), min(walls), max(walls)),
        statistics.median(run.user_s for run in runs),
        statistics.median(run.system_s for run in runs),
        max(run.peak_mb for run in runs),
    )


def _count_objects(database: Database) -> str:
    """Return what apply made, in words."""
    with connect(database.dsn) as connection:
        counts = dict(
            connection.execute("SELECT o.kind, count(*) FROM pgmoat.object AS o GROUP BY 1").fetchall()
        )
    return (
        f"Apply makes {counts['view']:,} views, {counts['table']:,} tables, {counts['function']:,} functions "
        f"and gives privileges by {counts['grant']:,} statements."
    )
