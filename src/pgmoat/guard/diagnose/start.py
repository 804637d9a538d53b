"""
Where a diagnosis of a statement begins.

In: SQL text, a Case. Out: Reasons or warnings, by probes. I/O: none.
"""

from __future__ import annotations

from dataclasses import replace

from pgmoat.guard.diagnose.doubts import find_doubts
from pgmoat.guard.diagnose.empty import explain_empty
from pgmoat.guard.diagnose.facts import CLIPPED
from pgmoat.guard.diagnose.probe import Case, Steps, cut, fill_in
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.volatile import is_volatile
from pgmoat.guard.parse import Node, Statement, parse_statement

_MOST_REASONS, _MOST_LETTERS = 4, 1_000
_WHATEVER_THE_DATA = frozenset({"limit_zero", "null_comparison"})


def diagnose_empty(case: Case, text: str) -> Steps[list[Reason]]:
    """Return why the query *text* has no rows, the likeliest first; nothing where that is not found."""
    query = _read_query(text)
    if query is None:
        return []
    reasons = yield from explain_empty(case, query)
    has_chances = is_volatile(case, query)
    return [_finish(case, reason, has_chances=has_chances) for reason in dict.fromkeys(reasons)][
        :_MOST_REASONS
    ]


def _finish(case: Case, reason: Reason, *, has_chances: bool) -> Reason:
    """Return a reason as it is told; a guess where the query may have another answer each time."""
    is_sure = reason.certainty == "certain" and (not has_chances or reason.kind in _WHATEVER_THE_DATA)
    suggestion = reason.suggestion
    return replace(
        reason,
        message=cut(fill_in(case, reason.message), _MOST_LETTERS),
        condition=fill_in(case, reason.condition),
        value=None if reason.value is None else cut(fill_in(case, reason.value), CLIPPED),
        certainty="certain" if is_sure else "guess",
        suggestion=None if suggestion in {None, reason.value} else cut(suggestion or "", CLIPPED),
    )


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
