"""
``pgmoat freeze`` and ``pgmoat thaw``.

In: an agent, maybe one of its tasks. Out: what was done. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pgmoat.cli.options import DsnOption
from pgmoat.cli.task import AgentArgument
from pgmoat.errors import Error
from pgmoat.ledger.freeze import freeze_agent, freeze_task, thaw_agent, thaw_task
from pgmoat.postgres.connect import connect, resolve_dsn

TaskOption = Annotated[
    str | None, typer.Option("--task", help="Only this task of the agent, and all below it.")
]


def freeze(
    agent: AgentArgument,
    task: TaskOption = None,
    reason: Annotated[str, typer.Option(help="Why; the agent is told.")] = "",
    hard: Annotated[
        bool, typer.Option("--hard", help="Also take its LOGIN and end all its sessions, whatever they run.")
    ] = False,
    dsn: DsnOption = None,
) -> None:
    """
    Freeze an agent, or one of its tasks: its next statement and its next COMMIT are refused.

    Example: [bold]pgmoat freeze fulfillment --reason "wrong prices since noon"[/]
    """
    if hard and task is not None:
        raise Error("--hard is for a whole agent, not for --task")
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        if task is not None:
            report = freeze_task(connection, agent, task, reason)
        else:
            report = freeze_agent(connection, agent, reason, hard=hard)
    subject = f"task {task} of {agent}" if task is not None else f"agent {agent}"
    sys.stdout.write(f"{subject} {'is frozen' if report.changed else 'was frozen already'}\n")
    if report.ended_pids:
        sys.stdout.write(f"ended {len(report.ended_pids)} of its sessions\n")
    if report.hidden_sessions:
        sys.stderr.write(
            f"{report.hidden_sessions} of its sessions could not be ended, and go on until their next"
            " statement: freeze as who applies, or as a member of pg_read_all_stats and pg_signal_backend\n"
        )
    if report.login_kept:
        raise Error(
            f"agent {agent} is frozen; its login could not be taken: {report.login_kept}",
            hint="--hard needs the right to alter the role: freeze as who applies. The freeze holds.",
        )


def thaw(agent: AgentArgument, task: TaskOption = None, dsn: DsnOption = None) -> None:
    """Thaw an agent, or one of its tasks."""
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        report = thaw_task(connection, agent, task) if task is not None else thaw_agent(connection, agent)
    subject = f"task {task} of {agent}" if task is not None else f"agent {agent}"
    sys.stdout.write(f"{subject} {'is thawed' if report.changed else 'was not frozen'}\n")
