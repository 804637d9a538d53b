"""
Every exception that pgmoat raises.

    Error
    ├── PolicyError          the policy file cannot be used: all findings, with their places
    ├── PlanBlockedError     plan found problems that the policy does not accept
    ├── ConnectionFailedError  no connection to PostgreSQL, or one without the rights needed
    ├── ApplyError           a statement of apply failed; the database is as it was before
    │   ├── ApplyBusyError   another apply holds the lease
    │   └── LockTimeoutError an ALTER of a people's table found no quiet moment
    ├── ServerError          the embedded server could not be installed, started or stopped
    ├── PoolerError          PgBouncer cannot be configured, started or asked
    ├── NotInstalledError    the database has no pgmoat schema
    └── NotFoundError        no such agent or task

Each has the shape of a PostgreSQL error: ``code`` (stable, never reused, listed in
docs/reference/errors.md), ``message``, ``detail`` and ``hint``.
"""

from __future__ import annotations


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
