"""
``query``: a SELECT.

In: SQL, values. Out: rows under their columns' names. I/O: PostgreSQL.
"""

from __future__ import annotations

from pgmoat.mcp_server.answers import READ_SCHEMA, Payload, show_read
from pgmoat.mcp_server.cut import find_bounds
from pgmoat.mcp_server.schemas import PARAMETERS, STEP, TEXT, make_input, say
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView

_DOC = (
    "Run one SELECT on your entities (PostgreSQL's SQL: joins, aggregates, CTEs). Values go into parameters,"
    " :name in the SQL. truncated: there are more rows; aggregate, or page with ORDER BY a key and"
    " WHERE key > the last one shown."
)


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents that read something."""
    if not view.entities:
        return None
    properties = {"sql": say(TEXT, "One SELECT."), "parameters": PARAMETERS, "step": STEP}
    return Tool("query", _DOC, make_input(properties, ("sql",)), READ_SCHEMA, _run)


async def _run(call: Call) -> Payload:
    result = await call.task.query(call.arguments["sql"], call.arguments.get("parameters"))
    return show_read(result, find_bounds(call.view))
