"""
``pgmoat approvals``, ``pgmoat approve`` and ``pgmoat reject``: a person's word on what the policy holds.

In: numbers of held writes. Out: a table, JSON, what was done. I/O: PostgreSQL, the terminal.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console

from pgmoat.cli.held_write import describe_as_data, describe_held_write, list_notes
from pgmoat.cli.options import DsnOption, JsonOption, YesOption
from pgmoat.cli.output import ask, print_json
from pgmoat.cli.rights import reading_as_approver
from pgmoat.cli.table import print_table
from pgmoat.errors import Error
from pgmoat.ledger.agents import check_agent
from pgmoat.ledger.approvals import (
    PENDING,
    Approval,
    HeldWrite,
    Settled,
    Waiting,
    decide,
    read_approver,
    read_held_write,
    read_held_writes,
    read_settled,
    read_waiting,
)
from pgmoat.ledger.remarks import NOTHING, Remarks, read_remarks
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.postgres.failures import explain_failure

_COLUMNS = (
    *("number", "state", "agent", "task", "step", "what", "rows", "why"),
    *("asked", "expires", "decided", "note"),
)

NumbersArgument = Annotated[list[int], typer.Argument(metavar="ID…", help="Numbers of held writes.")]
FingerprintOption = Annotated[
    str | None,
    typer.Option(help="Only if it still is what --json showed with this fingerprint. With one ID."),
]


def approvals(
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is approved, rejected, done or expired.")
    ] = False,
    agent: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Show what waits for a person's word, the longest first; with --all then what became of others.

    What one of them would write: [bold]pgmoat approve ID[/] shows it, and asks.
    """
    with reading_as_approver(), connect(resolve_dsn(dsn, os.environ)) as connection:
        found = read_waiting(connection, Waiting(agent, limit=limit))
        if everything and len(found) < limit:
            found += read_settled(connection, Settled(agent, limit=limit - len(found)))
        if agent is not None and not found:
            with suppress(psycopg.errors.InsufficientPrivilege):  # whoever only decides knows no agents
                check_agent(connection, agent)
        numbers = [entry.id for entry in found]
        remarks = read_remarks(connection, numbers)
        if as_json:
            whole = {held.id: held for held in read_held_writes(connection, numbers)}
            print_json(
                [
                    describe_as_data(whole[number], remarks.get(number, NOTHING))
                    for number in numbers
                    if number in whole
                ]
            )
            return
    _print(found, remarks)


def approve(
    numbers: NumbersArgument,
    reason: Annotated[str, typer.Option(help="A word to the agent.")] = "",
    fingerprint: FingerprintOption = None,
    yes: YesOption = False,
    dsn: DsnOption = None,
) -> None:
    """
    Approve held writes: show what they would write, ask, and let them run.

    Each runs once, as the agent, when that asks for its outcome. If it would write anything else by then,
    it is held anew.
    """
    _decide(numbers, reason, fingerprint, yes=yes, dsn=dsn, is_approved=True)


def reject(
    numbers: NumbersArgument,
    reason: Annotated[str, typer.Option(help="Why; the agent is told.")],
    fingerprint: FingerprintOption = None,
    yes: YesOption = False,
    dsn: DsnOption = None,
) -> None:
    """
    Reject held writes: they do not run, and their keys stay refused.

    Example: [bold]pgmoat reject 12 --reason "not before the audit"[/]
    """
    if not reason.strip():
        raise Error("--reason is empty", hint="The agent is told why, to do otherwise.")
    _decide(numbers, reason, fingerprint, yes=yes, dsn=dsn, is_approved=False)


def _decide(
    numbers: Sequence[int],
    reason: str,
    fingerprint: str | None,
    *,
    yes: bool,
    dsn: str | None,
    is_approved: bool,
) -> None:
    numbers = list(dict.fromkeys(numbers))
    if fingerprint is not None and len(numbers) > 1:
        raise Error("--fingerprint is for one held write", hint="Decide them one by one.")
    with reading_as_approver(), connect(resolve_dsn(dsn, os.environ)) as connection:
        _check_right(connection)
        held = [_read_waiting(connection, number, fingerprint) for number in numbers]
        _show(held, read_remarks(connection, numbers))
        if not yes:
            what = "it" if len(held) == 1 else f"these {len(held)}"
            ask(f"{'Approve' if is_approved else 'Reject'} {what}?")
        _carry_out(connection, held, reason.strip(), is_approved=is_approved)


def _show(held: Sequence[HeldWrite], remarks: Mapping[int, Remarks]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in held:
        for line in describe_held_write(each, remarks.get(each.id, NOTHING)):
            console.print(line)
    sys.stdout.flush()


def _carry_out(
    connection: psycopg.Connection[Any], held: Sequence[HeldWrite], reason: str, *, is_approved: bool
) -> None:
    """Decide one after the other; one that cannot be decided keeps no other from it."""
    who, failures = _find_name(), list[Error]()
    for each in held:
        try:
            decide(connection, each.id, each.fingerprint, is_approved=is_approved, who=who, reason=reason)
        except psycopg.errors.InsufficientPrivilege:
            raise
        except psycopg.Error as error:
            if connection.closed:
                raise
            failures.append(explain_failure(error))
        else:
            sys.stdout.write(f"number {each.id} is {'approved' if is_approved else 'rejected'}\n")
    if failures:
        first = failures[0]
        detail = "\n".join(failure.message for failure in failures[1:]) or first.detail
        raise Error(first.message, detail=detail, hint=first.hint)


def _read_waiting(connection: psycopg.Connection[Any], number: int, fingerprint: str | None) -> HeldWrite:
    held = read_held_write(connection, number)
    if held.state != PENDING:
        raise Error(f"number {number} does not wait: it is {held.state}", hint="Nothing was changed.")
    if fingerprint is not None and held.fingerprint.hex() != fingerprint.lower():
        raise Error(
            f"number {number} has another fingerprint: {held.fingerprint.hex()}",
            hint="What it would write has changed since. Nothing was changed: look at it again.",
        )
    return held


def _check_right(connection: psycopg.Connection[Any]) -> None:
    approver = read_approver(connection)
    if not approver.may_decide:
        raise Error(
            "this login may not approve or reject",
            hint=f"This takes a member of {approver.role or 'the approver role'}.",
        )


def _find_name() -> str:
    """Return who it is as this machine calls the person."""
    try:
        return f"{getpass.getuser()} (pgmoat)"
    except (KeyError, OSError):  # a user without a name
        return f"user {os.getuid()} (pgmoat)"


def _print(found: Sequence[Approval], remarks: Mapping[int, Remarks]) -> None:
    if not found:
        sys.stdout.write("nothing waits\n")
        return
    print_table(
        (
            "number",
            "state",
            "agent",
            "task",
            "step",
            "what",
            "rows",
            "why",
            "asked",
            "expires",
            "decided",
            "note",
        ),
        (
            (
                entry.id,
                entry.state,
                entry.agent,
                entry.task_id,
                entry.step,
                entry.operation,
                entry.affected,
                entry.why,
                f"{entry.asked_at:%F %T}",
                f"{entry.expires_at:%F %T}",
                _describe_decision(entry),
                "; ".join(list_notes(entry, remarks.get(entry.id, NOTHING))),
            )
            for entry in found
        ),
        ("step", "asked", "decided", "task", "expires"),
    )


def _describe_decision(entry: Approval) -> str | None:
    if entry.decided_at is None:
        return None
    reason = f": {entry.decision_reason}" if entry.decision_reason else ""
    return f"{entry.decided_at:%F %T} by {entry.decided_as or entry.decided_by}{reason}"
