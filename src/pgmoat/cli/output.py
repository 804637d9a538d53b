"""
What the terminal shows: colours for people, JSON for programs.

In: errors, findings, rows. Out: text. I/O: standard output and standard error.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import typer
from rich import markup
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from pgmoat.errors import Error
from pgmoat.model.action import Action, Cause, Change, Plan
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.names import OWN_SCHEMAS, WRITE_SCHEMA
from pgmoat.plan.render import Line, list_lines
from pgmoat.policy.load import LoadedPolicy

_FOLD_ABOVE = 3
_LINES_AT_A_TIME = 50
_NOT_ASCII = re.compile(r"[^\n -~]")
_CONTROLS = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_CHANGE_STYLE: dict[str, tuple[str, str]] = {
    Change.ADD: ("+", "green"),
    Change.CHANGE: ("~", "yellow"),
    Change.REMOVE: ("-", "red"),
}
_SEVERITY_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def escape(text: str) -> str:
    """
    Return *text* without markup of rich, and with control characters shown and not obeyed.

    Values, steps and settings come from agents: an escape sequence, a line break or a change of the writing
    direction among them would let an agent write on a person's terminal.
    """
    return markup.escape(show_controls(text))


def show_controls(text: str) -> str:
    """Return *text* with control characters shown and not obeyed, for a line without markup."""
    # Nothing printable is a control character. Few texts hold one, and a plan has tens of thousands of texts.
    return text if text.isprintable() else "".join(_show(character) for character in text)


def _show(character: str) -> str:
    is_control = unicodedata.category(character) in _CONTROLS
    return character.encode("unicode_escape").decode() if is_control else character


def print_json(data: Any) -> None:
    """Print *data* as indented JSON; dates and the like as text, control characters escaped."""
    text = json.dumps(data, indent=2, default=str, ensure_ascii=False)
    sys.stdout.write(_NOT_ASCII.sub(_escape_control, text) + "\n")


def _escape_control(match: re.Match[str]) -> str:
    """Return what a terminal obeys as JSON can write it, too; json.dumps does so for ASCII alone."""
    character = match[0]
    return json.dumps(character)[1:-1] if unicodedata.category(character) in _CONTROLS else character


def print_error(error: Error) -> None:
    """Print an error the way PostgreSQL does: message, detail, hint."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[bold red]error:[/] {escape(error.message)} [dim]({error.code})[/]")
    for line in error.detail.splitlines():
        console.print(escape(line))
    if error.hint:
        console.print(f"[bold]hint:[/] {escape(error.hint)}")


def print_findings(loaded: LoadedPolicy, findings: Iterable[Finding], *, stderr: bool = False) -> None:
    """Print findings, a line each, with their place in the policy."""
    _print_lines(
        Console(stderr=stderr, highlight=False, soft_wrap=True),
        [
            f"[{_SEVERITY_STYLE[found.severity]}]{found.severity.value}[/] {escape(loaded.describe(found))}"
            for found in findings
        ],
    )


def _print_lines(console: Console, lines: Sequence[str]) -> None:
    """Print lines of markup, many at a time: that takes half as long."""
    for start in range(0, len(lines), _LINES_AT_A_TIME):
        console.print("\n".join(lines[start : start + _LINES_AT_A_TIME]))


def print_plan(plan: Plan) -> None:
    """Print the plan as a diff: what is added, changed, removed, and what had drifted; findings last."""
    console = Console(highlight=False, soft_wrap=True)
    if plan.is_in_order:
        console.print("[green]in order[/]: nothing to do")
        return
    _print_lines(console, [_render_line(line) for line in fold_lines(list_lines(plan))])
    counts = Counter(action.change for action in plan.actions)
    drifted = sum(action.cause is Cause.DRIFT for action in plan.actions)
    console.print(
        f"[bold]{counts[Change.ADD]} to add, {counts[Change.CHANGE]} to change,"
        f" {counts[Change.REMOVE]} to remove[/]"
        + (f"; {drifted} of them for drift" if drifted else "")
        + (f"; {len(plan.findings)} to look at" if plan.findings else "")
    )


def _render_line(line: Line) -> str:
    mark, style = _CHANGE_STYLE.get(line.change, ("!", "yellow"))
    drift = " [magenta](drift)[/]" if line.cause == Cause.DRIFT else ""
    text = line.description.removeprefix("grant ").removeprefix("revoke ")
    description = f"[dim]: {escape(text)}[/]" if text else ""
    return f"[{style}]{mark} {line.kind}[/] {escape(line.name)}{drift}{description}"


def fold_lines(lines: Sequence[Line]) -> list[Line]:
    """Return *lines* with what every policy has, pgmoat's own functions and rights on them, counted."""
    folded: list[Line] = []
    for system, group in groupby(lines, _find_system):
        members = list(group)
        if system is not None and len(members) > _FOLD_ABOVE:
            change, kind = system
            folded.append(Line(change, "", f"{kind}s", f"{len(members)} of pgmoat's own", "see --sql"))
        else:
            folded += members
    return folded


def _find_system(line: Line) -> tuple[str, str] | None:
    """Return what lines about pgmoat's own functions and tables are counted by; None for all others."""
    name = line.name.replace('"', "")
    places = ("function ", "table ", "schema ") if line.kind == "grant" else ("",)
    is_own = line.kind in ("function", "grant") and any(
        name == place + schema or name.startswith(f"{place}{schema}.")
        for place in places
        for schema in OWN_SCHEMAS
    )
    is_fixed = not name.startswith(WRITE_SCHEMA)  # row functions belong to the policy
    return (line.change, line.kind) if is_own and is_fixed and line.cause == Cause.POLICY else None


def ask(question: str) -> None:
    """
    Ask a person, and go on only after a yes.

    Raises:
        Error: there is nobody to ask.
        typer.Abort: the answer was no.
    """
    if not sys.stdin.isatty():
        raise Error(
            "nobody to ask: standard input is no terminal", hint="Pass --yes to go on without asking."
        )
    typer.confirm(question, abort=True)


@contextmanager
def show_progress(total: int, *, quiet: bool) -> Generator[Callable[[Action], None]]:
    """Show a bar on standard error while actions are carried out; yield what tells it of each."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    ) as progress:
        bar = progress.add_task("applying", total=total)

        def advance(action: Action) -> None:
            progress.update(bar, advance=1, description=escape(f"{action.kind} {action.name}"))

        yield advance
