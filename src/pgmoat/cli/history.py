"""
``pgmoat history``: what agents wrote.

In: filters. Out: a table, JSON. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.cli.rights import reading_as_monitor
from pgmoat.cli.table import print_table
from pgmoat.errors import Error
from pgmoat.ledger.agents import check_agent
from pgmoat.ledger.history import HistoryEntry, HistoryFilter, read_history
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn


class Operation(StrEnum):
    """What an agent did to a row."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


def history(
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    task: Annotated[str | None, typer.Option(help="Only this task's.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only rows of this entity.")] = None,
    operation: Annotated[Operation | None, typer.Option(help="Only this kind of write.")] = None,
    since: Annotated[str | None, typer.Option(help="Not older than: 10m, 2h, 7d.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 100,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show what agents wrote, newest first: who, in which task and step, before and after, why.

    Everything agent X deleted: [bold]pgmoat history --agent X --operation delete[/]
    """
    wanted = HistoryFilter(
        agent=agent,
        task_id=task,
        entity=entity,
        operation=operation.value if operation else None,
        since=parse_since(since),
        limit=limit,
    )
    with reading_as_monitor(), connect(resolve_dsn(dsn, os.environ)) as connection:
        entries = read_history(connection, wanted)
        if agent is not None and not entries:
            check_agent(connection, agent)
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    print_table(
        ("when", "agent", "task", "step", "entity", "operation", "key", "what", "reason"),
        (
            (
                f"{entry.at:%F %T}",
                entry.agent,
                entry.task_id,
                entry.step,
                entry.entity,
                entry.operation,
                _describe_values(entry.key or {}),
                _describe_change(entry),
                entry.reason,
            )
            for entry in entries
        ),
        ("step", "task", "key", "operation"),
    )


def parse_since(text: str | None) -> datetime | None:
    """
    Return the moment that an age such as ``2h`` leads back to.

    Raises:
        Error: not a duration.
    """
    if text is None:
        return None
    try:
        age_ms = parse_milliseconds(text)
    except ValueError as error:
        raise Error(f"--since: {error}") from error
    return datetime.now(UTC) - timedelta(milliseconds=age_ms)


def _describe_values(values: dict[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _describe_change(entry: HistoryEntry) -> str:
    if entry.operation == Operation.UPDATE:
        return ", ".join(f"{name}: {old} -> {new}" for name, (old, new) in entry.changed.items())
    values = entry.before if entry.operation == Operation.DELETE else entry.after
    return _describe_values({name: value for name, value in (values or {}).items() if value is not None})
