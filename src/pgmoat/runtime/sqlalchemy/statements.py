"""
The text of a statement, as SQLAlchemy hands it to psycopg.

In: statements, parameters. Out: statements, parameters. I/O: none.
"""

from __future__ import annotations

import re
from typing import Any

from psycopg import AsyncClientCursor, AsyncConnection, ClientCursor
from sqlalchemy.engine import Connection, ExecutionContext

_SET = re.compile(r"\s*SET\s", re.IGNORECASE)


def is_formatted(parameters: Any, context: ExecutionContext | None) -> bool:
    """
    Whether psycopg looks for placeholders, and takes ``%%`` for ``%``.

    SQLAlchemy passes an empty set of parameters where there are none, which is enough for that; only with
    the execution option ``no_parameters`` it passes nothing.
    """
    return bool(parameters) or context is None or not context.execution_options.get("no_parameters", False)


def tag_statement(statement: str, comment: str, *, is_formatted: bool) -> str:
    """Return *statement* behind *comment*, whose ``%`` is doubled exactly where psycopg halves it."""
    return (comment.replace("%", "%%") if is_formatted else comment) + statement


def is_rollback(statement: str) -> bool:
    """Whether a statement takes back a part of its transaction: ``ROLLBACK TO SAVEPOINT``."""
    return statement.lstrip()[:8].upper() == "ROLLBACK"


def bind_setting(connection: Connection, statement: str, parameters: Any) -> tuple[str, Any]:
    """
    Return a ``SET`` with its parameters in its text; other statements as they are.

    PostgreSQL binds none there, and libraries that were written for drivers which do it in the client send
    ``SET search_path TO %s``.
    """
    given: Any = parameters
    if not parameters or isinstance(given, list) or not _SET.match(statement):
        return statement, parameters
    driver: Any = connection.connection.driver_connection
    kind: Any = AsyncClientCursor if isinstance(driver, AsyncConnection) else ClientCursor
    text: str = kind(driver).mogrify(statement, parameters)
    return text.replace("%", "%%"), ()
