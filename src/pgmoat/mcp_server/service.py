"""
Tools of agents, and their calls.

In: callers, names, arguments. Out: tools, payloads. I/O: PostgreSQL, through the runtime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mcp import types

from pgmoat.errors import Error, NoTaskError, TaskEndedError, ValueRefusedError
from pgmoat.mcp_server.answers import Payload, add_warning
from pgmoat.mcp_server.arguments import check_arguments
from pgmoat.mcp_server.caller import Caller
from pgmoat.mcp_server.crowd import Crowd
from pgmoat.mcp_server.hints import find_hint
from pgmoat.mcp_server.sessions import TASK_HINT, Session, Sessions, is_past_deadline
from pgmoat.mcp_server.tool import Call, Tool
from pgmoat.mcp_server.tools import describe, entities, history, operation, outcome, preview, query, write
from pgmoat.mcp_server.view import AgentView, make_view
from pgmoat.policy.messages import suggest
from pgmoat.runtime import AsyncMoat, AsyncTask

TOOLS: tuple[Callable[[AgentView], Tool | None], ...] = (
    entities.make,
    describe.make,
    query.make,
    write.make,
    preview.make,
    history.make,
    outcome.make,
)
_PREFIX = "call_"


class Service:
    """The agents of a policy, their tools and tasks."""

    def __init__(self, moat: AsyncMoat) -> None:
        self._moat = moat
        self._sessions = Sessions(moat)
        self._crowd = Crowd()
        self._views: dict[str, AgentView] = {}
        self._tools: dict[str, dict[str, Tool]] = {}

    def list_tools(self, agent: str) -> list[types.Tool]:
        """Return the tools that *agent* can use."""
        return [tool.render() for tool in self._find_tools(agent).values()]

    async def call(self, caller: Caller, name: str, given: Mapping[str, Any] | None) -> Payload:
        """
        Return what a tool gives back.

        Raises:
            AgentError: it was refused, or failed.
        """
        tools = self._find_tools(caller.agent)
        tool = tools.get(name)
        if tool is None:
            raise ValueRefusedError(
                f"there is no tool {name!r}", hint=suggest(name, tools) or f"Tools: {', '.join(tools)}."
            )
        arguments = check_arguments(name, given, tool.input)
        try:
            with self._crowd.enter(caller.agent):
                return await self._enter(tool, caller, arguments)
        except Error as error:
            error.hint = find_hint(error, tool)
            raise

    async def _enter(self, tool: Tool, caller: Caller, arguments: dict[str, Any]) -> Payload:
        """Return what a tool gives back in the caller's task, or in a new one where that has ended."""
        if caller.wish.token is None:
            self._check_claiming(caller.agent)
        entered = await self._sessions.enter(caller.agent, caller.wish)
        if entered is not None:
            return await self._run(tool, caller, arguments, entered, None)
        session = self._sessions.find(caller.agent, caller.session_key)
        task = await session.find_task(self._moat)
        try:
            return await self._run(tool, caller, arguments, task, session)
        except TaskEndedError as error:
            if not is_past_deadline(error.sqlstate):
                raise
        renewed = await session.renew_task(self._moat, task)
        payload = await self._run(tool, caller, arguments, renewed, session)
        return add_warning(
            payload,
            f"task {task.task_id} was past its deadline; this was done in a new one, {renewed.task_id}:"
            " limits per hour go on",
        )

    async def _run(
        self,
        tool: Tool,
        caller: Caller,
        arguments: dict[str, Any],
        task: AsyncTask,
        session: Session | None,
    ) -> Payload:
        step = caller.step or arguments.get("step") or tool.name
        with task.step(step):
            return await tool.run(Call(self._view(caller.agent), self._moat, task, session, arguments))

    def _check_claiming(self, agent: str) -> None:
        if not self._view(agent).profile.is_claiming:
            raise NoTaskError(
                f"agent {agent} works in tasks of an orchestrator, and this connection has none",
                hint=f"{TASK_HINT}; or the policy says `tasks: claimed` for this agent.",
            )

    def _view(self, agent: str) -> AgentView:
        if agent not in self._views:
            self._views[agent] = make_view(self._moat.policy, agent)
        return self._views[agent]

    def _find_tools(self, agent: str) -> dict[str, Tool]:
        if agent not in self._tools:
            self._tools[agent] = make_tools(self._view(agent))
        return self._tools[agent]


def make_tools(view: AgentView) -> dict[str, Tool]:
    """Return an agent's tools by name; an operation named as another tool gets ``call_`` before it."""
    made = (make(view) for make in TOOLS)
    tools = {tool.name: tool for tool in made if tool is not None}
    for tool in operation.make_all(view):
        name = f"{_PREFIX}{tool.name}" if tool.name in tools else tool.name
        tools[name] = replace(tool, name=name)
    return tools
