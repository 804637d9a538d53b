"""
Several statements of a task in one transaction, short by construction.

In: SQL, operations. Out: Results. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

from pgmoat.errors import (
    ApprovalRequiredError,
    ConnectionLostError,
    StateConflictError,
    TransactionIdleError,
    TransactionTooLongError,
)
from pgmoat.runtime.asynchronous.exchange import send
from pgmoat.runtime.asynchronous.session import INSIDE, AsyncSession
from pgmoat.runtime.binding import Parameters
from pgmoat.runtime.explanation import add_silence
from pgmoat.runtime.failures import clarify_failures
from pgmoat.runtime.messages import BEGIN, bound_transaction, find_caller
from pgmoat.runtime.request import Requester
from pgmoat.runtime.result import Result

_OPEN = ""
_BUSY = "the transaction is in use: {what} came while another one was running in it"
_FAILED = "a statement of the transaction has failed, so {what} is not carried out: all of it is rolled back"
_OVER = "the transaction is over, and {what} would not be part of it: its block has ended"
_HINTS = {
    _BUSY: "One statement at a time, or a transaction of its own for each.",
    _FAILED: "Let the error of a statement end the block, and repeat the whole block.",
    _OVER: "Use the task itself, or open another transaction().",
}


class AsyncTransaction:
    """
    A transaction of a task; :meth:`AsyncTask.transaction` opens it.

    What the block waits for between two statements is measured: PostgreSQL ends a session that waits for
    longer than the policy's ``timeouts.idle_in_transaction``, and the next statement here says so.
    """

    def __init__(self, requester: Requester, session: AsyncSession) -> None:
        self._requester = requester
        self._session = session
        self._timeouts = session.profile.timeouts
        self._state = _OPEN
        self._started = self._last = monotonic()

    async def begin(self) -> None:
        """Open the transaction and enter the task."""
        caller = find_caller(self._requester.identity, self._session.profile)
        await send(self._session.connection, BEGIN, caller.enter(), bound_transaction(self._timeouts))
        self._started = self._last = monotonic()

    def end(self) -> None:
        """Let nothing more through: the connection may be another task's the next moment."""
        self._state = _OVER

    async def commit(self) -> None:
        """
        Commit.

        Raises:
            ConnectionLostError: whether it was committed nobody knows; the same block again, with the same
                keys, finds out.
            StateConflictError: a statement had failed, so that there was nothing to commit.
        """
        self._check_clock("COMMIT")
        answer = await self._session.commit()
        self._state = _OVER
        if answer != "COMMIT":
            raise StateConflictError(_FAILED.format(what="COMMIT"), hint=_HINTS[_FAILED], sqlstate="25P02")

    async def query(self, sql: str, parameters: Parameters = None) -> Result:
        """Return the answer of a SELECT; see :meth:`AsyncTask.query`. An empty one is not explained here."""
        request = self._requester.query(sql, parameters)
        with self._within_limits(sql):
            return add_silence(self._session.profile, await self._session.query(request, INSIDE))

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
        request = self._requester.write(sql, parameters, key, occurrence, reason)
        with self._within_limits(sql):
            return await self._session.write(request, INSIDE)

    async def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        occurrence: int = 1,
    ) -> Result:
        """Call an operation once; see :meth:`AsyncTask.call`."""
        request = self._requester.call(operation, arguments, key, occurrence)
        with self._within_limits():
            return await self._session.call(request, INSIDE)

    @contextmanager
    def _within_limits(self, sql: str = "") -> Generator[None]:
        """
        Look at clock and state before a statement, and after a connection that was lost meanwhile.

        What leaves the block by an error, a cancelled call too, may have been done half: then nothing of the
        transaction is committed.
        """
        self._check_clock("the next statement")
        self._state = _BUSY
        try:
            with clarify_failures(self._session.profile, sql):
                yield
        except ApprovalRequiredError:
            self._state = _OPEN  # PostgreSQL has given an answer, not an error: all else of it stands
            raise
        except BaseException as error:  # a cancelled call too; raised again
            self._state = _FAILED
            if isinstance(error, ConnectionLostError):
                self._check_age("the answer")  # a pooler tells only that the server is gone
            raise
        else:
            self._state = _OPEN
        finally:
            self._last = monotonic()

    def _check_clock(self, what: str) -> None:
        """Refuse a little before PostgreSQL ends the session, which would not say as much."""
        if self._state is not _OPEN:
            raise StateConflictError(
                self._state.format(what=what), hint=_HINTS[self._state], sqlstate="25P02"
            )
        waited, idle_ms = monotonic() - self._last, self._timeouts.idle_in_transaction
        if waited * 1000 >= idle_ms - min(250, idle_ms / 10):
            raise TransactionIdleError(
                f"the transaction waited {waited:.1f} s for something else before {what}, and may wait"
                f" {idle_ms / 1000:g} s: nothing of it is written",
                hint="Think and wait outside of the transaction: read, think, then open one to write.",
            )
        self._check_age(what)

    def _check_age(self, what: str) -> None:
        age, most_ms = monotonic() - self._started, self._timeouts.transaction
        if age * 1000 >= most_ms - min(250, most_ms / 10):
            raise TransactionTooLongError(
                f"the transaction is {age:.1f} s old before {what}, and may take {most_ms / 1000:g} s:"
                " nothing of it is written",
                hint="Do less in one transaction.",
            )
