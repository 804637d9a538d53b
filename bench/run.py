"""
Run the measurements and print what they found.

In: command line. Out: Markdown on standard output, JSON in a file. I/O: PostgreSQL, files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    cold_start,
    commits,
    decode,
    explain,
    fleet,
    guard,
    history,
    logs,
    mcp_calls,
    naming,
    operations,
    overhead,
    parallel,
    people,
    point_read,
    record,
    sampling,
    scale,
    scoped,
    sqlalchemy_overhead,
    writes,
)
from bench.measure import Scale, has_cpu_clock
from bench.report import Report, as_plain_data, render_markdown
from bench.scratch import SETTINGS, Scratch, open_server
from pgmoat.errors import Error
from pgmoat.postgres.connect import connect

MEASUREMENTS: tuple[tuple[str, Callable[[Scratch, Scale], Report]], ...] = (
    ("people", people.measure_people),
    ("point_read", point_read.measure_point_read),
    ("scoped", scoped.measure_scoped),
    ("decode", decode.measure_decode),
    ("writes", writes.measure_writes),
    ("logs", logs.measure_logs),
    ("operations", operations.measure_operations),
    ("sqlalchemy", sqlalchemy_overhead.measure_sqlalchemy),
    ("history", history.measure_history),
    ("parallel", parallel.measure_parallel),
    ("commits", commits.measure_commits),
    ("overhead", overhead.measure_overhead),
    ("fleet", fleet.measure_fleet),
    ("sampling", sampling.measure_sampling),
    ("record", record.measure_record),
    ("scale", scale.measure_scale),
    ("guard", guard.measure_guard),
    ("mcp", mcp_calls.measure_mcp),
    ("explain", explain.measure_explain),
    ("naming", naming.measure_naming),
    ("cold_start", cold_start.measure_cold_start),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 0, or 1 for an error."""
    options = _parse(arguments)
    try:
        with open_server(options.server) as dsn:
            _run(dsn, options)
    except Error as error:
        print(f"{error.code}: {error.message}\n{error.detail}\n{error.hint}".strip(), file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure pgmoat side by side with what it replaces."
    )
    parser.add_argument(
        "--server", default="wheel18", help="wheel18, wheel16, system15 or the like; or a superuser's DSN"
    )
    parser.add_argument(
        "--only", action="append", choices=[name for name, _ in MEASUREMENTS], help="may be given again"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here too")
    parser.add_argument(
        "--rivals",
        type=Path,
        metavar="FOLDER",
        help="other MCP servers, from bench/install_rivals.sh; else PGMOAT_BENCH_RIVALS",
    )
    parser.add_argument("--quick", action="store_true", help="show that it runs; the figures mean nothing")
    return parser.parse_args(arguments)


def _run(dsn: str, options: argparse.Namespace) -> None:
    with connect(dsn) as connection:
        rivals = options.rivals or os.environ.get("PGMOAT_BENCH_RIVALS")
        scale = Scale(
            is_quick=options.quick,
            is_cpu_known=has_cpu_clock(connection),
            rivals=Path(rivals) if rivals else None,
        )
    place = _describe_place(dsn, scale)
    print("\n".join(f"- {line}" for line in place), end="\n\n", flush=True)
    reports: dict[str, Report] = {}
    for name, measurement in MEASUREMENTS:
        if options.only and name not in options.only:
            continue
        started = time.monotonic()
        with Scratch(dsn) as scratch:
            reports[name] = measurement(scratch, scale)
        print(render_markdown(reports[name]), flush=True)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if options.json:
        found = {
            "place": place,
            "measurements": {name: as_plain_data(report) for name, report in reports.items()},
        }
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")


def _describe_place(dsn: str, scale: Scale) -> list[str]:
    """Return what a reader of the figures must know of server and machine."""
    with connect(dsn) as connection:
        row = connection.execute("SELECT pg_catalog.version()").fetchone()
        settings = connection.execute(
            "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings"
            " WHERE name = ANY (%s) ORDER BY name",
            [[*SETTINGS, "jit", "max_parallel_workers"]],
        ).fetchall()
    assert row is not None
    cpu = "" if scale.is_cpu_known else "; the server's CPU time cannot be read here, ratios are of wall time"
    lines = [
        str(row[0]).split(",")[0],
        ", ".join(f"{name} = {value}" for name, value in settings),
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs, "
        f"load {os.getloadavg()[0]:.2f} at the start, client on Python {platform.python_version()}{cpu}",
        f"medians of {scale.rounds} alternating rounds; behind a ratio, the lowest and the highest round",
    ]
    return [*lines, "**a quick run: the figures mean nothing**"] if scale.is_quick else lines
