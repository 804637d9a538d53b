"""
What ``pgmoat init`` says when it is done.

In: Proposal. Out: text, data for JSON. I/O: standard output and standard error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console

from pgmoat.cli.init_files import Target
from pgmoat.cli.output import escape
from pgmoat.model.count import describe_count
from pgmoat.report.draft.propose import Proposal
from pgmoat.report.draft.summary import Summary, summarize
from pgmoat.report.survey.kinds import KINDS

_MOST_LINES = 20
_DECIDE = "DECIDE"


def describe_proposal(target: Target, proposal: Proposal, *, written: bool) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "policy": str(target.path),
        "memory": str(target.memory_path),
        "written": written,
        "first": proposal.is_first,
        "summary": asdict(summarize(proposal.draft)),
        "left_out": [asdict(item) for item in proposal.draft.left_out],
        "added": [part.name for part in proposal.added],
        "not_added": [part.name for part in proposal.left],
        "vanished": list(proposal.vanished),
        "plan_errors": [_describe(error) for error in proposal.errors],
        "plan_warnings": proposal.warnings,
        "notes": list(proposal.draft.notes),
    }


def _describe(error: Any) -> dict[str, str]:
    return {"code": error.code, "path": error.dotted_path, "message": error.message, "hint": error.hint}


def print_proposal(target: Target, proposal: Proposal, *, stderr: bool) -> None:
    """Print the summary: what is in the file, what a person has to do, and what comes next."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    lines = _list_first(target, proposal) if proposal.is_first else _list_news(target, proposal)
    for line in (*lines, *_list_troubles(proposal), *_list_next(target, proposal, is_dry=stderr)):
        console.print(line)


def _list_first(target: Target, proposal: Proposal) -> Iterator[str]:
    found = summarize(proposal.draft)
    yield f"[bold]{escape(str(target.path))}[/]: a draft from database {escape(proposal.draft.database)}"
    yield ""
    width = max(len(label) for label, _ in _count(found))
    for label, value in (*_count(found), *_tell_plan(proposal)):
        shown = f"[bold yellow]{label:<{width}}[/]" if label == _DECIDE else f"{label:<{width}}"
        yield f"  {shown}  {value}"


def _tell_plan(proposal: Proposal) -> list[tuple[str, str]]:
    if proposal.errors:
        return []
    warnings = f", with {describe_count(proposal.warnings, 'warning')} to read" if proposal.warnings else ""
    return [("plan", f"passes{warnings}")]


def _count(found: Summary) -> list[tuple[str, str]]:
    hidden = ", ".join(f"{_name(kind)} {number}" for kind, number in found.hidden.items())
    maps = f"{found.decoded}" + (f", and {found.undecoded} with TODO words" if found.undecoded else "")
    left = f"{found.left_out}" + (
        f", and {describe_count(found.rejected, 'table')} that plan refuses" if found.rejected else ""
    )
    rows = [
        ("entities", f"{found.entities}, with {describe_count(found.columns, 'column')}"),
        ("hidden columns", f"{sum(found.hidden.values())}" + (f": {hidden}" if hidden else "")),
        ("value maps", maps),
        ("references", f"{found.references}"),
        ("soft deletes", f"{found.soft_deletes}"),
        ("left out", left),
        (
            "PUBLIC reaches",
            f"{describe_count(found.accepted, 'object')}, accepted for now" if found.accepted else "0",
        ),
        ("guesses", f"{found.guesses}"),
        (_DECIDE, f"{found.decisions}"),
    ]
    return [(label, value) for label, value in rows if value != "0"]


_SHORT = {"biometric": "photo", "belief": "origin or belief"}
"""Kinds by what such columns mostly are."""


def _name(kind: str) -> str:
    return _SHORT.get(kind, kind.replace("-", " ")) if kind in KINDS else escape(kind)


def _list_news(target: Target, proposal: Proposal) -> Iterator[str]:
    name = escape(str(target.path))
    if not proposal.added and not proposal.left:
        yield f"[green]{name} is up to date[/]: nothing is new in database {escape(proposal.draft.database)}"
    if proposal.added:
        yield f"[bold]{name}[/]: {describe_count(len(proposal.added), 'addition')}, all else as it was"
        yield from _list_some(
            [
                f"  [green]+[/] {escape(part.name)}" + (" [dim](as a comment)[/]" if part.is_comment else "")
                for part in proposal.added
            ]
        )
    if target.memory_is_broken:
        yield f"[yellow]{escape(str(target.memory_path))} cannot be read[/]: what is new stands in comments"
    elif target.memory is None and any(part.is_comment for part in proposal.added):
        yield f"[yellow]{escape(str(target.memory_path))} is missing[/]: what may be new stands in comments"


def _list_troubles(proposal: Proposal) -> Iterator[str]:
    if proposal.left:
        yield "[yellow]could not be added where it belongs; write it by hand:[/]"
        yield from _list_some([f"  {escape(part.name)}" for part in proposal.left])
    if proposal.vanished:
        yield "[yellow]gone from the database; take it out of the file, or plan fails:[/]"
        yield from _list_some([f"  {escape(line)}" for line in proposal.vanished])
    if proposal.errors:
        yield "[yellow]plan will refuse until this is mended:[/]"
        lines = (
            f"  {escape(error.message)}" + (f" [dim]({escape(error.hint)})[/]" if error.hint else "")
            for error in proposal.errors
        )
        yield from _list_some(list(dict.fromkeys(lines)))  # of a schema it is said for each of its tables
    for note in proposal.draft.notes[:_MOST_LINES]:
        yield f"[dim]note: {escape(note)}[/]"


def _list_some(lines: list[str]) -> Iterator[str]:
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"  … and {len(lines) - _MOST_LINES} more; --json has all"


def _list_next(target: Target, proposal: Proposal, *, is_dry: bool) -> Iterator[str]:
    if is_dry or not proposal.is_first:
        return
    policy = "" if str(target.path) == "moat.yaml" else f" {escape(str(target.path))}"
    yield ""
    memory = escape(target.memory_path.name)
    yield f"Read the file, above all the lines with DECIDE. Keep {memory} beside it: what init remembers."
    yield f"Then: [bold]pgmoat plan{policy}[/]     what apply would do; changes nothing"
    yield f"      [bold]pgmoat apply{policy}[/]    puts it into force"
