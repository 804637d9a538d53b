"""
``pgmoat usage``: who took the database's time, from what the watchdog recorded.

In: a window, maybe an agent, a task, a step. Out: a sentence and a table, JSON. I/O: PostgreSQL, the
terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import psycopg
import typer

from pgmoat.accounting.drill import Use, read_statements, read_steps, read_tasks
from pgmoat.accounting.share import Accounting, Share, describe_share, read_accounting
from pgmoat.accounting.window import Window, read_window
from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json, show_controls
from pgmoat.cli.rights import reading_as_monitor
from pgmoat.cli.table import print_table
from pgmoat.errors import Error
from pgmoat.ledger.agents import check_agent
from pgmoat.model.count import describe_count
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn

_NONE_NAMED = "(none named)"
_WAITS_SHOWN = 3
_TEXT_SHOWN = 200
_DROPPABLE = ("idle in tx", "statements", "unfinished", "cut off", "conns", "refused", "written")
_HEADERS = {"task_id": "task", "step": "step", "text": "statement"}


def usage(
    since: Annotated[str, typer.Option(help="How far back: 10m, 2h, 7d.")] = "1h",
    agent: Annotated[str | None, typer.Option(help="This agent's time, by task.")] = None,
    task: Annotated[str | None, typer.Option(help="This task's, by step; '': what named none.")] = None,
    step: Annotated[str | None, typer.Option(help="This step's, by statement; '': what named none.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many tasks, steps or statements.")] = 50,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show who took the database's time: agents and everybody else, how sure that is, what they waited for.

    It is what pgmoat watch recorded. Further down: [bold]pgmoat usage --agent X --task T --step S[/]
    """
    if (task is not None and agent is None) or (step is not None and task is None):
        raise Error("--task is for one --agent, and --step for one --task")
    with reading_as_monitor(), connect(resolve_dsn(dsn, os.environ)) as connection:
        window = read_window(connection, parse_age(since), limit)
        accounting = read_accounting(connection, window.since, window.until)
        rows: Sequence[Use] = ()
        if agent is not None:
            rows = _read_rows(connection, agent, task, step, window)
            if agent and not rows:
                check_agent(connection, agent)
    if as_json:
        print_json(_make_json(accounting, agent, rows))
        return
    _print_head(accounting, agent)
    if agent is None:
        _print_shares(accounting)
    else:
        _print_rows(rows)


def parse_age(text: str) -> timedelta:
    """
    Return what ``--since`` says.

    Raises:
        Error: not a duration.
    """
    try:
        return timedelta(milliseconds=parse_milliseconds(text))
    except ValueError as error:
        raise Error(f"--since: {error}") from error


def _read_rows(
    connection: psycopg.Connection[Any], agent: str, task: str | None, step: str | None, window: Window
) -> Sequence[Use]:
    if task is None:
        return read_tasks(connection, agent, window)
    if step is None:
        return read_steps(connection, agent, task or None, window)
    return read_statements(connection, agent, window, task_id=task or None, step=step or None)


def _make_json(accounting: Accounting, agent: str | None, rows: Sequence[Use]) -> dict[str, Any]:
    data = asdict(accounting)
    shares: list[dict[str, Any]] = data.pop("shares")
    if agent is None:
        return {**data, "shares": shares}
    return {**data, "share": asdict(accounting.share_of(agent)), "parts": [asdict(row) for row in rows]}


def _print_head(accounting: Accounting, agent: str | None) -> None:
    if agent is None:
        agents = [share.agent for share in accounting.shares if share.agent and share.seconds]
        agent = agents[0] if agents else ""
    sys.stdout.write(show_controls(describe_share(accounting, agent)) + "\n")
    sys.stdout.write(describe_coverage(accounting) + "\n\n")


def describe_coverage(accounting: Accounting) -> str:
    """Return for how much of the window somebody looked."""
    minutes = (accounting.until - accounting.since).total_seconds() / 60
    looks = describe_count(accounting.samples, "look")
    text = f"{accounting.covered_seconds / 60:.0f} min of {minutes:.0f} seen, in {looks}"
    if not accounting.covered_seconds:
        return text + ": pgmoat watch was not running"
    text += f"; time from {accounting.source}, waits from samples"
    if accounting.hidden:
        text += f"; {describe_count(accounting.hidden, 'session')} could not be seen into"
    return text


def _print_shares(accounting: Accounting) -> None:
    rows = [_describe_share(share) for share in accounting.shares]
    # What nobody has any of would only make the table too wide for the terminal.
    names = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    if names:
        print_table(names, ([row[name] for name in names] for row in rows), _DROPPABLE)


def _describe_share(share: Share) -> dict[str, object]:
    return {
        "agent": share.agent or "everybody else",
        "share": f"{render_percent(share.share)} ± {share.error * 100:.1f}",
        "seconds": f"{share.seconds:.1f}",
        "waits": render_waits(share.waits),
        "idle in tx": _render_seconds(share.idle_seconds),
        "cut off": _render_seconds(share.cut_seconds),
        "conns": share.connections,
        "statements": share.statements,
        "written": share.rows_written,
        "refused": share.refused,
        "unfinished": share.unfinished,
    }


def _print_rows(rows: Sequence[Use]) -> None:
    if not rows:
        sys.stdout.write("nothing was recorded of it\n")
        return
    names = [name for name in ("task_id", "step", "text") if hasattr(rows[0], name)]
    print_table(
        (*(_HEADERS[name] for name in names), "share of agent", "seconds", "waits", "idle in tx"),
        (
            (
                *(_name_part(row, name) for name in names),
                f"{render_percent(row.share)} ± {row.error * 100:.1f}",
                f"{row.seconds:.1f}",
                render_waits(row.waits),
                _render_seconds(row.idle_seconds),
            )
            for row in rows
        ),
        ("idle in tx",),
    )


def _name_part(row: Use, name: str) -> str:
    value = getattr(row, name)
    if value is None:
        return "(text not kept)" if name == "text" else _NONE_NAMED
    return str(value)[:_TEXT_SHOWN]


def _render_seconds(seconds: float) -> str:
    return f"{seconds:.1f}" if seconds else ""


def render_percent(share: float) -> str:
    """Return a share as people read it."""
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"


def render_waits(waits: Mapping[str, float]) -> str:
    """Return what most of the time went into, in percent."""
    total = sum(waits.values())
    most = sorted(waits.items(), key=lambda item: (-item[1], item[0]))[:_WAITS_SHOWN]
    return ", ".join(f"{name} {seconds / total * 100:.0f} %" for name, seconds in most if seconds > 0)
