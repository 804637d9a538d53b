"""
``pgmoat blast --prove``: try what is claimed, and show what came of it.

In: a blast radius, DSNs. Out: a proof, on the terminal. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pgmoat.cli.output import escape
from pgmoat.errors import Error
from pgmoat.postgres.connect import Dsn, connect
from pgmoat.postgres.dsn import normalize_dsn
from pgmoat.report.blast.compare import Proof
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.proof_text import render_proof
from pgmoat.report.blast.prove import prove

ProveOption = Annotated[
    bool,
    typer.Option(
        "--prove",
        help="Try each claim, and all that is not claimed, as that role; nothing stays. Exit with 2 at any"
        " difference.",
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="DSN", help="With --prove: log in as the role, if --dsn is no superuser."),
]


def check_proof_options(*, sql: bool, prove: bool, as_role: str | None) -> None:
    """
    Refuse options that do not go together.

    Raises:
        Error: they do not.
    """
    if sql and prove:
        raise Error("--sql and --prove exclude each other")
    if as_role is not None and not prove:
        raise Error("--as goes with --prove")


def run_proof(blast: Blast, dsn: Dsn, as_role: str | None, *, quiet: bool) -> Proof:
    """
    Return the proof of *blast*, tried by a login of *as_role*, or without it by a session of *dsn*.

    Raises:
        ConnectionFailedError: no connection, or one that cannot become the role.
    """
    as_dsn = None if as_role is None else normalize_dsn(as_role, "--as")
    with (
        connect(dsn) as reader,
        connect(as_dsn or dsn) as actor,
        nullcontext(None) if quiet else _show_progress() as on_progress,
    ):
        return prove(blast, reader, actor, on_progress=on_progress)


def print_proof(proof: Proof) -> None:
    """Print what differs, what could not be tried and why, and how much is proven."""
    console = Console(highlight=False, soft_wrap=True)
    for style, text in render_proof(proof):
        console.print(f"[{style}]{escape(text)}[/]" if style else escape(text))


@contextmanager
def _show_progress() -> Generator[Callable[[int], None]]:
    """Show on standard error how many statements were tried; yield what tells it."""
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("tried {task.completed} statements"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        bar = progress.add_task("trying", total=None)
        yield lambda count: progress.update(bar, advance=count)
