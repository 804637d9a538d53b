"""
No ON CONFLICT: an entity is a view.

In: Statement. Out: Problems. I/O: none.

With a target PostgreSQL finds no unique index (42P10). Without one it accepts the clause and does not heed
it: the duplicate fails with 23505 all the same, and the transaction with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.parse import Statement
from pgmoat.guard.problem import Problem, Use


def check_on_conflict(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each ON CONFLICT."""
    for node in statement.all("OnConflictClause"):
        hint = (
            "give an idempotency key, so that a retry writes once; use an operation; or UPDATE first, and"
            " INSERT what was not found"
        )
        message = "ON CONFLICT does not work on entities: they have no unique index"
        yield Problem("on_conflict", message, hint, statement.position(node))
