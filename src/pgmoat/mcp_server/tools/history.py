"""
``history``: what the task has written.

In: how many rows. Out: rows before and after, and what is left of the budget. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pgmoat.errors import ValueRefusedError
from pgmoat.mcp_server.answers import Payload, show_change
from pgmoat.mcp_server.schemas import FLAG, OBJECTS, STEP, make_input, make_object, say
from pgmoat.mcp_server.standing import TASK, read_standing
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.values import make_json_value
from pgmoat.mcp_server.view import AgentView

MOST_ROWS = 100
_ROWS = 20
_SQL = (
    "SELECT at, step, entity, operation, before::text AS before, after::text AS after, reason, called"
    " FROM pgmoat.my_changes(:most)"
)
_DOC = (
    "What your task has written so far, newest first, rows before and after, and what is left of its budget."
)


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents that write."""
    if not view.writes:
        return None
    bounds = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": _ROWS}
    count = say(bounds, "How many rows to show.")
    return Tool(
        "history",
        _DOC,
        make_input({"rows": count, "step": STEP}),
        make_object({"task": TASK, "truncated": FLAG, "changes": OBJECTS}, ("task", "truncated", "changes")),
        _run,
    )


async def _run(call: Call) -> Payload:
    most = call.arguments.get("rows", _ROWS)
    if not 1 <= most <= MOST_ROWS:
        raise ValueRefusedError(f"rows is 1 to {MOST_ROWS}, not {most}")
    found = await call.task.query(_SQL, {"most": int(most) + 1})
    return {
        "task": await read_standing(call.task),
        "truncated": len(found) > most or found.truncated,
        "changes": [_show(row) for row in found.rows[: int(most)]],
    }


def _show(row: Mapping[str, Any]) -> Payload:
    change = show_change(row["entity"], row["operation"], _load(row["before"]), _load(row["after"]))
    more = {name: make_json_value(row[name]) for name in ("at", "step", "reason", "called")}
    return change | {name: value for name, value in more.items() if value is not None}


def _load(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text, parse_float=Decimal)
