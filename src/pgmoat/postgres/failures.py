"""
Turn an error of PostgreSQL into one of ours, with a hint.

In: psycopg.Error. Out: Error. I/O: none.
"""

from __future__ import annotations

import psycopg

from pgmoat.errors import ConnectionFailedError, Error, NotFoundError, NotInstalledError

_NOT_INSTALLED = frozenset({"3F000", "42P01", "42883"})
_NOT_FOUND = frozenset({"PM030", "PM032", "PM055"})


def explain_failure(error: psycopg.Error) -> Error:
    """Return an Error that says what PostgreSQL said; the text of the statement is left out."""
    diagnostics = error.diag
    message = diagnostics.message_primary or str(error).split("\n", 1)[0]
    detail, hint = diagnostics.message_detail or "", diagnostics.message_hint or ""
    message = message.removeprefix("pgmoat: ")
    if error.sqlstate in _NOT_FOUND:
        return NotFoundError(message, detail=detail, hint=hint)
    if error.sqlstate in _NOT_INSTALLED and "pgmoat" in message:
        return NotInstalledError(
            "this database has no pgmoat schema, or one of another version",
            detail=message,
            hint="pgmoat apply installs it.",
        )
    if error.sqlstate == "42501" and "schema pgmoat" in message:
        hint = hint or (
            "Another role installed pgmoat in this database, or left its history there. Run this as that"
            " role, or as a member of pgmoat_owner; whoever only watches is a member of pgmoat_monitor."
        )
    if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
        return ConnectionFailedError("the connection to PostgreSQL was lost", detail=message)
    if error.sqlstate:
        message = f"{message} (SQLSTATE {error.sqlstate})"
    return Error(message, detail=detail, hint=hint)
