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
from pgmoat.mcp_server.cut import Bounds, cut_rows
from pgmoat.mcp_server.schemas import COUNT, FLAG, OBJECTS, TEXTS, Schema, make_object
from pgmoat.mcp_server.values import make_json_value
from pgmoat.runtime.result import Change, Result, Row, warn_of_rest

Payload = dict[str, Any]
_TOLD = frozenset({"message", "condition"})

ROWS: Schema = {"type": "array", "items": {"type": "array"}}
# What must be known about rows stands before them: some clients show the beginning of an answer only.
READ_SCHEMA = make_object(
    {
        "row_count": COUNT,
        "truncated": FLAG,
        "warnings": TEXTS,
        "reasons": OBJECTS,
        "columns": TEXTS,
        "rows": ROWS,
    },
    ("row_count", "truncated", "columns", "rows"),
)
WRITE_SCHEMA = make_object(
    {
        "affected": COUNT,
        "replayed": FLAG,
        "truncated": FLAG,
        "warnings": TEXTS,
        "columns": TEXTS,
        "rows": ROWS,
    },
    ("affected", "replayed"),
)
CHANGES_SCHEMA = make_object(
    {"affected": COUNT, "truncated": FLAG, "warnings": TEXTS, "changes": OBJECTS}, ("affected", "changes")
)


def show_read(result: Result, bounds: Bounds) -> Payload:
    """Return the answer of a query: names once, rows as arrays below them."""
    rows = cut_rows(result.columns, result, bounds)
    is_cut = len(rows) < len(result)
    warnings = list(result.warnings)
    if is_cut:
        said = warn_of_rest(len(result))
        warnings = [warn_of_rest(len(rows)), *(warning for warning in warnings if warning != said)]
    payload: Payload = {"row_count": len(rows), "truncated": is_cut or result.truncated}
    if warnings:
        payload["warnings"] = warnings
    if result.reasons:  # their sentences stand in the warnings
        payload["reasons"] = [_show_reason(reason) for reason in result.reasons]
    return payload | {"columns": list(result.columns), "rows": rows}


def show_write(result: Result, bounds: Bounds) -> Payload:
    """Return what a write or a call did."""
    rows = cut_rows(result.columns, result, bounds)
    is_cut = len(rows) < len(result)
    warnings = list(result.warnings)
    if is_cut:
        warnings.append(f"it returned more rows than the {len(rows)} shown: query for the others")
    payload: Payload = {"affected": result.affected, "replayed": result.replayed}
    if is_cut or result.truncated:
        payload["truncated"] = True
    if warnings:
        payload["warnings"] = warnings
    return payload | ({"columns": list(result.columns), "rows": rows} if result.columns else {})


def show_changes(changes: Iterable[Change]) -> list[Payload]:
    """Return rows before and after; of an update the latter has only what differs."""
    return [show_change(change.entity, change.operation, change.before, change.after) for change in changes]


def show_change(entity: str, operation: str, before: Row | None, after: Row | None) -> Payload:
    """
    Return one row before and after; of an update the latter has only what differs.

    ``hidden``: a row of which the agent may read no column.
    """
    payload: Payload = {"entity": entity, "operation": operation}
    if before is None and after is None:
        payload["hidden"] = True
    if before is not None:
        payload["before"] = make_json_value(before)
    if after is not None:
        if operation == "update" and before is not None:
            after = {name: value for name, value in after.items() if before.get(name) != value}
        payload["after"] = make_json_value(after)
    return payload


def add_warning(payload: Payload, warning: str) -> Payload:
    """Return *payload* with one more warning, the first of them."""
    rest = {name: value for name, value in payload.items() if name != "warnings"}
    return {"warnings": [warning, *payload.get("warnings", ())], **rest}


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


def _show_reason(reason: Reason) -> Payload:
    found = asdict(reason)
    return {name: make_json_value(found[name]) for name in found if found[name] and name not in _TOLD}
