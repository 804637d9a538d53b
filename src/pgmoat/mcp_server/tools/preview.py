"""
``preview``: what a write would do.

In: SQL and values, or an operation and its arguments. Out: rows before and after. I/O: PostgreSQL; it is
rolled back.
"""

from __future__ import annotations

from pgmoat.errors import ValueRefusedError
from pgmoat.mcp_server.answers import CHANGES_SCHEMA, Payload, show_changes
from pgmoat.mcp_server.operands import convert_arguments
from pgmoat.mcp_server.schemas import TEXT, VALUES, Schema, make_input
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView
from pgmoat.runtime import Preview

_MOST_SHOWN = 50
_DOC = (
    "Run a write and roll it back: the rows that it would change, before and after (of an update what"
    " differs). Nothing is written. Give {}."
)


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents that write."""
    own: dict[str, Schema] = {"sql": TEXT, "parameters": VALUES, "reason": TEXT} if view.writes_sql else {}
    calls: dict[str, Schema] = {"operation": TEXT, "arguments": VALUES} if view.operations else {}
    if not own and not calls:
        return None
    ways = [
        *(["the sql of a write"] if own else []),
        *(["an operation's name and its arguments"] if calls else []),
    ]
    return Tool(
        "preview",
        _DOC.format(", or ".join(ways)),
        make_input(own | calls | {"step": TEXT}),
        CHANGES_SCHEMA,
        _run,
    )


async def _run(call: Call) -> Payload:
    preview = await _preview(call)
    payload: Payload = {
        "affected": preview.affected,
        "changes": show_changes(preview.changes[:_MOST_SHOWN]),
    }
    if preview.result.truncated or preview.affected > _MOST_SHOWN:
        shown = min(preview.affected, _MOST_SHOWN)
        payload |= {
            "truncated": True,
            "warnings": [f"it would change more rows than the {shown} shown"],
        }
    return payload


async def _preview(call: Call) -> Preview:
    given = call.arguments
    sql, operation = given.get("sql"), given.get("operation")
    if (sql is None) == (operation is None):
        raise ValueRefusedError("preview takes either sql or operation", hint="Give one of the two.")
    if sql is not None:
        return await call.task.preview(sql, given.get("parameters"), reason=given.get("reason", ""))
    arguments = given.get("arguments", {})
    policy = call.view.operations.get(str(operation))
    converted = convert_arguments(policy, arguments) if policy is not None else arguments
    return await call.task.preview_call(str(operation), converted)
