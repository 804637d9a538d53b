"""
A held write for a terminal: what a person decides about.

In: HeldWrite. Out: lines, every one of which is this program's own, whatever the agent wrote. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.text import Text

from pgmoat.cli.output import show_controls
from pgmoat.ledger.approvals import Approval, HeldRow, HeldWrite, describe_counts
from pgmoat.ledger.remarks import Remarks
from pgmoat.ledger.row_groups import RowGroup, group_rows, read_values

_MOST_CHARACTERS = 4_000
_MOST_SAME = 8
_MOST_OF_SAME = 60


def describe_held_write(held: HeldWrite, remarks: Remarks) -> list[Text]:
    """Return lines with what a person decides about; what is long is cut, and says so."""
    words = (*_describe_head(held), *_describe_remarks(held, remarks), *_describe_request(held))
    return [*map(Text, words), *_describe_rows(held, remarks), Text()]


def list_notes(approval: Approval, remarks: Remarks) -> list[str]:
    """Return what a person should know besides, a sentence each."""
    notes = [remarks.rejection] if remarks.rejection else []
    if not remarks.has_operation and approval.state in ("pending", "approved"):
        notes.append(f"{approval.operation} is not in the database any more: this cannot run")
    return notes


def describe_as_data(held: HeldWrite, remarks: Remarks) -> dict[str, Any]:
    """Return a held write for JSON, values as text."""
    rejected = {
        "id": remarks.rejected_number,
        "decided_by": remarks.rejected_by,
        "decided_as": remarks.rejected_as,
        "decision_reason": remarks.rejected_reason,
    }
    return describe_short_as_data(held) | {
        "has_operation": remarks.has_operation,
        "rejected_before": None if remarks.rejected_number is None else rejected,
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


def _describe_remarks(held: HeldWrite, remarks: Remarks) -> Iterator[str]:
    yield from (f"  {'note':<9}{_show(note)}" for note in list_notes(held, remarks))


def _describe_request(held: HeldWrite) -> Iterator[str]:
    if held.statement is not None:
        yield "  SQL, as the agent states it:"
        # Each line behind a bar: none can pass for one of this program's.
        yield from (f"  | {show_controls(line)}" for line in _cut(held.statement).split("\n"))
    elif held.arguments:
        yield "  request, as the agent states it:" if held.is_own_sql else "  arguments:"
    for name, value in held.arguments:
        yield f"    {_show(name)} = {_show(value)}"


def _describe_rows(held: HeldWrite, remarks: Remarks) -> Iterator[Text]:
    verb = "would write" if held.state == "pending" else "wrote, when it was tried,"
    kept = f", of which the first {len(held.rows)} are kept" if len(held.rows) < held.affected else ""
    yield Text(f"  {verb} {held.affected} {'row' if held.affected == 1 else 'rows'}{kept}:")
    if held.counts:
        yield Text(f"  in all: {_show(describe_counts(held))}")
    if held.is_cut and not kept:
        yield Text("  long values are kept in part, and each that is says so")
    for group in group_rows(held.rows, remarks.keys):
        what = f"{_show(group.operation)} {_show(group.entity)}, {group.size}"
        yield Text(f"  {_MARKS.get(group.operation, '?')} {what}")
        for row in group.rows:
            yield from _describe_row(row, group)


def _describe_row(row: HeldRow, group: RowGroup) -> Iterator[Text]:
    """Yield what identifies the row and what becomes of it, and dimmed what it leaves as it is."""
    values = read_values(row)
    parts = [f"{_show(name)} = {_quote(values[name])}" for name in group.key if name in values]
    key = ", ".join(parts)
    if group.operation != "update":
        shown = [name for name in group.columns if name in values]
        yield _join(key, ", ".join(f"{_show(name)} = {_quote(values[name])}" for name in shown))
        return
    changed = row.changed
    done = ", ".join(f"{_show(name)}: {_quote(old)} -> {_quote(new)}" for name, (old, new) in changed.items())
    yield _join(key, done or "changes nothing")
    same = [name for name in values if name not in changed and name not in group.key]
    if same:
        shown = [f"{_show(name)} = {_quote(values[name], _MOST_OF_SAME)}" for name in same[:_MOST_SAME]]
        more = f", and {len(same) - _MOST_SAME} more" if len(same) > _MOST_SAME else ""
        yield Text(f"          unchanged: {', '.join(shown)}{more}", style="dim")


def _join(key: str, rest: str) -> Text:
    return Text(f"      {': '.join(filter(None, (key, rest)))}")


_MARKS = {"insert": "+", "update": "~", "delete": "-"}


def _show(value: str | None) -> str:
    return "NULL" if value is None else show_controls(_cut(value))


def _quote(value: str | None, most: int | None = None) -> str:
    """Return a value for a line that holds several: none can pass for two, or for a change, or for NULL."""
    if value is None:
        return "NULL"
    is_short = most is None or len(value) <= most
    text, note = (value, "") if is_short else (value[:most], "…")
    if len(text) > _MOST_CHARACTERS:
        text, note = text[:_MOST_CHARACTERS], _cut(text)[_MOST_CHARACTERS:]
    is_odd = text != text.strip() or text in ("", "NULL") or any(mark in text for mark in _APART)
    return show_controls(json.dumps(text, ensure_ascii=False) if is_odd else text) + note


_APART = (", ", ": ", " = ", "->", '"')


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{text[:_MOST_CHARACTERS]}… (cut: {len(text)} characters; pgmoat approvals --json has all)"
