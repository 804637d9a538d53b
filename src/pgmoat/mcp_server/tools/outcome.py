"""
``outcome``: what became of a write that waits for a person's word.

In: its number. Out: its state, and once it is approved the result of the run. I/O: PostgreSQL.
"""

from __future__ import annotations

from pgmoat.mcp_server.answers import Payload, show_write
from pgmoat.mcp_server.cut import find_bounds
from pgmoat.mcp_server.schemas import COUNT, STEP, TEXT, make_input, make_object, say
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.values import make_json_value
from pgmoat.mcp_server.view import AgentView

_DOC = (
    "What became of a held write, by the number of its approval-required. pending: go on with something else."
    " approved: it is run now, once (done, with its result). rejected: a person said no, reason says why."
    " expired: repeat the write itself."
)


def make(view: AgentView) -> Tool | None:
    """Return the tool, for agents whose writes may be held."""
    if not view.asks_for_approval:
        return None
    number = say(COUNT, "The number in approval-required.")
    return Tool(
        "outcome",
        _DOC,
        make_input({"approval_id": number, "step": STEP}, ("approval_id",)),
        make_object({"state": TEXT, "result": {"type": "object"}}, ("state",)),
        _run,
        is_read_only=False,
        is_destructive=True,
    )


async def _run(call: Call) -> Payload:
    found = await call.task.outcome(int(call.arguments["approval_id"]))
    payload: Payload = {
        "state": found.state,
        "operation": found.operation,
        "why": found.why,
        "reason": found.reason,
        "expires_at": make_json_value(found.expires_at),
    }
    if found.result is not None:
        payload["result"] = show_write(found.result, find_bounds(call.view))
    return {name: value for name, value in payload.items() if value != ""}
