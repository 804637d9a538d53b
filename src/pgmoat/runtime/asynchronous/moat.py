"""
The agents of a policy, ready to work.

In: a policy, DSNs. Out: tasks. I/O: reads the policy's file; PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pgmoat.errors import NoTaskError
from pgmoat.guard.allowed import compile_allowed
from pgmoat.policy.places import find_dsn, read_policy
from pgmoat.policy.schema import Policy
from pgmoat.postgres.dsn import Dsn
from pgmoat.runtime.arguments import check_text
from pgmoat.runtime.asynchronous.attempts import repeat
from pgmoat.runtime.asynchronous.exchange import read_rows, send
from pgmoat.runtime.asynchronous.orchestrator import AsyncOrchestrator
from pgmoat.runtime.asynchronous.pool import AsyncAgentPool
from pgmoat.runtime.asynchronous.replica import make_replica
from pgmoat.runtime.asynchronous.task import AsyncTask, Means
from pgmoat.runtime.backoff import Backoff
from pgmoat.runtime.context import TaskIdentity, use_task
from pgmoat.runtime.messages import BEGIN, BEGIN_READ_WRITE, COMMIT, claim, enter, read_columns
from pgmoat.runtime.profile import Profile, resolve_profile
from pgmoat.runtime.result import EntityColumn


class AsyncMoat:
    """
    A policy and the way to its database; use it as a context manager.

    *dsns* holds a DSN per agent; an agent that is missing there is looked up in the file *credentials* that
    ``pgmoat apply`` wrote, and in the environment, as ``PGMOAT_DSN_<AGENT>``. *address* (``host:port``)
    replaces host and port in all of them, for a pooler. *orchestrator_dsn* lets this process open tasks;
    leave it out where code runs that a model wrote, and pass tokens instead.
    """

    def __init__(
        self,
        policy: Policy | Path | str = "moat.yaml",
        *,
        dsns: Mapping[str, str] | None = None,
        credentials: Path | str | None = None,
        address: str | None = None,
        orchestrator_dsn: str | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.policy = read_policy(policy)
        self._dsns = {agent: Dsn(dsn) for agent, dsn in (dsns or {}).items()}
        self._credentials = credentials
        self._address = address
        self._backoff = backoff or Backoff()
        self._means: dict[str, Means] = {}
        self._orchestrator = (
            AsyncOrchestrator(orchestrator_dsn, self._backoff) if orchestrator_dsn is not None else None
        )

    async def __aenter__(self) -> AsyncMoat:
        if self._orchestrator is not None:
            await self._orchestrator.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for means in self._means.values():
            await means.close()
        self._means.clear()
        if self._orchestrator is not None:
            await self._orchestrator.__aexit__()

    async def open_task(
        self,
        agent: str,
        task_id: str,
        *,
        token: str | None = None,
        scope: Mapping[str, Any] | None = None,
        duration_ms: int | None = None,
        max_writes: int | None = None,
        parent: AsyncTask | None = None,
    ) -> AsyncTask:
        """
        Open a task, or re-enter it: the same id is the same task, so a retry keeps its budget and deadline.

        With a *token* from the orchestrator it is entered with that; else it is opened by the
        orchestrator, below *parent* if given; else, without an orchestrator, claimed, where the policy
        says ``tasks: claimed``.

        Raises:
            NoTaskError: neither token nor orchestrator, and the agent does not claim its tasks.
            AgentError: the database refuses it: closed, frozen, past its deadline, another scope.
        """
        check_text(task_id, "a task's id")
        if token is not None:
            check_text(token, "a token")
        means = await self._find_means(agent)
        if token is None and self._orchestrator is not None:
            token = await self._orchestrator.open_task(
                agent,
                task_id,
                scope=scope,
                duration_ms=duration_ms,
                max_writes=max_writes,
                parent=(parent.identity.agent, parent.task_id) if parent is not None else None,
            )
        elif token is None:
            _check_claim(means.profile, task_id, has_more=bool(scope or duration_ms or max_writes or parent))
            token = await self._claim(means, task_id)
        return AsyncTask(TaskIdentity(agent, task_id, token), means, parent)

    @asynccontextmanager
    async def task(
        self,
        agent: str,
        task_id: str,
        *,
        token: str | None = None,
        scope: Mapping[str, Any] | None = None,
        duration_ms: int | None = None,
        max_writes: int | None = None,
        parent: AsyncTask | None = None,
    ) -> AsyncGenerator[AsyncTask]:
        """
        Open a task as :meth:`open_task` does, and make it the current one inside of the block.

        It stays open at the end of the block, for a retry; :meth:`close_task` ends it.
        """
        task = await self.open_task(
            agent,
            task_id,
            token=token,
            scope=scope,
            duration_ms=duration_ms,
            max_writes=max_writes,
            parent=parent,
        )
        with use_task(task.identity):
            yield task

    async def close_task(self, task: AsyncTask) -> bool:
        """
        Close a task and all below it, and return whether it was open.

        Raises:
            NoTaskError: this process has no orchestrator's DSN.
        """
        if self._orchestrator is None:
            raise NoTaskError("only an orchestrator closes tasks", hint="Pass orchestrator_dsn.")
        return await self._orchestrator.close_task(task.identity.agent, task.task_id)

    async def enter_task(self, agent: str, token: str) -> AsyncTask:
        """
        Return the task that *token* opens; PostgreSQL says what it is called.

        Raises:
            AgentError: it opens none of *agent*'s, or one that may not go on.
        """
        means = await self._find_means(agent)

        async def attempt() -> str:
            async with means.pool.connection() as connection:
                sent = await send(connection, BEGIN, enter(token), COMMIT)
                row = await sent[1].fetchone()
                return str(row[0]) if row is not None else ""

        return AsyncTask(TaskIdentity(agent, await repeat(attempt, self._backoff), token), means)

    async def read_columns(
        self, agent: str, entities: Sequence[str], tables: Sequence[tuple[str, str]]
    ) -> list[EntityColumn]:
        """
        Return the columns of *entities* that *agent* has some right on, as PostgreSQL has them.

        *tables* gives the schema and name of the table below each, whose size is told; empty: it is not.
        """
        means = await self._find_means(agent)
        asked = read_columns(means.profile.schema, entities, tables)

        async def attempt() -> list[EntityColumn]:
            async with means.pool.connection() as connection:
                (cursor,) = await send(connection, asked)
                return [EntityColumn(*row) for row in await read_rows(cursor)]

        return await repeat(attempt, self._backoff)

    async def _find_means(self, agent: str) -> Means:
        if agent not in self._means:
            profile = resolve_profile(self.policy, agent)
            dsn = find_dsn(agent, self._dsns, self._credentials, self._address)
            pool = AsyncAgentPool(dsn, profile.pool, f"pgmoat {agent}")
            replica = make_replica(dsn, profile, pool)
            means = Means(pool, profile, compile_allowed(self.policy, agent), self._backoff, replica)
            await means.open()
            if self._means.setdefault(agent, means) is not means:  # another one was faster
                await means.close()
        return self._means[agent]

    async def _claim(self, means: Means, task_id: str) -> str:
        async def attempt() -> str:
            async with means.pool.connection() as connection:
                sent = await send(connection, BEGIN_READ_WRITE, claim(task_id), COMMIT)
                row = await sent[1].fetchone()
                return str(row[0]) if row is not None else ""

        return await repeat(attempt, self._backoff)


def _check_claim(profile: Profile, task_id: str, *, has_more: bool) -> None:
    if not profile.is_claiming:
        raise NoTaskError(
            f"task {task_id} of agent {profile.agent} needs a token",
            hint="Pass the token that the orchestrator got, or orchestrator_dsn where no model's code runs.",
        )
    if has_more:
        raise NoTaskError(
            "a claimed task has no scope, limits or parent of its own",
            hint="Have an orchestrator open it, or open a child of it: task.open_child().",
        )
