"""
The orchestrator's side of tasks: opening and closing them.

In: agents, ids. Out: tokens. I/O: PostgreSQL, as a member of the orchestrator role.

Its DSN belongs into the process that hands out work, never into one that runs what a model wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgmoat.policy.bounds import PoolPolicy
from pgmoat.runtime.asynchronous.attempts import repeat
from pgmoat.runtime.asynchronous.exchange import send
from pgmoat.runtime.asynchronous.pool import AsyncAgentPool
from pgmoat.runtime.backoff import Backoff
from pgmoat.runtime.messages import Message, close_task, open_task

_BOUNDS = PoolPolicy.model_validate({"workers": 4, "steps": 1, "overflow": 2})


class AsyncOrchestrator:
    """Opens and closes tasks; use it as a context manager."""

    def __init__(self, dsn: str, backoff: Backoff | None = None) -> None:
        self._pool = AsyncAgentPool(dsn, _BOUNDS, "pgmoat orchestrator")
        self._backoff = backoff or Backoff()

    async def __aenter__(self) -> AsyncOrchestrator:
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def open_task(
        self,
        agent: str,
        task_id: str,
        *,
        scope: Mapping[str, Any] | None = None,
        duration_ms: int | None = None,
        max_writes: int | None = None,
        parent: tuple[str, str] | None = None,
    ) -> str:
        """
        Open a task, or re-enter it, and return its token.

        The same id is the same task: a retry keeps budget, deadline and token. *parent* is agent and id
        of the task that it is a child of.

        Raises:
            AgentError: no such agent, frozen, closed, past its deadline, or open with another scope or
            parent.
        """
        message = open_task(agent, task_id, scope, duration_ms, max_writes, parent)
        return str(await self._ask(message))

    async def close_task(self, agent: str, task_id: str) -> bool:
        """Close a task and all below it, and return whether it was open."""
        return bool(await self._ask(close_task(agent, task_id)))

    async def _ask(self, message: Message) -> Any:
        async def attempt() -> Any:
            async with self._pool.connection() as connection:
                (cursor,) = await send(connection, message)
                row = await cursor.fetchone()
                return row[0] if row is not None else None

        return await repeat(attempt, self._backoff)
