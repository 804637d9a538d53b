"""
``entities``: what there is, and what is left of the task's budget.

In: nothing. Out: names, docs, rights. I/O: PostgreSQL, for the budget.
"""

from __future__ import annotations

from pgmoat.mcp_server.answers import Payload
from pgmoat.mcp_server.schemas import OBJECTS, STEP, TEXT, make_input, make_object
from pgmoat.mcp_server.standing import TASK, read_scope, read_standing
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView
from pgmoat.policy.access import Access

_DOC = (
    "List your entities with what you may do to them, and your task: its scope, rows left to write, seconds."
)


def make(_view: AgentView) -> Tool | None:
    """Return the tool; every agent has it."""
    return Tool(
        "entities",
        _DOC,
        make_input({"step": STEP}),
        make_object({"agent": TEXT, "task": TASK, "entities": OBJECTS}, ("agent", "task", "entities")),
        _run,
    )


async def _run(call: Call) -> Payload:
    view = call.view
    task = await read_standing(call.task)
    scope = await read_scope(call.task, view.scope_keys)
    return {
        "agent": view.agent,
        "task": task | ({"scope": scope} if scope else {}),
        "entities": [
            {"name": name, "doc": view.find_doc(name), "rights": list_rights(access)}
            for name, access in view.entities.items()
        ],
    }


def list_rights(access: Access) -> list[str]:
    """Return what an agent may do to some column at least."""
    rights = {
        "select": bool(access.select),
        "insert": bool(access.insert),
        "update": bool(access.update),
        "delete": access.delete,
    }
    return [right for right, is_granted in rights.items() if is_granted]
