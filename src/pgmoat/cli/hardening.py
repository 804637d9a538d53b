"""
Options and output of a hardening: what ``--harden`` and ``--soften`` name, and what they come to.

In: words, a Hardening. Out: Areas, text, JSON. I/O: the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from pgmoat.cli.output import escape, print_plan
from pgmoat.errors import Error
from pgmoat.harden.areas import Areas, parse_areas
from pgmoat.harden.make import HardenedPlan, Hardening
from pgmoat.harden.render import list_blocks
from pgmoat.harden.soften import Reopening
from pgmoat.model.closure import Closure

HardenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--harden",
        metavar="AREAS",
        help="Also close PUBLIC's ways: usual, all, or areas with commas between. May be given repeatedly.",
    ),
]
SoftenOption = Annotated[
    list[str] | None,
    typer.Option("--soften", metavar="AREAS", help="Give back to PUBLIC what --harden took in these areas."),
]


def read_areas(harden: Sequence[str] | None, soften: Sequence[str] | None) -> tuple[Areas, Areas]:
    """
    Return the areas to close and those to reopen.

    Raises:
        Error: a word is no area, or an area is to be both.
    """
    close, reopen = parse_areas(harden or (), "--harden"), parse_areas(soften or (), "--soften")
    both = sorted((close.names & reopen.names) | (close.databases & reopen.databases))
    if both:
        raise Error(f"{both[0]} cannot be hardened and softened at once")
    return close, reopen


def describe_hardening(hardening: Hardening) -> dict[str, Any]:
    """Return the closures as JSON has them."""
    return {
        "closures": [_describe_closure(closure) for closure in hardening.closures],
        "left_to_superuser": [_describe_closure(closure) for closure in hardening.left],
        "left_closed": [_describe_reopening(found) for found in hardening.left_open],
    }


def print_hardened_plan(hardened: HardenedPlan) -> None:
    """Print a block per closure: what it closes, who keeps it, the SQL, the revert; then the rest."""
    hardening = hardened.hardening
    console = Console(highlight=False, soft_wrap=True)
    _print_blocks(console, "to close", hardening.closures)
    _print_blocks(console, "left to a superuser or the owner, see --superuser-sql", hardening.left)
    for found in hardening.left_open:
        console.print(
            f"[yellow]! closure[/] {escape(f'{found.record.area} {found.object}')}[dim]: needs"
            f" {escape(found.needs)} to give it back, see --superuser-sql[/]"
        )
    if hardening.softening.actions:
        print_plan(hardened.planned.plan)
    elif not (hardening.closures and hardened.shown.is_in_order):
        print_plan(hardened.shown)


def _print_blocks(console: Console, title: str, closures: Sequence[Closure]) -> None:
    if not closures:
        return
    count = "1 way" if len(closures) == 1 else f"{len(closures)} ways"
    console.print(f"[bold]{count} {title}[/]")
    for head, lines in list_blocks(closures):
        console.print(f"[green]+ {escape(head)}[/]")
        for label, text in lines:
            console.print(f"  [dim]{label:<8}[/] {escape(text)}")


def _describe_closure(closure: Closure) -> dict[str, Any]:
    shown = asdict(closure)
    for name in ("taken", "given", "completes", "object_id", "part_id"):
        del shown[name]
    return shown


def _describe_reopening(found: Reopening) -> dict[str, Any]:
    return {
        "area": found.record.area,
        "object": found.object,
        "needs": found.needs,
        "sql": [sql for _, sql in found.statements],
    }
