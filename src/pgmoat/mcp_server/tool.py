"""
What a tool is.

In: an agent's view, calls. Out: tools as MCP lists them, payloads. I/O: what a tool does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mcp import types

from pgmoat.mcp_server.answers import Payload
from pgmoat.mcp_server.schemas import Schema
from pgmoat.mcp_server.sessions import Session
from pgmoat.mcp_server.view import AgentView
from pgmoat.runtime import AsyncMoat, AsyncTask


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool: by whom, in which task, with which arguments, which fit its schema."""

    view: AgentView
    moat: AsyncMoat
    task: AsyncTask
    session: Session | None  # None: the task is an orchestrator's
    arguments: Mapping[str, Any]

    def find_key(self, operation: str, target: object) -> str | None:
        """Return the idempotency key of a write; None: the runtime makes it of the task's id."""
        given = self.arguments.get("key")
        if given is not None or self.session is None:
            return given
        return self.session.make_key(operation, target, self.occurrence)

    def without(self, names: Collection[str]) -> Call:
        """Return the call without the arguments of *names*."""
        return replace(self, arguments={k: v for k, v in self.arguments.items() if k not in names})

    @property
    def occurrence(self) -> int:
        """Which time it is that the same is done on purpose."""
        return int(self.arguments.get("occurrence", 1))


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of one agent."""

    name: str
    doc: str
    input: Schema
    output: Schema
    run: Callable[[Call], Awaitable[Payload]]
    is_read_only: bool = True
    is_destructive: bool = False
    is_idempotent: bool = True

    def render(self) -> types.Tool:
        """Return it as MCP lists it; what says nothing is left out: a model pays for each byte."""
        annotations = types.ToolAnnotations(
            read_only_hint=self.is_read_only,
            destructive_hint=None if self.is_read_only else self.is_destructive,
            idempotent_hint=None if self.is_read_only else self.is_idempotent,
            open_world_hint=False,
        )
        return types.Tool(
            name=self.name,
            description=self.doc,
            input_schema=self.input,
            # A refusal has none of these, and clients in TypeScript hold it against the schema all the same.
            output_schema={name: part for name, part in self.output.items() if name != "required"},
            annotations=annotations,
        )
