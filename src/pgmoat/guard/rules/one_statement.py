"""
One statement per text.

In: Statement. Out: Problems. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.parse import Statement
from pgmoat.guard.problem import Problem, Use


def check_one_statement(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem unless *statement* is exactly one; a semicolon at the end is none."""
    count = len(statement.roots)
    if count == 0:
        yield Problem("one_statement", "there is no statement in it", "write one SQL statement", None)
    elif count > 1:
        hint = "send them one by one"
        yield Problem("one_statement", f"{count} statements, where one is allowed", hint, None)
