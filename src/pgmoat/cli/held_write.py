"""
A held write for a terminal: what a person decides about.

In: HeldWrite. Out: lines, every one of which is this program's own, whatever the agent wrote. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pgmoat.cli.output import show_controls
from pgmoat.ledger.approvals import Approval, HeldRow, HeldWrite, describe_counts

_MOST_CHARACTERS = 4_000
_MOST_SAME = 8


def describe_held_write(held: HeldWrite) -> list[str]:
    """Return lines with all that is kept; a text of many thousand characters is cut, and says so."""
    return [*_describe_head(held), *_describe_request(held), *_describe_rows(held), ""]


def describe_as_data(held: HeldWrite) -> dict[str, Any]:
    """Return a held write for JSON, values as text."""
    return describe_short_as_data(held) | {
        "fingerprint": held.fingerprint.hex(),
        "is_cut": held.is_cut,
        "counts": [asdict(count) for count in held.counts],
        "statement": held.statement,
        "arguments": [{"name": name, "value": value} for name, value in held.arguments],
        "rows": [
            {"entity": row.entity, "operation": row.operation, "before": row.before, "after": row.after}
            for row in held.rows
        ],
    }


def describe_short_as_data(approval: Approval) -> dict[str, Any]:
    """Return what a list has of it, for JSON."""
    return {
        "id": approval.id,
        "state": approval.state,
        "agent": approval.agent,
        "task_id": approval.task_id,
        "step": approval.step,
        "operation": approval.operation,
        "key": approval.key,
        "given_reason": approval.given_reason,
        "why": approval.why,
        "affected": approval.affected,
        "revision": approval.revision,
        "asked_at": approval.asked_at,
        "expires_at": approval.expires_at,
        "decided_at": approval.decided_at,
        "decided_by": approval.decided_by,
        "decided_as": approval.decided_as,
        "decision_reason": approval.decision_reason,
        "done_at": approval.done_at,
    }


def _describe_head(held: HeldWrite) -> Iterator[str]:
    yield f"number {held.id}: {_show(held.operation)} of agent {_show(held.agent)}, {held.state}"
    facts = {
        "task": held.task_id,
        "step": held.step,
        "reason": held.given_reason,
        "held for": held.why,
        "key": held.key,
        "asked": f"{held.asked_at:%F %T}",
        "expires": f"{held.expires_at:%F %T}",
        "look": f"{held.revision}: it has changed since the first" if held.revision > 1 else None,
    }
    yield from (f"  {name:<9}{_show(value)}" for name, value in facts.items() if value is not None)


def _describe_request(held: HeldWrite) -> Iterator[str]:
    if held.statement is not None:
        yield "  SQL, as the agent states it:"
        # Each line behind a bar: none can pass for one of this program's.
        yield from (f"  | {show_controls(line)}" for line in _cut(held.statement).split("\n"))
    elif held.arguments:
        yield "  request, as the agent states it:" if held.is_own_sql else "  arguments:"
    for name, value in held.arguments:
        yield f"    {_show(name)} = {_show(value)}"


def _describe_rows(held: HeldWrite) -> Iterator[str]:
    verb = "would write" if held.state == "pending" else "wrote, when it was tried,"
    kept = f", of which the first {len(held.rows)} are kept" if len(held.rows) < held.affected else ""
    yield f"  {verb} {held.affected} {'row' if held.affected == 1 else 'rows'}{kept}:"
    if held.counts:
        yield f"  in all: {_show(describe_counts(held))}"
    if held.is_cut and not kept:
        yield "  long values are kept in part, and each that is says so"
    for row in held.rows:
        yield f"  {_MARKS.get(row.operation, '?')} {_show(row.operation)} {_show(row.entity)}"
        yield from (f"      {line}" for line in _describe_values(row))


def _describe_values(row: HeldRow) -> Iterator[str]:
    before, after = row.before or {}, row.after or {}
    if row.operation != "update":
        yield from (f"{_show(name)} = {_show(value)}" for name, value in (after or before).items())
        return
    same = [name for name in {**before, **after} if name not in row.changed]
    yield from (f"{_show(name)} = {_show(before.get(name))}" for name in same[:_MOST_SAME])
    if len(same) > _MOST_SAME:
        yield f"({len(same) - _MOST_SAME} more columns are left as they are)"
    for name, (old, new) in row.changed.items():
        yield f"{_show(name)}: {_show(old)} -> {_show(new)}"


_MARKS = {"insert": "+", "update": "~", "delete": "-"}


def _show(value: str | None) -> str:
    return "NULL" if value is None else show_controls(_cut(value))


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[:_MOST_CHARACTERS]}… (cut: {len(text)} characters; pgmoat approvals --json has all)"
