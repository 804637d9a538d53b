"""
Every exception that pgmoat raises.

    Error
    ├── PolicyError          the policy file cannot be used: all findings, with their places
    ├── AnswerRefusedError   a model's answer to the prompt of init says what it may not: all findings
    ├── PlanBlockedError     plan found problems that the policy does not accept
    ├── ConnectionFailedError  no connection to PostgreSQL, or one without the rights needed
    ├── ApplyError           a statement of apply failed; the database is as it was before
    │   ├── ApplyBusyError   another apply holds the lease
    │   └── LockTimeoutError an ALTER of a people's table found no quiet moment
    ├── ServerError          the embedded server could not be installed, started or stopped
    ├── PoolerError          PgBouncer cannot be configured, started or asked
    ├── NotInstalledError    the database has no pgmoat schema
    ├── NotFoundError        no such agent or task
    └── AgentError           a statement of an agent's was not carried out
        ├── NoTaskError          no task, or one that is not the agent's
        ├── TaskEndedError       the task is closed or past its deadline
        ├── FrozenError          a person or a breaker stopped it, or nobody watches
        │   ├── TaskFrozenError
        │   └── AgentFrozenError
        ├── SessionRefusedError  isolation level, timeouts, or two tasks in one transaction
        ├── BudgetExceededError  rows, writes, bytes, tasks, calls
        ├── ScopeError           rows outside of what the task reaches
        ├── ValueRefusedError    a value that is not allowed
        │   └── ConstraintError  a constraint of the table
        ├── StateConflictError   what the write expects is not so
        ├── IdempotencyConflictError  the key was used for something else
        ├── IdempotencyKeyError  the key is missing, has expired, or cannot be used
        ├── ApprovalRequiredError  a person has to agree first; it is held
        ├── ApprovalRejectedError  a person said no
        ├── NoApprovalError      nothing of the agent's is held under this number
        ├── PermissionDeniedError
        ├── StatementInvalidError  PostgreSQL cannot run the statement
        ├── GuardRefusedError    pgmoat's client did not send the statement
        │   └── RightMissingError  a write that the policy does not grant; a PermissionDeniedError too
        ├── ResultTooLargeError  not even the first row fits
        ├── StatementTimeoutError
        ├── TransactionIdleError   the transaction waited for something else too long
        ├── TransactionTooLongError
        └── TransientError       the same again may succeed; retried by the runtime
            ├── BusyError          a row, lock or key that others hold, or that has moved
            ├── PoolExhaustedError no free connection in time
            └── ConnectionLostError

Each has the shape of a PostgreSQL error: ``code`` (stable, never reused, listed in
docs/reference/errors.md), ``message``, ``detail`` and ``hint``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any


class Error(Exception):
    """The root: something went wrong, with a stable code and a hint on what to do."""

    code = "error"

    def __init__(self, message: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint


class PolicyError(Error):
    """The policy file cannot be used; ``findings`` and ``detail`` hold every problem, a line each."""

    code = "policy-invalid"

    def __init__(self, message: str, *, findings: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, detail="\n".join(findings), hint=hint)
        self.findings = findings


class AnswerRefusedError(PolicyError):
    """A model's answer cannot be merged; ``findings`` and ``detail`` hold every problem, a line each."""

    code = "answer-refused"


class PlanBlockedError(Error):
    """The policy does not fit the database; ``detail`` lists every finding, a line each."""

    code = "plan-blocked"


class ConnectionFailedError(Error):
    """PostgreSQL could not be reached, or refused the login."""

    code = "connection-failed"


class ApplyError(Error):
    """A statement failed; everything of the main transaction was rolled back."""

    code = "apply-failed"


class ApplyBusyError(ApplyError):
    """Another apply or destroy is running on this database."""

    code = "apply-busy"


class LockTimeoutError(ApplyError):
    """A people's table stayed locked by others for longer than apply is willing to wait."""

    code = "lock-timeout"


class ServerError(Error):
    """The embedded PostgreSQL could not be installed, started or stopped."""

    code = "server-failed"


class PoolerError(Error):
    """PgBouncer's configuration could not be made or written, or PgBouncer not started or asked."""

    code = "pooler-failed"


class NotInstalledError(Error):
    """The database has no pgmoat schema, or one of another version."""

    code = "not-installed"


class NotFoundError(Error):
    """The agent, task or entity that was named does not exist."""

    code = "not-found"


class AgentError(Error):
    """
    A statement of an agent's was not carried out; exhaustion never looks like an empty answer.

    ``message`` and ``hint`` are written for a model to act on. ``sqlstate`` is PostgreSQL's code, if it was
    PostgreSQL that refused; ``retry_after_s`` how many seconds to wait before the same is tried again, None
    where that is of no use.
    """

    code = "agent-failed"
    is_retryable = False

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        hint: str = "",
        sqlstate: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, detail=detail, hint=hint)
        self.sqlstate = sqlstate
        self.retry_after_s = retry_after_s

    def as_dict(self) -> dict[str, object]:
        """Return what a tool should show a model: code, message, and detail, hint, retry_after_s if any."""
        found = {
            "code": self.code,
            "message": self.message,
            "detail": self.detail,
            "hint": self.hint,
            "sqlstate": self.sqlstate,
            "retry_after_s": self.retry_after_s,
        }
        return {name: value for name, value in found.items() if value not in ("", None)}


class NoTaskError(AgentError):
    """There is no task, or none that belongs to this agent."""

    code = "no-task"


class TaskEndedError(AgentError):
    """The task is closed or past its deadline, or one above it is."""

    code = "task-ended"


class FrozenError(AgentError):
    """A person or a breaker stopped this, or no watchdog runs; only a person can let it go on."""

    code = "frozen"


class TaskFrozenError(FrozenError):
    """The task, or one above it, is frozen."""

    code = "task-frozen"


class AgentFrozenError(FrozenError):
    """The agent is frozen."""

    code = "agent-frozen"


class SessionRefusedError(AgentError):
    """The session or transaction is not as the gate wants it."""

    code = "session-refused"


class BudgetExceededError(AgentError):
    """A limit of the policy would be passed: rows, writes, bytes, tasks or calls."""

    code = "budget-exceeded"


class ScopeError(AgentError):
    """The task does not reach what the statement asks for."""

    code = "out-of-scope"


class ValueRefusedError(AgentError):
    """A value, a reason or a parameter is missing or not allowed."""

    code = "value-refused"


class ConstraintError(ValueRefusedError):
    """A constraint of the table refuses the row."""

    code = "constraint-violated"


class StateConflictError(AgentError):
    """What the write expects is not so: a precondition, a step, a number of rows."""

    code = "state-conflict"


class IdempotencyConflictError(AgentError):
    """The idempotency key was used for something else."""

    code = "key-conflict"


class IdempotencyKeyError(AgentError):
    """The idempotency key is missing, has expired, or belongs to a write without a result."""

    code = "key-refused"


class ApprovalRequiredError(AgentError):
    """
    A person has to agree first: the write was tried, rolled back and is held.

    ``approval_id`` is its number, None where it could not be held yet; ``why`` says which rule of the policy
    asks; ``expires_at`` until when it waits; ``is_new``: it was held by this very call.
    """

    code = "approval-required"
    # Of the class too: SQLAlchemy's errors that are of both trees are made another way.
    approval_id: int | None = None
    why: str = ""
    expires_at: datetime | None = None
    is_new: bool = False

    def __init__(
        self,
        message: str,
        *,
        approval_id: int | None = None,
        why: str = "",
        expires_at: datetime | None = None,
        is_new: bool = False,
        **said: Any,
    ) -> None:
        super().__init__(message, **said)
        self.approval_id = approval_id
        self.why = why
        self.expires_at = expires_at
        self.is_new = is_new

    def as_dict(self) -> dict[str, object]:
        """Return what a tool should show a model: also the number, why, and until when it waits."""
        expires_at = None if self.expires_at is None else self.expires_at.isoformat()
        found = {"approval_id": self.approval_id, "why": self.why, "expires_at": expires_at}
        return super().as_dict() | {name: value for name, value in found.items() if value not in ("", None)}


class ApprovalRejectedError(AgentError):
    """A person has said no to this write."""

    code = "approval-rejected"


class NoApprovalError(AgentError):
    """Nothing that this task may see is held under the number."""

    code = "no-approval"


class PermissionDeniedError(AgentError):
    """The agent's role has no right to do this."""

    code = "permission-denied"


class StatementInvalidError(AgentError):
    """PostgreSQL cannot run the statement: its syntax, its names, its types."""

    code = "statement-invalid"


class GuardRefusedError(AgentError):
    """
    pgmoat's client did not send the statement.

    ``rule`` names the rule, ``position`` the character of the text it is about, counted from 1.
    """

    code = "guard-refused"

    def __init__(
        self, message: str, *, detail: str = "", hint: str = "", rule: str = "", position: int | None = None
    ) -> None:
        super().__init__(message, detail=detail, hint=hint)
        self.rule = rule
        self.position = position

    def as_dict(self) -> dict[str, object]:
        """Return what a tool should show a model: also the rule, and where in the text."""
        found = {"rule": self.rule, "position": self.position}
        return super().as_dict() | {name: value for name, value in found.items() if value not in ("", None)}


class RightMissingError(GuardRefusedError, PermissionDeniedError):
    """The policy does not grant this write to the agent; the statement was not sent."""

    code = "right-missing"


class ResultTooLargeError(AgentError):
    """Not even the first row fits into an answer."""

    code = "result-too-large"


class StatementTimeoutError(AgentError):
    """The statement took longer than it may, and was cancelled."""

    code = "statement-timeout"


class TransactionIdleError(AgentError):
    """A transaction was held open while something else was waited for; nothing of it was written."""

    code = "transaction-idle"


class TransactionTooLongError(AgentError):
    """A transaction took longer than it may; nothing of it was written."""

    code = "transaction-too-long"


class TransientError(AgentError):
    """The same again may succeed; the runtime has tried until its deadline."""

    code = "transient"
    is_retryable = True


class BusyError(TransientError):
    """Others hold a row, a lock or the key, or a row has moved."""

    code = "busy"


class PoolExhaustedError(TransientError):
    """No connection became free in time; nothing was read or written."""

    code = "pool-exhausted"


class ConnectionLostError(TransientError):
    """The connection to PostgreSQL was lost, or none could be made."""

    code = "connection-lost"
