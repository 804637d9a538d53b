"""
``pgmoat demo``: see it hold, on a PostgreSQL of its own.

In: nothing. Out: a line per scenario, JSON. I/O: an embedded server, the terminal.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.console import Console

from pgmoat.cli.options import JsonOption
from pgmoat.cli.output import print_json
from pgmoat.demo.render import render_report, render_result
from pgmoat.demo.run import run_demo
from pgmoat.devpg.install import find_system_binaries

_WIDTH = 120


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the server running and print how to connect.")
    ] = False,
    system: Annotated[
        bool, typer.Option("--system", help="Use the machine's PostgreSQL instead of the embedded one.")
    ] = False,
    postgres: Annotated[
        Path | None, typer.Option(metavar="BIN_DIR", help="Use the PostgreSQL in this program directory.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """
    Let agents misbehave on a shop with legacy names, and see what PostgreSQL answers.

    Starts an embedded server, applies an example policy, tries what agents get wrong, each with its own role.
    Whether it held is read from the database, by another role. Exit code 1 if one was not held.
    """
    binaries = postgres or (find_system_binaries() if system else None)
    console = Console(highlight=False, width=find_width())
    quiet = Console(stderr=True, quiet=as_json)
    report = run_demo(
        keep=keep,
        binaries=binaries,
        progress=lambda text: quiet.print(f"[dim]{text} …[/]"),
        on_result=None if as_json else lambda result: console.print(render_result(result)),
    )
    if as_json:
        print_json(report.to_json())
    else:
        console.print(render_report(report, find_program()), soft_wrap=True)
    return 0 if report.all_held else 1


def find_width() -> int | None:
    """Return how wide lines are; None where a terminal or the environment says it."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH


def find_program() -> str:
    """Return what a shell runs pgmoat by: as it was run now, where it is not on the path."""
    if shutil.which("pgmoat") is not None:
        return "pgmoat"
    started = Path(sys.argv[0]).absolute()
    return f"{quote(sys.executable)} -m pgmoat" if started.name == "__main__.py" else quote(str(started))
