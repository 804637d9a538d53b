"""
The verb ``pgmoat top``.

In: how often to look, how far back. Out: a live screen; a table, JSON. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import psycopg
import typer

from pgmoat.cli.options import DsnOption
from pgmoat.cli.output import show_controls
from pgmoat.cli.rights import reading_as_monitor
from pgmoat.cli.table import print_table
from pgmoat.cli.top.live import run_live
from pgmoat.cli.top.read import Reader, prepare
from pgmoat.cli.top.screen import describe_watchdog
from pgmoat.cli.top.view import AgentLine, Slice, View
from pgmoat.cli.usage import describe_coverage, parse_age, render_percent, render_waits
from pgmoat.errors import Error
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn

_LEAST_MS, _MOST_MS = 200, 60_000
_QUERY_SHOWN = 120


def top(
    interval: Annotated[str, typer.Option(help="How often to look: 200ms to 60s.")] = "1s",
    since: Annotated[str, typer.Option(help="How far back the recorded column goes: 10m, 2h, 7d.")] = "1h",
    once: Annotated[bool, typer.Option("--once", help="Print one look as a table, and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object per interval.")] = False,
    dsn: DsnOption = None,
) -> None:
    """
    Show live who takes the database's time, agents and everybody else, and what agents' sessions run.

    Keys freeze, thaw, cancel and kill; ? shows them. It looks by itself, with or without a watchdog.
    """
    reader = Reader(timedelta(milliseconds=_parse_interval(interval)), parse_age(since))
    database = resolve_dsn(dsn, os.environ)
    if not once and not as_json:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise Error(
                "pgmoat top needs a terminal", hint="Pass --once for one table, or --json for a program."
            )
        with reading_as_monitor():
            run_live(lambda: connect(database, application_name="pgmoat top"), reader)
        return
    with reading_as_monitor(), connect(database, application_name="pgmoat top") as connection:
        prepare(connection)
        if as_json:
            try:
                _print_json(connection, reader, once=once)
            except BrokenPipeError:  # whoever read has seen enough; nor is there anybody to flush to at exit
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            print_view(reader.look(connection))


def print_view(view: View) -> None:
    """Print one frame as two tables."""
    head = f"{view.database}  {view.at:%F %T %Z}  load {view.load:.1f}  {describe_watchdog(view.watchdog)}"
    sys.stdout.write(show_controls(head) + "\n")
    record = "nothing recorded" if view.accounting is None else describe_coverage(view.accounting)
    sys.stdout.write(f"recorded: {record}\n\n")
    print_table(
        ("agent", "now", "waits", "recorded", "±", "conns", "frozen"),
        (
            (
                line.agent or "everybody else",
                render_percent(line.now.share),
                render_waits(line.now.waits),
                render_percent(line.recorded.share) if line.recorded else "-",
                render_percent(line.recorded.error) if line.recorded else "-",
                line.connections,
                line.frozen_reason or "yes" if line.is_frozen else "",
            )
            for line in view.agents
        ),
        ("±", "recorded", "conns"),
    )
    sys.stdout.write("\n")
    print_table(
        ("pid", "agent", "task", "step", "seconds", "wait", "query"),
        (
            (
                session.pid,
                session.agent,
                session.task_id,
                session.step,
                f"{session.running_seconds:.1f}",
                session.wait,
                session.query[:_QUERY_SHOWN],
            )
            for session in view.sessions
        ),
        ("wait", "step"),
    )


def _print_json(connection: psycopg.Connection[Any], reader: Reader, *, once: bool) -> None:
    while True:
        began = time.monotonic()
        sys.stdout.write(json.dumps(describe_view(reader.look(connection)), default=str) + "\n")
        sys.stdout.flush()
        if once:
            return
        time.sleep(max(0.0, began + reader.interval.total_seconds() - time.monotonic()))


def describe_view(view: View) -> dict[str, Any]:
    """Return a frame for programs."""
    return {
        "at": view.at.isoformat(),
        "database": view.database,
        "load": view.load,
        "watchdog": asdict(view.watchdog),
        "hidden": view.hidden,
        "agents": [_describe_line(line) for line in view.agents],
        "sessions": [asdict(session) for session in view.sessions],
    }


def _describe_line(line: AgentLine) -> dict[str, Any]:
    return {
        "agent": line.agent,
        "now": _describe_slice(line.now),
        "minute": _describe_slice(line.minute),
        "recorded": None if line.recorded is None else asdict(line.recorded),
        "connections": line.connections,
        "max_connections": line.max_connections,
        "is_frozen": line.is_frozen,
        "is_hard_frozen": line.is_hard_frozen,
        "frozen_reason": line.frozen_reason,
    }


def _describe_slice(part: Slice) -> dict[str, Any]:
    return {"seconds": part.seconds, "share": part.share, "waits": dict(part.waits)}


def _parse_interval(text: str) -> int:
    try:
        value = parse_milliseconds(text)
    except ValueError as error:
        raise Error(f"--interval: {error}") from error
    if not _LEAST_MS <= value <= _MOST_MS:
        raise Error(f"--interval: {text} is not between {_LEAST_MS}ms and {_MOST_MS}ms")
    return value
