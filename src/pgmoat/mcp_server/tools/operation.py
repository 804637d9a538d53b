"""
A tool for each operation of the policy.

In: its parameters, typed. Out: affected rows, and what it returns. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgmoat.mcp_server.answers import WRITE_SCHEMA, Payload, show_write
from pgmoat.mcp_server.cut import find_bounds
from pgmoat.mcp_server.operands import convert_arguments
from pgmoat.mcp_server.schemas import KEY, OCCURRENCE, STEP, Schema, make_operation_input
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.view import AgentView
from pgmoat.policy.schema import OperationPolicy

_OWN: Mapping[str, Schema] = {"key": KEY, "occurrence": OCCURRENCE, "step": STEP}
_ONCE = "Done once: the same arguments again are not done again, unless occurrence says so."


def make_all(view: AgentView) -> Iterator[Tool]:
    """Yield the tools of the agent's operations."""
    for name, operation in view.operations.items():
        yield _make(view, name, operation)


def _make(view: AgentView, name: str, operation: OperationPolicy) -> Tool:
    async def run(call: Call) -> Payload:
        own = {key: value for key, value in call.arguments.items() if key in operation.parameters}
        keyed = call.without(operation.parameters)
        arguments = convert_arguments(operation, own)
        result = await call.task.call(
            name, arguments, key=keyed.find_key(name, arguments), occurrence=keyed.occurrence
        )
        return show_write(result, find_bounds(view))

    doc = f"{operation.doc} {_ONCE}" if operation.doc else _ONCE
    if operation.approval is not None:
        doc += " It may wait for a person's word."
    return Tool(
        name,
        doc,
        make_operation_input(operation, _OWN),
        WRITE_SCHEMA,
        run,
        is_read_only=False,
        is_destructive=view.changes_rows(operation.entities),
    )
