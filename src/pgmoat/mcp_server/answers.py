"""
What a tool gives back.

In: Results, changes, errors. Out: payloads, as small as they can be and still say everything; MCP results.
I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from mcp import types

from pgmoat.errors import AgentError, Error
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.mcp_server.schemas import COUNT, FLAG, OBJECTS, TEXTS, Schema, make_object
from pgmoat.mcp_server.values import make_json_value
from pgmoat.runtime.result import Change, Result, Row

Payload = dict[str, Any]
_TOLD = frozenset({"message", "condition"})

ROWS: Schema = {"type": "array", "items": {"type": "array"}}
READ_SCHEMA = make_object(
    {
        "columns": TEXTS,
        "rows": ROWS,
        "row_count": COUNT,
        "truncated": FLAG,
        "warnings": TEXTS,
        "reasons": OBJECTS,
    },
    ("columns", "rows", "row_count", "truncated"),
)
WRITE_SCHEMA = make_object(
    {
        "affected": COUNT,
        "replayed": FLAG,
        "columns": TEXTS,
        "rows": ROWS,
        "truncated": FLAG,
        "warnings": TEXTS,
    },
    ("affected", "replayed"),
)
CHANGES_SCHEMA = make_object(
    {"affected": COUNT, "changes": OBJECTS, "truncated": FLAG, "warnings": TEXTS}, ("affected", "changes")
)


def show_read(result: Result) -> Payload:
    """Return the answer of a query: names once, rows as arrays below them."""
    payload: Payload = {
        "columns": list(result.columns),
        "rows": list_rows(result.columns, result),
        "row_count": len(result),
        "truncated": result.truncated,
    }
    return payload | _list_notes(result)


def show_write(result: Result) -> Payload:
    """Return what a write or a call did."""
    payload: Payload = {"affected": result.affected, "replayed": result.replayed}
    if result.columns:
        payload |= {"columns": list(result.columns), "rows": list_rows(result.columns, result)}
    if result.truncated:
        payload["truncated"] = True
    return payload | _list_notes(result)


def show_changes(changes: Iterable[Change]) -> list[Payload]:
    """Return rows before and after; of an update the latter has only what differs."""
    return [show_change(change.entity, change.operation, change.before, change.after) for change in changes]


def show_change(entity: str, operation: str, before: Row | None, after: Row | None) -> Payload:
    """Return one row before and after; of an update the latter has only what differs."""
    payload: Payload = {"entity": entity, "operation": operation}
    if before is not None:
        payload["before"] = make_json_value(before)
    if after is not None:
        if operation == "update" and before is not None:
            after = {name: value for name, value in after.items() if before.get(name) != value}
        payload["after"] = make_json_value(after)
    return payload


def list_rows(columns: Iterable[str], rows: Iterable[Row]) -> list[list[Any]]:
    """Return rows as arrays, in the order of *columns*."""
    names = tuple(columns)
    return [[make_json_value(row[name]) for name in names] for row in rows]


def add_warning(payload: Payload, warning: str) -> Payload:
    """Return *payload* with one more warning, the first of them."""
    return payload | {"warnings": [warning, *payload.get("warnings", ())]}


def show_error(error: Error) -> Payload:
    """Return an error as a model acts on it."""
    if isinstance(error, AgentError):
        return make_json_value(error.as_dict())
    found = {"code": error.code, "message": error.message, "detail": error.detail, "hint": error.hint}
    return {name: value for name, value in found.items() if value}


def make_result(payload: Mapping[str, Any], *, is_error: bool = False) -> types.CallToolResult:
    """Return what goes over the wire: the payload, and the same as text for clients that read only text."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=dict(payload),
        is_error=is_error,
    )


def _list_notes(result: Result) -> Payload:
    notes: Payload = {"warnings": list(result.warnings)} if result.warnings else {}
    if result.reasons:  # their sentences stand in the warnings
        notes["reasons"] = [_show_reason(reason) for reason in result.reasons]
    return notes


def _show_reason(reason: Reason) -> Payload:
    found = asdict(reason)
    return {name: make_json_value(found[name]) for name in found if found[name] and name not in _TOLD}
