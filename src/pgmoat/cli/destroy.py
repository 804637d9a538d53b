"""
``pgmoat destroy``: take away what pgmoat made.

In: a database. Out: what was done. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from psycopg import Connection

from pgmoat.catalog.actual import read_actual
from pgmoat.cli.apply import LockTimeoutOption, TriesOption, read_patience
from pgmoat.cli.options import DsnOption, JsonOption, YesOption
from pgmoat.cli.output import ask, print_json, print_plan, show_progress
from pgmoat.harden.make import plan_destroyed
from pgmoat.model.action import Plan
from pgmoat.model.objects import Wanted
from pgmoat.plan.apply import ApplyOptions, apply_plan, refuse_errors
from pgmoat.plan.destroy import count_hidden_rows
from pgmoat.plan.render import describe_plan
from pgmoat.postgres.connect import connect, resolve_dsn


def destroy(
    dsn: DsnOption = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also take the history and the soft-delete columns.")
    ] = False,
    yes: YesOption = False,
    lock_timeout: LockTimeoutOption = "2s",
    tries: TriesOption = 5,
    as_json: JsonOption = False,
) -> int:
    """
    Take away what pgmoat made: roles, views, functions, privileges. People's data stays as it is.

    The history and the soft-delete columns stay too, unless --everything is given. It needs no policy: the
    database knows what pgmoat made. What [bold]apply --harden[/] took from PUBLIC is given back.
    """
    target = resolve_dsn(dsn, os.environ)
    with connect(target) as connection, connect(target) as side_connection:

        def make_plan(reader: Connection[Any]) -> Plan:
            return plan_destroyed(reader, everything=everything)

        shown = make_plan(side_connection)
        if as_json:
            print_json(describe_plan(shown))
        else:
            print_plan(shown)
        refuse_errors(shown)
        if not shown.actions:
            return 0
        if everything:
            _warn_of_hidden_rows(side_connection)
        if not yes:
            ask("Take all this away?")
        with show_progress(len(shown.actions), quiet=as_json) as on_action:
            apply_plan(
                connection,
                side_connection,
                make_plan,
                shown=shown,
                options=ApplyOptions(patience=read_patience(lock_timeout, tries), on_action=on_action),
            )
    if not as_json:
        sys.stdout.write("destroyed\n")
    return 0


def _warn_of_hidden_rows(connection: Connection[Any]) -> None:
    for table, rows in count_hidden_rows(connection, read_actual(connection, Wanted())).items():
        if rows:
            sys.stderr.write(f"{rows} soft-deleted rows of {table} become ordinary rows again\n")
