"""
Turn an error of PostgreSQL, PgBouncer or the pool into one that a model can act on.

In: psycopg.Error, Profile. Out: AgentError. I/O: the clock.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg

from pgmoat import errors
from pgmoat.errors import AgentError
from pgmoat.postgres.dsn import MASK
from pgmoat.runtime.guidance import guide
from pgmoat.runtime.hints import Complaint, Parameter, find_hint, name_parameter
from pgmoat.runtime.patience import find_wait
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.wording import GRANT_HINT, Words, clarify, lacks_trigger

_BY_SQLSTATE: dict[str, type[AgentError]] = {
    "PM001": errors.NoTaskError,
    "PM002": errors.TaskEndedError,
    "PM003": errors.TaskEndedError,
    "PM004": errors.TaskFrozenError,
    "PM005": errors.AgentFrozenError,
    "PM006": errors.SessionRefusedError,
    "PM007": errors.SessionRefusedError,
    "PM008": errors.SessionRefusedError,
    "PM009": errors.SessionRefusedError,
    "PM010": errors.BudgetExceededError,
    "PM011": errors.BudgetExceededError,
    "PM012": errors.BudgetExceededError,
    "PM013": errors.BudgetExceededError,
    "PM014": errors.BusyError,
    "PM015": errors.ScopeError,
    "PM016": errors.BudgetExceededError,
    "PM017": errors.ValueRefusedError,
    "PM018": errors.ScopeError,
    "PM019": errors.NoTaskError,
    "PM020": errors.ValueRefusedError,
    "PM021": errors.ValueRefusedError,
    "PM022": errors.StateConflictError,
    "PM023": errors.StateConflictError,
    "PM024": errors.StateConflictError,
    "PM025": errors.PermissionDeniedError,
    "PM026": errors.IdempotencyConflictError,
    "PM027": errors.IdempotencyKeyError,
    "PM028": errors.StateConflictError,
    "PM029": errors.ScopeError,
    "PM030": errors.NoTaskError,
    "PM031": errors.NoTaskError,
    "PM032": errors.NoTaskError,
    "PM033": errors.FrozenError,
    "PM034": errors.ValueRefusedError,
    "PM040": errors.IdempotencyKeyError,
    "PM041": errors.IdempotencyConflictError,
    "PM042": errors.IdempotencyKeyError,
    "PM043": errors.BusyError,
    "PM044": errors.StateConflictError,
    "PM045": errors.StateConflictError,
    "PM046": errors.ValueRefusedError,
    "PM047": errors.BudgetExceededError,
    "PM048": errors.IdempotencyKeyError,
    "PM049": errors.IdempotencyKeyError,
    "PM050": errors.ApprovalRequiredError,
    "PM051": errors.ApprovalRejectedError,
    "PM053": errors.StateConflictError,
    "PM054": errors.BudgetExceededError,
    "PM055": errors.NoApprovalError,
    "PM056": errors.StateConflictError,
    "21000": errors.StateConflictError,
    "25006": errors.PermissionDeniedError,
    "25P03": errors.TransactionIdleError,
    "25P04": errors.TransactionTooLongError,
    "40001": errors.BusyError,
    "40P01": errors.BusyError,
    "42501": errors.PermissionDeniedError,
    "53300": errors.PoolExhaustedError,
    "54000": errors.ResultTooLargeError,
    "55P03": errors.BusyError,
    "57014": errors.StatementTimeoutError,
    "57P01": errors.ConnectionLostError,
    "57P02": errors.ConnectionLostError,
    "57P03": errors.ConnectionLostError,
    "57P05": errors.ConnectionLostError,
}
_BY_CLASS: dict[str, type[AgentError]] = {
    "08": errors.ConnectionLostError,
    "22": errors.ValueRefusedError,
    "23": errors.ConstraintError,
}
# What PostgreSQL leaves without a hint.
_HINTS: dict[type[AgentError], str] = {
    errors.PermissionDeniedError: GRANT_HINT,
    errors.StatementTimeoutError: "Narrow it: a condition on an indexed column, fewer joins, a shorter range."
    " The same statement again would take as long.",
    errors.ConstraintError: "Correct the value; the same again is refused again.",
    errors.BusyError: "Wait and repeat it with the same key.",
    errors.PoolExhaustedError: "Nothing was read or written: this is no empty answer. Wait and repeat it with"
    " the same key.",
    errors.ConnectionLostError: "Repeat it with the same key: what was written already is not written again.",
    errors.TransactionIdleError: "Do the thinking and waiting outside of the transaction.",
    errors.TransactionTooLongError: "Do less in one transaction.",
}
LOGIN_REFUSED = "PostgreSQL refuses the login"
"""How the message of a refused login begins; what follows names server and role."""

# Logins that no repetition mends.
_REFUSALS = (
    "password authentication failed",
    "no pg_hba.conf entry",
    "does not exist",
    "is not permitted to log in",
    "permission denied for database",
    "no such user",
    "no such database",
    "SASL authentication failed",
    "authentication method",
)
# PgBouncer's words for clients that waited, or are too many; PostgreSQL's for no slot.
_EXHAUSTION = (
    "query_wait_timeout",
    "no more connections allowed",
    "too many connections",
    "too many clients",
    "remaining connection slots",
)
# Of the same class as a connection that was lost: fewer values than the statement has parameters.
_MISMATCH = "bind message supplies"


def explain_failure(
    error: psycopg.Error,
    profile: Profile | None = None,
    text: str = "",
    parameters: Sequence[Parameter] = (),
) -> AgentError:
    """
    Return an AgentError that says what PostgreSQL said, in *profile*'s names and those of *parameters*.

    The statement's *text* itself is left out.
    """
    diagnostics = error.diag
    message = (diagnostics.message_primary or str(error).split("\n", 1)[0]).removeprefix("pgmoat: ")
    kind = _classify(error, message)
    complaint = Complaint(error.sqlstate or "", message, diagnostics.context or "", parameters)
    words = Words(
        name_parameter(complaint),
        diagnostics.message_detail or "",
        find_hint(complaint) or guide(error.sqlstate, diagnostics.message_hint or _HINTS.get(kind, "")),
    )
    if profile is not None:
        words = clarify(words, error, profile, text)
    return kind(
        words.message,
        detail=words.detail,
        hint=words.hint,
        sqlstate=error.sqlstate,
        retry_after_s=1.0 if kind.is_retryable else find_wait(error.sqlstate, words.hint, datetime.now(UTC)),
    )


@contextmanager
def clarify_failures(profile: Profile, text: str = "") -> Generator[None]:
    """Have PostgreSQL's errors inside of the block of *text*, say what the policy knows."""
    try:
        yield
    except AgentError as error:
        cause = error.__cause__
        if isinstance(cause, psycopg.Error) and error.sqlstate is not None:
            plain = explain_failure(cause)
            if (error.message, error.hint) == (plain.message, plain.hint):  # not by a block within this one
                reword(error, explain_failure(cause, profile, text))
        raise


def reword(error: AgentError, found: AgentError) -> None:
    """Have *error*, which stays the one that is raised, say what *found* says."""
    error.args = (found.message,)
    error.message, error.detail, error.hint = found.message, found.detail, found.hint


def explain_value(error: Exception) -> AgentError:
    """Return an AgentError about a value that cannot be sent as it is."""
    return errors.ValueRefusedError(
        f"a value cannot be sent: {error}",
        hint="Leave lone surrogates out; inside of JSON write dates and decimals as text.",
    )


def explain_refusal(error: psycopg.Error | None, secrets: Sequence[str]) -> AgentError | None:
    """Return an AgentError for a login that will be refused again; None where it may work the next time."""
    text = str(error or "")
    if not any(words in text for words in _REFUSALS):
        return None
    for secret in secrets:
        text = text.replace(secret, MASK)
    return errors.PermissionDeniedError(
        f"{LOGIN_REFUSED}: {text.splitlines()[0]}",
        hint="Stop. A person corrects role, password, database or pg_hba.conf: pgmoat doctor, pgmoat apply.",
    )


def explain_answer(error: Exception) -> AgentError:
    """Return an AgentError about an answer that Python has no value for."""
    return errors.StatementInvalidError(
        f"the answer cannot be read: {error}", hint="Cast what it is about to text: SELECT a_date::text …"
    )


def _classify(error: psycopg.Error, message: str) -> type[AgentError]:
    state = error.sqlstate
    if state is None or state.startswith("08"):
        if message.startswith(_MISMATCH):
            return errors.StatementInvalidError
        if any(words in message for words in _EXHAUSTION):
            return errors.PoolExhaustedError
        is_lost = isinstance(error, psycopg.OperationalError) or state is not None
        return errors.ConnectionLostError if is_lost else errors.StatementInvalidError
    if state == "55000" and lacks_trigger(message):
        return errors.PermissionDeniedError
    return _BY_SQLSTATE.get(state) or _BY_CLASS.get(state[:2]) or errors.StatementInvalidError
