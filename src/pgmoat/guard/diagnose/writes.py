"""
Why a write fits no row, as far as the statement and the policy tell.

In: SQL text, a Case. Out: Reasons, without a probe. I/O: none.

A write that fits no row is a common thing: it was done already, or there is no such row. So PostgreSQL is not
asked why; only what can hold for no row at all is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pgmoat.guard.diagnose.block import MOST_CONDITIONS, MOST_ITEMS, Named, read_block
from pgmoat.guard.diagnose.probe import Case, fill_in
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.term import read_term
from pgmoat.guard.diagnose.traps import find_traps
from pgmoat.guard.diagnose.values import explain_unknown_words
from pgmoat.guard.parse import Node, Statement, parse_statement
from pgmoat.guard.rewrite import make_number, make_select

_MOST_REASONS = 4


def diagnose_write(case: Case, text: str) -> list[Reason]:
    """Return the conditions of a write that hold for no row, whatever the data are."""
    statement = parse_statement(text)
    if not isinstance(statement, Statement) or len(statement.roots) != 1:
        return []
    query = _read_query(statement.root)
    if query is None:
        return []
    reasons = dict.fromkeys(_list_reasons(case, query, statement.root))
    return [
        replace(reason, message=fill_in(case, reason.message), condition=fill_in(case, reason.condition))
        for reason in reasons
    ][:_MOST_REASONS]


def _read_query(root: Node) -> Node | None:
    """Return a SELECT of the rows that a write would write; None where there is none."""
    if root.kind == "InsertStmt":
        query = root.node("select_stmt")
        return query if query is not None and "from_clause" in query.fields else None
    relation = root.node("relation")
    if root.kind not in {"UpdateStmt", "DeleteStmt"} or relation is None:
        return None
    others = root.nodes("from_clause") or root.nodes("using_clause")
    return make_select([make_number(1)], [relation, *others], root.node("where_clause"))


def _list_reasons(case: Case, query: Node, root: Node) -> Iterator[Reason]:
    block = read_block(case, query, Named().join(root).join(query))
    if len(block.items) > MOST_ITEMS or len(block.conditions) > MOST_CONDITIONS:
        return
    yield from find_traps(block)
    for condition in block.conditions:
        term = read_term(block, condition)
        if term is not None and term.kind == "equal":
            yield from explain_unknown_words(term, condition.node)
