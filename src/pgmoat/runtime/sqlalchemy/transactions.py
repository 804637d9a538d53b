"""
Enter the current task into an engine's transactions, and tag their statements.

In: events of an engine. Out: statements. I/O: PostgreSQL.

All that is entered ends with the transaction. What was entered is kept per Connection of SQLAlchemy's,
which is lent once and not used again, and never on the connection below it, which the pool lends on.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, AsyncRawCursor, RawCursor
from psycopg import Connection as DriverConnection
from psycopg.pq import TransactionStatus
from sqlalchemy.engine import AdaptedConnection, Connection, ExceptionContext, ExecutionContext

from pgmoat.runtime.asynchronous import pipeline as asynchronous
from pgmoat.runtime.context import TaskIdentity, current_task
from pgmoat.runtime.messages import Caller, Message, find_caller, leave
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.sqlalchemy.failures import (
    CONTEXT_HINT,
    RequestRefusedError,
    TaskMissingError,
    type_failure,
)
from pgmoat.runtime.sqlalchemy.statements import bind_setting, is_formatted, is_rollback, tag_statement
from pgmoat.runtime.synchronous import pipeline as synchronous
from pgmoat.runtime.tag import render_comment

_UNPREPARED = "26000"
"""SQL has deallocated what psycopg has prepared: the connection is of no more use."""

_TAKEN_BACK = "\0"
"""No step: the next statement enters its own."""


class Transactions:
    """The transactions of one engine, and which task and step each has entered."""

    def __init__(self, profile: Profile, fixed: TaskIdentity | None) -> None:
        self._profile = profile
        self._fixed = fixed
        self._entered: WeakKeyDictionary[Connection, Caller | None] = WeakKeyDictionary()
        self._comment = render_comment(agent_id=profile.agent_id, task_id="", step="")

    def forget(self, connection: Connection) -> None:
        """Know nothing of what *connection* has entered, so that its next statement enters."""
        self._entered.pop(connection, None)

    def prepare_statement(
        self,
        connection: Connection,
        _: object,
        statement: str,
        parameters: Any,
        context: ExecutionContext | None,
        __: bool,
    ) -> tuple[str, Any]:
        """
        Return *statement* with its comment; enter its task and step where the transaction has not.

        Raises:
            NoTaskError: the current task belongs to another agent.
            SessionRefusedError: the transaction was begun in another task.
        """
        caller = self._go_back(connection) if is_rollback(statement) else self._enter(connection)
        statement, parameters = bind_setting(connection, statement, parameters)
        formatted = is_formatted(parameters, context)
        return tag_statement(statement, self._comment_of(caller), is_formatted=formatted), parameters

    def explain_failure(self, context: ExceptionContext) -> BaseException | None:
        """Return what SQLAlchemy raises instead of its own error; None: its own."""
        found = type_failure(context, self._profile)
        if found is not None and found.sqlstate == _UNPREPARED:
            context.is_disconnect = True
        connection = context.connection
        is_outside = connection is not None and self._entered.get(connection, 0) is None
        if found is not None and found.sqlstate == "PM001" and is_outside:
            found.hint = CONTEXT_HINT
        return found

    def _comment_of(self, caller: Caller | None) -> str:
        if not self._profile.has_comment:
            return ""
        return caller.comment if caller else self._comment

    def _go_back(self, connection: Connection) -> Caller | None:
        """Expect that what was entered is taken back, but for the task that the transaction belongs to."""
        caller = self._entered.get(connection)
        if caller is not None:
            self._entered[connection] = replace(caller, step=_TAKEN_BACK)
        return caller

    def _enter(self, connection: Connection) -> Caller | None:
        link: Any = connection.connection.dbapi_connection
        status = link.info.transaction_status
        if status is TransactionStatus.IDLE:
            self.forget(connection)
        entered = self._entered.get(connection)
        pinned = entered.identity if entered else None
        identity = choose_task(pinned, self._fixed or current_task(), self._profile.agent)
        caller = find_caller(identity, self._profile) if identity else None
        is_new = connection not in self._entered or not _is_same(entered, caller)
        if is_new and status is not TransactionStatus.INERROR:
            self.forget(connection)
            _send(link, leave() if caller is None else caller.enter())
            self._entered[connection] = caller
        return caller


def _is_same(one: Caller | None, other: Caller | None) -> bool:
    """Whether PostgreSQL would see no difference; a trace's id stands in the comment only."""
    if one is None or other is None:
        return one is other
    return (one.identity.token, one.step, one.reason) == (other.identity.token, other.step, other.reason)


def choose_task(pinned: TaskIdentity | None, current: TaskIdentity | None, agent: str) -> TaskIdentity | None:
    """
    Return the task of a transaction that was begun in *pinned*, at a statement in *current*.

    Without a current task it stays what it was begun in: the transaction is still the same one.

    Raises:
        NoTaskError: *current* belongs to another agent.
        SessionRefusedError: two tasks in one transaction.
    """
    if current is None:
        return pinned
    if current.agent != agent:
        raise TaskMissingError(
            f"the current task {current.task_id} belongs to agent {current.agent}, and the engine to {agent}",
            hint=CONTEXT_HINT,
        )
    if pinned is not None and pinned.token != current.token:
        raise RequestRefusedError(
            f"the transaction was begun in task {pinned.task_id}, and this statement is of task"
            f" {current.task_id}",
            hint="Commit or roll back first: a transaction belongs to one task.",
        )
    return current


def _send(link: Any, message: Message) -> None:
    """Send *message*, behind the BEGIN that psycopg puts before it and waits for."""
    if isinstance(link, AdaptedConnection):
        link.run_async(partial(_send_async, message=message))
    else:
        driver: DriverConnection[Any] = link
        with synchronous.open_pipeline(driver):
            RawCursor(driver).execute(message.text, message.values)


async def _send_async(driver: AsyncConnection[Any], message: Message) -> None:
    async with asynchronous.open_pipeline(driver):
        await AsyncRawCursor(driver).execute(message.text, message.values)
