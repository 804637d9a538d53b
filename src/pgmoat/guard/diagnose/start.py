"""
Where a diagnosis of a statement begins.

In: SQL text, a Case. Out: Reasons or warnings, by probes. I/O: none.
"""

from __future__ import annotations

from dataclasses import replace

from pgmoat.guard.diagnose.doubts import find_doubts
from pgmoat.guard.diagnose.empty import explain_empty
from pgmoat.guard.diagnose.probe import Case, Steps, fill_in
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.parse import Node, Statement, parse_statement

_MOST_REASONS = 4


def diagnose_empty(case: Case, text: str) -> Steps[list[Reason]]:
    """Return why the query *text* has no rows, the likeliest first; nothing where that is not found."""
    query = _read_query(text)
    if query is None:
        return []
    reasons = yield from explain_empty(case, query)
    found = [
        replace(reason, message=fill_in(case, reason.message), condition=fill_in(case, reason.condition))
        for reason in dict.fromkeys(reasons)
    ]
    return found[:_MOST_REASONS]


def diagnose_rows(case: Case, text: str) -> Steps[list[str]]:
    """Return warnings about the answer of the query *text*, which has rows."""
    query = _read_query(text)
    warnings = [] if query is None else (yield from find_doubts(case, query))
    return [fill_in(case, warning) for warning in warnings]


def _read_query(text: str) -> Node | None:
    statement = parse_statement(text)
    if not isinstance(statement, Statement) or len(statement.roots) != 1:
        return None
    return statement.root if statement.root.kind == "SelectStmt" else None
