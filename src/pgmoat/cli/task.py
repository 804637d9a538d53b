"""
``pgmoat task open|show|list|close``.

In: agent and task ids. Out: a token, a table, JSON. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Annotated, Any, cast

import typer

from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.cli.table import print_table
from pgmoat.errors import Error
from pgmoat.ledger import tasks
from pgmoat.ledger.tree import Branch, grow_trees, walk
from pgmoat.policy.units import parse_milliseconds
from pgmoat.postgres.connect import connect, resolve_dsn

AgentArgument = Annotated[str, typer.Argument(help="The agent's name in the policy.")]
TaskArgument = Annotated[str, typer.Argument(help="The orchestrator's id for the task.")]


def build_app() -> typer.Typer:
    """Return the group of verbs under ``pgmoat task``."""
    app = typer.Typer(no_args_is_help=True, help="Open, look at and close tasks of agents.")
    app.command("open")(open_task)
    app.command("show")(show_task)
    app.command("list")(list_tasks)
    app.command("close")(close_task)
    return app


def open_task(
    agent: AgentArgument,
    task_id: TaskArgument,
    scope: Annotated[str, typer.Option(help="Scope of the task, as a JSON object.")] = "{}",
    duration: Annotated[
        str | None, typer.Option(help="At most this long: 30s, 10m. Default: the policy's.")
    ] = None,
    max_writes: Annotated[
        int | None, typer.Option(help="At most so many rows. Default: the policy's.")
    ] = None,
    parent: Annotated[
        str | None, typer.Option(help="The task that it is a child of, as AGENT/TASK_ID.")
    ] = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Open a task and print its token. The same id is the same task: its budget and deadline go on.

    The agent shows the token in each transaction: [bold]SELECT pgmoat.enter($1, 'step')[/], or for a whole
    session: [bold]PGOPTIONS="-c pgmoat.token=$(pgmoat task open fulfillment T-1)" psql ...[/]
    """
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        token = tasks.open_task(
            connection,
            agent,
            task_id,
            scope=_parse_scope(scope),
            duration_ms=_parse_duration(duration),
            max_writes=max_writes,
            parent=_parse_parent(parent),
        )
    if as_json:
        print_json({"agent": agent, "task_id": task_id, "token": token})
    else:
        sys.stdout.write(token + "\n")


def show_task(
    agent: AgentArgument, task_id: TaskArgument, dsn: DsnOption = None, as_json: JsonOption = False
) -> None:
    """Show one task: its state, what it has used, its deadline."""
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        status = tasks.read_task(connection, agent, task_id)
    if as_json:
        print_json(asdict(status))
    else:
        print_table(("", ""), asdict(status).items())


def list_tasks(
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only tasks that may still go on.")] = False,
    as_tree: Annotated[bool, typer.Option("--tree", help="Children below their parents.")] = False,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tasks, newest first."""
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        found = tasks.read_tasks(connection, agent=agent, only_open=only_open)
    trees = grow_trees(found) if as_tree else tuple(Branch(status, ()) for status in found)
    if as_json:
        print_json([_describe(tree) if as_tree else asdict(tree.status) for tree in trees])
        return
    print_table(
        ("agent", "task", "state", "rows", "of", "left", "opened", "deadline"),
        (
            (
                s.agent,
                "  " * level + s.task_id,
                s.state if s.stopped_by is None else f"{s.state} with {s.stopped_by}",
                s.rows_used,
                s.max_rows,
                s.rows_left,
                f"{s.opened_at:%F %T}",
                f"{s.deadline:%F %T}",
            )
            for level, s in walk(trees)
        ),
    )


def close_task(agent: AgentArgument, task_id: TaskArgument, dsn: DsnOption = None) -> None:
    """Close a task and all below it: their tokens are refused from then on."""
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        was_open = tasks.close_task(connection, agent, task_id)
    sys.stdout.write("closed\n" if was_open else "it was closed already\n")


def _describe(branch: Branch) -> dict[str, Any]:
    return asdict(branch.status) | {"children": [_describe(child) for child in branch.children]}


def _parse_parent(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    agent, slash, task_id = text.partition("/")
    if not (agent and slash and task_id):
        raise Error("--parent is no AGENT/TASK_ID", hint="Write it like fulfillment/T-1.")
    return agent, task_id


def _parse_scope(text: str) -> dict[str, Any]:
    try:
        scope = json.loads(text)
    except json.JSONDecodeError as error:
        raise Error(f"--scope is no JSON: {error}") from error
    if not isinstance(scope, dict):
        raise Error("--scope is no JSON object", hint='Write it like {"customer_id": 42}.')
    return cast(dict[str, Any], scope)


def _parse_duration(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_milliseconds(text)
    except ValueError as error:
        raise Error(f"--duration: {error}") from error
