"""
No row locks.

In: Statement. Out: Problems. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.parse import Statement
from pgmoat.guard.problem import Problem, Use


def check_locking(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each FOR UPDATE, FOR SHARE and the like."""
    for node in statement.all("LockingClause"):
        strength = node.text("strength").removeprefix("LCS_FOR")
        words = {"KEYSHARE": "KEY SHARE", "NOKEYUPDATE": "NO KEY UPDATE"}.get(strength, strength)
        hint = (
            "leave it out: an UPDATE through an entity fails with 40001 if the row has moved, and is retried"
        )
        yield Problem("locking", f"FOR {words} would lock people's rows", hint, None)
