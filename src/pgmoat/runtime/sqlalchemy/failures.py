"""
Errors that are SQLAlchemy's and pgmoat's at once.

In: what SQLAlchemy is about to raise. Out: exceptions. I/O: none.

``except SQLAlchemyError`` of libraries goes on to work, and ``except BudgetExceededError`` works as well.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import psycopg
from sqlalchemy import exc
from sqlalchemy.engine import ExceptionContext

from pgmoat import errors
from pgmoat.errors import AgentError
from pgmoat.runtime.failures import explain_failure
from pgmoat.runtime.profile import Profile

CONTEXT_HINT = (
    "Run it inside of `with moat.task(…)`, or give the engine a task. The current task is lost in thread"
    " pools and run_in_executor(): use asyncio.to_thread(), or contextvars.copy_context().run()."
)
# The runtime's own hints speak of keys, which a transaction of SQLAlchemy has with write_once() only.
_HINTS: dict[type[AgentError], str] = {
    errors.BusyError: "Roll back, wait, and run the whole transaction again.",
    errors.PoolExhaustedError: "Nothing was read or written: this is no empty answer. Wait and run it again.",
    errors.ConnectionLostError: "Run the whole transaction again. If COMMIT was lost, it may have taken"
    " effect: a write within write_once() is not written again.",
}

_IN_SQL = frozenset({"PM027", "PM040", "PM042", "PM046", "PM049"})
"""About keys and parameters, which stand in the SQL here: PostgreSQL's hint fits as it is."""
_BY_SQLSTATE = {"PM020": "Run it inside of `with task.step(…, reason=…)`."}  # there is no write() here


def _render(error: AgentError, statement: str | None = None) -> str:
    lines = [error.message, error.detail]
    lines.append(f"Hint: {error.hint}" if error.hint else "")
    lines.append(f"[SQL: {statement}]" if statement else "")
    return "\n".join(line for line in lines if line)


class RequestRefusedError(errors.SessionRefusedError, exc.InvalidRequestError):
    """The engine does not do this; nothing was sent."""

    def __str__(self) -> str:
        return _render(self)


class TaskMissingError(errors.NoTaskError, exc.InvalidRequestError):
    """The current task is not one of the engine's agent; nothing was sent."""

    def __str__(self) -> str:
        return _render(self)


class PoolTimeoutError(errors.PoolExhaustedError, exc.TimeoutError):
    """No connection became free in time; nothing was sent."""

    def __str__(self) -> str:
        return _render(self)


# Two attributes have the same name in both: detail, which is a list in SQLAlchemy, and code.
class StatementFailedError(AgentError, exc.DBAPIError):  # pyright: ignore[reportIncompatibleVariableOverride]
    """
    A statement failed; every one that is raised is of two more classes, of pgmoat's tree and SQLAlchemy's.

    ``str`` has the hint, for what shows a model no more than that; it has no parameters.
    """

    def __init__(  # noqa: PLR0917 - the parameters of DBAPIError
        self,
        statement: str | None,
        params: Any,
        orig: psycopg.Error,
        hide_parameters: bool = False,
        connection_invalidated: bool = False,
        code: str | None = None,
        ismulti: bool | None = None,
    ) -> None:
        exc.DBAPIError.__init__(
            self, statement, params, orig, hide_parameters, connection_invalidated, ismulti=ismulti
        )
        self.clarify(orig, None)

    def clarify(self, orig: psycopg.Error, profile: Profile | None) -> None:
        """Say what *orig* says, in the names of *profile*."""
        found = explain_failure(orig, profile, self.statement or "")
        self.message, self.hint = found.message, found.hint
        self.detail = cast("Any", found.detail)
        self.sqlstate, self.retry_after_s = found.sqlstate, found.retry_after_s
        if found.sqlstate in _IN_SQL:
            self.hint = orig.diag.message_hint or found.hint
        elif orig.diag.message_hint is None:
            self.hint = _HINTS.get(type(found), self.hint)
        self.hint = _BY_SQLSTATE.get(found.sqlstate or "", self.hint)

    def __str__(self) -> str:
        return _render(self, self.statement)

    def add_detail(self, msg: str) -> None:
        """Add what SQLAlchemy knows of where it happened, such as an autoflush."""
        self.detail = cast("Any", f"{self.detail}\n{msg}".strip())

    def __reduce__(self) -> Any:
        kind, wrapper = type(self).__bases__[1:]
        rest = (self.statement, self.params, self.orig, self.hide_parameters, self.connection_invalidated)
        return (
            _restore,
            (kind, wrapper, *rest),
            {
                "message": self.message,
                "detail": self.detail,
                "hint": self.hint,
            },
        )


def type_failure(context: ExceptionContext, profile: Profile) -> StatementFailedError | None:
    """Return what SQLAlchemy raises instead of its own error, in the *profile*'s names; None: its own."""
    wrapped, original = context.sqlalchemy_exception, context.original_exception
    if not isinstance(wrapped, exc.DBAPIError) or not isinstance(original, psycopg.Error):
        return None
    made = _join(type(explain_failure(original)), type(wrapped))(
        wrapped.statement,
        wrapped.params,
        original,
        wrapped.hide_parameters,
        context.is_disconnect,
        ismulti=wrapped.ismulti,
    )
    made.clarify(original, profile)
    return made


@cache
def _join(kind: type[AgentError], wrapper: type[exc.DBAPIError]) -> type[StatementFailedError]:
    """Return the class of errors that are both."""
    made = type(
        kind.__name__,
        (StatementFailedError, kind, wrapper),
        {"__module__": __name__, "__doc__": kind.__doc__},
    )
    return cast("type[StatementFailedError]", made)


def _restore(kind: type[AgentError], wrapper: type[exc.DBAPIError], *given: Any) -> StatementFailedError:
    """Return an error that was pickled, as by a process pool."""
    return _join(kind, wrapper)(*given)
