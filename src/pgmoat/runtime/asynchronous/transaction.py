"""
Several statements of a task in one transaction, short by construction.

In: SQL, operations. Out: Results. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from pgmoat.errors import StateConflictError, TransactionIdleError, TransactionTooLongError
from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Use
from pgmoat.runtime.asynchronous.exchange import send, send_and_stay
from pgmoat.runtime.asynchronous.session import INSIDE, AsyncSession
from pgmoat.runtime.binding import Parameters, bind
from pgmoat.runtime.calls import bind_call
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.idempotency import make_idempotency_key
from pgmoat.runtime.inspection import inspect_statement
from pgmoat.runtime.messages import BEGIN, COMMIT, bound_transaction, find_caller
from pgmoat.runtime.result import Result


class AsyncTransaction:
    """
    A transaction of a task; :meth:`AsyncTask.transaction` opens it.

    What the block waits for between two statements is measured: PostgreSQL ends a session that waits for
    longer than the policy's ``timeouts.idle_in_transaction``, and the next statement here says so.
    """

    def __init__(self, identity: TaskIdentity, session: AsyncSession, allowed: Allowed) -> None:
        self._identity = identity
        self._session = session
        self._allowed = allowed
        self._timeouts = session.profile.timeouts
        self._started = self._last = monotonic()

    async def begin(self) -> None:
        """Open the transaction and enter the task."""
        caller = find_caller(self._identity, self._session.profile)
        await send_and_stay(
            self._session.connection, BEGIN, caller.enter(), bound_transaction(self._timeouts)
        )
        self._started = self._last = monotonic()

    async def commit(self) -> None:
        """
        Commit.

        Raises:
            StateConflictError: a statement had failed, so that there was nothing to commit.
        """
        self._check_clock("COMMIT")
        (cursor,) = await send(self._session.connection, COMMIT)
        if cursor.statusmessage != "COMMIT":
            raise StateConflictError(
                "the transaction was rolled back, because a statement in it had failed",
                hint="Let the error of a statement end the block, and repeat the whole block.",
                sqlstate="25P02",
            )

    async def query(self, sql: str, parameters: Parameters = None) -> Result:
        """Return the answer of a SELECT; see :meth:`AsyncTask.query`."""
        bound = bind(sql, parameters)
        verdict = inspect_statement(bound, Use.READ, self._allowed)
        self._check_clock("the next statement")
        caller = find_caller(self._identity, self._session.profile)
        result = await self._session.query(caller, bound, verdict, INSIDE)
        self._last = monotonic()
        return result

    async def write(
        self,
        sql: str,
        parameters: Parameters = None,
        *,
        key: str | None = None,
        occurrence: int = 1,
        reason: str = "",
    ) -> Result:
        """Run an INSERT, UPDATE or DELETE once; see :meth:`AsyncTask.write`."""
        key = key or make_idempotency_key(
            self._identity.task_id, "write", [sql, parameters or None], occurrence
        )
        bound = bind(sql, parameters, key=key)
        verdict = inspect_statement(bound, Use.WRITE, self._allowed)
        self._check_clock("the next statement")
        caller = find_caller(self._identity, self._session.profile, reason=reason)
        result = await self._session.write(caller, bound, verdict, key, INSIDE)
        self._last = monotonic()
        return result

    async def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        occurrence: int = 1,
    ) -> Result:
        """Call an operation once; see :meth:`AsyncTask.call`."""
        given = dict(arguments or {})
        key = key or make_idempotency_key(self._identity.task_id, operation, given, occurrence)
        bound = bind_call(self._session.profile, operation, given, key)
        self._check_clock("the next statement")
        caller = find_caller(self._identity, self._session.profile)
        result = await self._session.call(caller, bound, INSIDE)
        self._last = monotonic()
        return result

    def _check_clock(self, what: str) -> None:
        now = monotonic()
        waited, age = now - self._last, now - self._started
        idle_ms = self._timeouts.idle_in_transaction
        if waited * 1000 >= idle_ms - min(250, idle_ms / 10):  # a little before PostgreSQL ends it
            raise TransactionIdleError(
                f"the transaction waited {waited:.1f} s for something else before {what}, and may wait"
                f" {self._timeouts.idle_in_transaction / 1000:g} s: nothing of it is written",
                hint="Think and wait outside of the transaction: read, think, then open one to write.",
            )
        if age * 1000 >= self._timeouts.transaction:
            raise TransactionTooLongError(
                f"the transaction is {age:.1f} s old before {what}, and may take"
                f" {self._timeouts.transaction / 1000:g} s: nothing of it is written",
                hint="Do less in one transaction.",
            )
