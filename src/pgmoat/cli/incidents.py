"""
``pgmoat incidents``: what the watchdog did, and people by hand.

In: filters. Out: a table, JSON. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated

import typer

from pgmoat.cli.history import parse_since
from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.cli.rights import reading_as_monitor
from pgmoat.cli.table import print_table
from pgmoat.ledger.agents import check_agent
from pgmoat.ledger.incidents import IncidentEntry, IncidentFilter, read_incidents
from pgmoat.postgres.connect import connect, resolve_dsn

_QUERY_SHOWN = 120


def incidents(
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    since: Annotated[str | None, typer.Option(help="Not older than: 10m, 2h, 7d.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show what the watchdog did, and people by hand, newest first: to whom, why, and what was found.

    Example: [bold]pgmoat incidents --agent fulfillment --since 1h[/]
    """
    wanted = IncidentFilter(agent=agent, since=parse_since(since), limit=limit)
    with reading_as_monitor(), connect(resolve_dsn(dsn, os.environ)) as connection:
        entries = read_incidents(connection, wanted)
        if agent is not None and not entries:
            check_agent(connection, agent)
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    print_table(
        ("when", "agent", "task", "step", "kind", "action", "limit", "found", "what"),
        (
            (
                f"{entry.at:%F %T}",
                entry.agent,
                entry.task_id,
                entry.step,
                entry.kind,
                entry.action,
                entry.detail.get("limit"),
                entry.detail.get("found"),
                _describe(entry),
            )
            for entry in entries
        ),
        ("step", "found", "limit", "task", "action"),
    )


def _describe(entry: IncidentEntry) -> str:
    """Return what it was about, why it failed, if it did, and who did it why, if a person did."""
    detail = entry.detail
    about = (detail.get(key) for key in ("query", "setting", "gid", "signal", "operation"))
    subject = str(next(filter(None, about), ""))[:_QUERY_SHOWN]
    if entry.held_number is not None:
        subject = f"No. {entry.held_number} {subject}"
    notes = [str(detail[key]) for key in ("why", "reason") if detail.get(key)]
    if entry.who:
        notes.append(f"by {entry.who}")
    return f"{subject} ({'; '.join(notes)})".strip() if notes else subject
