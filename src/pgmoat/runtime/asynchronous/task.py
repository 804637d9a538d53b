"""
A task: what an agent does in it.

In: SQL, operations. Out: Results. I/O: PostgreSQL, a transaction for each call; no connection is held
between.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pgmoat.errors import AgentError, ApprovalRejectedError, ApprovalRequiredError
from pgmoat.guard.allowed import Allowed
from pgmoat.runtime.arguments import check_number, check_text
from pgmoat.runtime.asynchronous.attempts import repeat
from pgmoat.runtime.asynchronous.exchange import send
from pgmoat.runtime.asynchronous.pool import AsyncAgentPool
from pgmoat.runtime.asynchronous.position import leave_trail
from pgmoat.runtime.asynchronous.replica import AsyncReplica
from pgmoat.runtime.asynchronous.session import AsyncSession
from pgmoat.runtime.asynchronous.transaction import AsyncTransaction
from pgmoat.runtime.backoff import Backoff
from pgmoat.runtime.binding import Parameters
from pgmoat.runtime.context import TaskIdentity, current_step, use_step
from pgmoat.runtime.failures import clarify_failures
from pgmoat.runtime.held import TO_BE_HELD, WRITE, Held, disown, explain_resumed, resume
from pgmoat.runtime.idempotency import make_idempotency_key
from pgmoat.runtime.messages import BEGIN_READ_WRITE, COMMIT, find_caller, open_child
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.request import Request, Requester
from pgmoat.runtime.result import Outcome, Preview, Result
from pgmoat.runtime.telemetry import count_replay, observe


@dataclass(frozen=True, slots=True)
class Means:
    """What a task works with: its agent's pool, profile, rights and patience."""

    pool: AsyncAgentPool
    profile: Profile
    allowed: Allowed
    backoff: Backoff
    replica: AsyncReplica | None = None

    async def open(self) -> None:
        """Start the pools."""
        await self.pool.open()
        if self.replica is not None:
            await self.replica.open()

    async def close(self) -> None:
        """Close the pools."""
        await self.pool.close()
        if self.replica is not None:
            await self.replica.close()


class AsyncTask:
    """
    One unit of work of an agent.

    Each method is one transaction. What fails for a passing reason (a lost connection, a row that moved, an
    exhausted pool, a server that restarts) is tried again until the moat's deadline; a write takes effect
    once however often it is tried, also when the answer to COMMIT was lost.

    Errors of every method are :class:`pgmoat.errors.AgentError`.
    """

    def __init__(self, identity: TaskIdentity, means: Means, parent: AsyncTask | None = None) -> None:
        self.identity = identity
        self._means = means
        self._requester = Requester(identity, means.profile, means.allowed)
        self._horizon = parent._horizon if parent is not None else None  # what a child writes its parent sees
        if means.replica is not None:
            self._horizon = means.replica.horizons.find(identity.task_id, self._horizon)

    def __repr__(self) -> str:
        return f"<task {self.identity.agent}/{self.identity.task_id}>"

    @property
    def task_id(self) -> str:
        """The orchestrator's id."""
        return self.identity.task_id

    def step(self, name: str, *, reason: str = "") -> AbstractContextManager[None]:
        """Label what this task does inside of the block; *reason* goes with its deletions."""
        return use_step(self.identity, check_text(name, "the name of a step"), check_text(reason, "a reason"))

    async def query(self, sql: str, parameters: Parameters = None) -> Result:
        """
        Return the answer of a SELECT; parameters stand in it as ``:name``, or ``$1`` for a sequence.

        Where it has no rows, or counts none, ``reasons`` of the result say why.
        """
        means = self._means
        with self._observe("query", sql):
            request = self._requester.query(sql, parameters)

            async def attempt() -> Result:
                if means.replica is not None and self._horizon is not None:
                    return await means.replica.query(self._horizon, request)
                async with means.pool.connection() as connection:
                    return await AsyncSession(connection, means.profile).answer(request)

            return await repeat(attempt, means.backoff)

    async def write(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        key: str | None = None,
        occurrence: int = 1,
        reason: str = "",
    ) -> Result:
        """
        Run an INSERT, UPDATE or DELETE once, however often this is repeated.

        Without a *key* the same SQL with the same values is one write within the task; *occurrence* counts
        those that are repeated on purpose. The statement may use its key as ``:idempotency_key``, for an
        event log.

        Raises:
            ApprovalRequiredError: the policy asks for a person's word; it is held, and runs when it is
                approved and :meth:`outcome` is asked for, or this is repeated with the same key.
            ApprovalRejectedError: a person has said no.
        """
        with self._observe("write", sql):
            return await self._write(self._requester.write(sql, parameters, key, occurrence, reason))

    async def _write(self, request: Request) -> Result:
        means = self._means

        async def attempt() -> Result:
            async with means.pool.connection() as connection, leave_trail(self._horizon) as trail:
                return await AsyncSession(connection, means.profile, trail).write(request)

        async def hold() -> Result:
            async with means.pool.connection() as connection, leave_trail(self._horizon) as trail:
                return await AsyncSession(connection, means.profile, trail).hold(request)

        try:
            result = await repeat(attempt, means.backoff)
        except AgentError as error:
            if error.sqlstate not in TO_BE_HELD:
                raise
            result = await repeat(hold, means.backoff)
        return count_replay(self.identity.agent, result)

    async def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        occurrence: int = 1,
    ) -> Result:
        """
        Call an operation once, however often this is repeated.

        Without a *key* the same operation with the same arguments is one call within the task;
        *occurrence* counts those that are repeated on purpose. Approvals are asked for as by :meth:`write`.
        """
        with self._observe(check_text(operation, "the name of an operation")):
            return await self._call(self._requester.call(operation, arguments, key, occurrence))

    async def _call(self, request: Request) -> Result:
        means = self._means

        async def attempt() -> Result:
            async with means.pool.connection() as connection, leave_trail(self._horizon) as trail:
                return await AsyncSession(connection, means.profile, trail).call(request)

        return count_replay(self.identity.agent, await repeat(attempt, means.backoff))

    async def outcome(self, approval_id: int) -> Outcome:
        """
        Return what became of a write or call that waits for a person's word; once approved, run it now.

        It runs with the values and the key of then, once however often this is repeated. Where it would
        write other rows by now than the person was shown, it is held anew, and pending again.

        Raises:
            NoApprovalError: nothing that this task may see is held under the number.
            ValueRefusedError: it is approved, and its values cannot be read back: repeat the write or call
                itself with the same key.
        """
        number = check_number(approval_id, "the number of an approval")
        with self._observe("outcome"):
            held = await self._ask(number)
            if held.outcome.state != "approved":
                return held.outcome
            request = resume(self._requester, held)
            try:
                run = self._write if held.outcome.operation == WRITE else self._call
                result = await run(request)
            except (ApprovalRequiredError, ApprovalRejectedError):
                return (await self._ask(number)).outcome
            except AgentError as error:
                raise explain_resumed(error, number) from error.__cause__
            return replace(held.outcome, state="done", result=result)

    async def _ask(self, number: int) -> Held:
        means = self._means
        caller = find_caller(self.identity, means.profile)

        async def attempt() -> Held:
            async with means.pool.connection() as connection:
                return await AsyncSession(connection, means.profile).ask(caller, number)

        return await repeat(attempt, means.backoff)

    async def preview(self, sql: str, parameters: Parameters = None, *, reason: str = "") -> Preview:
        """Return what a write would change, rows before and after; it is run and rolled back."""
        with self._observe("preview", sql):
            return await self._preview(self._requester.write(sql, parameters, reason=reason))

    async def preview_call(self, operation: str, arguments: Mapping[str, Any] | None = None) -> Preview:
        """Return what a call would change, rows before and after; it is run and rolled back."""
        name = check_text(operation, "the name of an operation")
        key = make_idempotency_key(self.task_id, "preview", name)  # the call's own would be replayed
        with self._observe("preview"):
            return await self._preview(self._requester.call(operation, arguments, key))

    async def _preview(self, request: Request) -> Preview:
        means = self._means

        async def attempt() -> Preview:
            async with means.pool.connection() as connection:
                return await AsyncSession(connection, means.profile).preview(request)

        return await repeat(attempt, means.backoff)

    @contextmanager
    def _observe(self, operation: str, sql: str = "") -> Generator[None]:
        step, _ = current_step(self.identity)
        with (
            observe(self.identity.agent, operation, self.task_id, step),
            clarify_failures(self._means.profile, sql),
        ):
            yield

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncTransaction]:
        """
        Open a transaction for several statements; it commits at the end of the block, or writes nothing.

        Keep it short: no model, no other service inside. It is not repeated by itself: repeat the whole
        block, with the same keys, after a :class:`pgmoat.errors.TransientError`.

        Raises:
            TransactionIdleError: it waited for something else than PostgreSQL for longer than the policy's
                ``timeouts.idle_in_transaction``.
            TransactionTooLongError: it took longer than ``timeouts.transaction``.
        """
        means = self._means
        async with means.pool.connection() as connection, leave_trail(self._horizon) as trail:
            session = AsyncSession(connection, means.profile, trail)
            transaction = AsyncTransaction(self._requester, session)
            with self._observe("transaction"):
                await transaction.begin()
                try:
                    yield transaction
                    await transaction.commit()
                except ApprovalRequiredError as error:
                    if error.is_new:
                        disown(error)
                    raise
                finally:
                    transaction.end()

    async def open_child(
        self,
        child_id: str,
        *,
        scope: Mapping[str, Any] | None = None,
        duration_ms: int | None = None,
        max_writes: int | None = None,
    ) -> AsyncTask:
        """
        Open a task below this one, or re-enter it; its id becomes ``parent/child``.

        Whatever it writes is charged to this task too; its scope is this task's, or narrower.
        """
        means = self._means
        caller = find_caller(self.identity, means.profile)
        message = open_child(child_id, scope, duration_ms, max_writes)

        async def attempt() -> str:
            async with means.pool.connection() as connection:
                sent = await send(connection, BEGIN_READ_WRITE, caller.enter(), message, COMMIT)
                row = await sent[2].fetchone()
                return str(row[0]) if row is not None else ""

        token = await repeat(attempt, means.backoff)
        return AsyncTask(TaskIdentity(self.identity.agent, f"{self.task_id}/{child_id}", token), means, self)
