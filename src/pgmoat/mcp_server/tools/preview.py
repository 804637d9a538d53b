"""
``preview``: what a write would do.

In: SQL and values, or an operation and its arguments. Out: rows before and after. I/O: PostgreSQL; it is
rolled back.
"""

from __future__ import annotations

from pgmoat.errors import ValueRefusedError
from pgmoat.mcp_server.answers import CHANGES_SCHEMA, Payload, show_changes
from pgmoat.mcp_server.operands import convert_arguments
from pgmoat.mcp_server.schemas import PARAMETERS, REASON, STEP, TEXT, Schema, make_input, say
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView
from pgmoat.runtime import Preview

_MOST_SHOWN = 50
_DOC = (
    "Run a write and roll it back: the rows that it would change, before and after (of an update what"
    " differs; hidden: you may not read it). Nothing is written. Give {}."
)
_SQL = say(TEXT, "One INSERT, UPDATE or DELETE.")
_OPERATION = say(TEXT, "Name of an operation.")
_ARGUMENTS: Schema = {"type": "object", "description": "The operation's arguments, by name."}


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents that write."""
    own: dict[str, Schema] = {"sql": _SQL, "parameters": PARAMETERS, "reason": REASON}
    calls: dict[str, Schema] = {"operation": _OPERATION, "arguments": _ARGUMENTS}
    if not view.writes:
        return None
    ways = {"sql": "the sql of a write", "operation": "an operation's name and its arguments"}
    given = [name for name, has in (("sql", view.writes_sql), ("operation", view.operations)) if has]
    properties = (own if view.writes_sql else {}) | (calls if view.operations else {})
    return Tool(
        "preview",
        _DOC.format(", or ".join(ways[name] for name in given)),
        make_input(properties | {"step": STEP}, given if len(given) == 1 else ()),
        CHANGES_SCHEMA,
        _run,
    )


async def _run(call: Call) -> Payload:
    preview = await _preview(call)
    warnings = list(preview.result.warnings)
    payload: Payload = {"affected": preview.affected}
    if preview.result.truncated or preview.affected > _MOST_SHOWN:
        shown = min(preview.affected, _MOST_SHOWN)
        payload["truncated"] = True
        warnings.append(f"it would change more rows than the {shown} shown")
    if warnings:
        payload["warnings"] = warnings
    return payload | {"changes": show_changes(preview.changes[:_MOST_SHOWN])}


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
