"""
``write``: an INSERT, UPDATE or DELETE that takes effect once.

In: SQL, values. Out: affected rows. I/O: PostgreSQL.
"""

from __future__ import annotations

from pgmoat.mcp_server.answers import WRITE_SCHEMA, Payload, show_write
from pgmoat.mcp_server.cut import find_bounds
from pgmoat.mcp_server.schemas import KEY, OCCURRENCE, PARAMETERS, REASON, STEP, TEXT, Schema, make_input, say
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView

_DOC = (
    "Run one INSERT, UPDATE or DELETE on an entity, once: the same sql and parameters again are not done"
    " again (replayed: true). To do the same on purpose once more give occurrence 2, 3, …; a key of your own"
    " names the purpose. UPDATE and DELETE need WHERE. reason goes with deletions. affected 0: no row fitted."
)


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents that may write by SQL."""
    if not view.writes_sql:
        return None
    properties: dict[str, Schema] = {
        "sql": say(TEXT, "One INSERT, UPDATE or DELETE."),
        "parameters": PARAMETERS,
        "key": KEY,
        "occurrence": OCCURRENCE,
        "reason": REASON,
        "step": STEP,
    }
    return Tool(
        "write",
        _DOC,
        make_input(properties, ("sql",)),
        WRITE_SCHEMA,
        _run,
        is_read_only=False,
        is_destructive=view.changes_rows(view.entities),
    )


async def _run(call: Call) -> Payload:
    given = call.arguments
    sql, parameters = given["sql"], given.get("parameters")
    result = await call.task.write(
        sql,
        parameters,
        key=call.find_key("write", [sql, parameters or None]),
        occurrence=call.occurrence,
        reason=given.get("reason", ""),
    )
    return show_write(result, find_bounds(call.view))
