# Made from asynchronous/orchestrator.py by scripts/generate_sync.py: change that one.
"""
The orchestrator's side of tasks: opening and closing them.

In: agents, ids. Out: tokens. I/O: PostgreSQL, as a member of the orchestrator role.

Its DSN belongs into the process that hands out work, never into one that runs what a model wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgmoat.policy.bounds import PoolPolicy
from pgmoat.runtime.backoff import Backoff
from pgmoat.runtime.messages import Message, close_task, open_task
from pgmoat.runtime.synchronous.attempts import repeat
from pgmoat.runtime.synchronous.exchange import send
from pgmoat.runtime.synchronous.pool import AgentPool

_BOUNDS = PoolPolicy.model_validate({"workers": 4, "steps": 1, "overflow": 2})


class Orchestrator:
    """Opens and closes tasks; use it as a context manager."""

    def __init__(self, dsn: str, backoff: Backoff | None = None) -> None:
        self._pool = AgentPool(dsn, _BOUNDS, "pgmoat orchestrator")
        self._backoff = backoff or Backoff()

    def __enter__(self) -> Orchestrator:
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def open_task(
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
        return str(self._ask(message))

    def close_task(self, agent: str, task_id: str) -> bool:
        """Close a task and all below it, and return whether it was open."""
        return bool(self._ask(close_task(agent, task_id)))

    def _ask(self, message: Message) -> Any:
        def attempt() -> Any:
            with self._pool.connection() as connection:
                (cursor,) = send(connection, message)
                row = cursor.fetchone()
                return row[0] if row is not None else None

        return repeat(attempt, self._backoff)
