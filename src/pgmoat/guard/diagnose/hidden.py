"""
Rows that are there, and that the caller does not see: of another scope, or soft-deleted.

In: the conditions on an entity that no visible row meets. Out: Reasons. I/O: none.

PostgreSQL counts them, by a function that is there only where the policy lets the agent know. Without it,
only what the agent knows anyway is told: the scope of its own task.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pgmoat.guard.diagnose.block import Block, Condition, Leaf
from pgmoat.guard.diagnose.facts import read_type
from pgmoat.guard.diagnose.literal import show_text
from pgmoat.guard.diagnose.probe import Rows, Steps, ask
from pgmoat.guard.diagnose.reason import Certainty, Reason
from pgmoat.guard.diagnose.term import Term, read_term
from pgmoat.guard.parse import Node, Value
from pgmoat.guard.rewrite import make_any, make_cast, make_select, make_text
from pgmoat.policy.hidden import name_hidden

_WITHOUT_LENGTH = {"character": "bpchar", "bit": "varbit"}  # the names alone mean one letter, one bit
MOST = 100
"""The function counts no further."""


def explain_hidden(
    block: Block, leaf: Leaf, conditions: Sequence[Condition], failing: Sequence[Condition]
) -> Steps[list[Reason]]:
    """
    Return which hidden rows meet the conditions, as far as the caller may know.

    *failing* are those that no visible row meets by itself. Where there are conditions, and none by which
    hidden rows can be counted, nothing is said: that there are others says nothing of these.
    """
    access = leaf.access
    if access is None:
        return []
    terms = [read_term(block, condition) for condition in conditions]
    equal = {
        term.column: term.values[0].text
        for term in terms
        if term is not None and term.kind == "equal" and term.is_plain and len(term.values) == 1
    }
    reasons: list[Reason] = []
    if equal or not conditions:
        reasons += yield from _count(block, leaf, equal, is_whole=len(equal) == len(conditions))
    if reasons:
        return reasons
    for condition in failing:
        reasons += yield from _explain_scope(block, read_term(block, condition))
    return reasons


def _count(block: Block, leaf: Leaf, equal: dict[str, str | None], *, is_whole: bool) -> Steps[list[Reason]]:
    access = leaf.access
    if access is None or not access.tells:
        return []
    conditions = make_cast(make_text(json.dumps(equal)), "jsonb")
    rows = yield from ask(
        block.case, make_select([_call(block.case.schema, name_hidden(access.name), conditions)])
    )
    counts = _read_counts(rows)
    if counts is None:
        return []
    deleted, outside = counts
    certainty: Certainty = "certain" if is_whole else "guess"
    first = next(iter(equal), "")
    place = (certainty, access.name, first, equal.get(first))
    reasons: list[Reason] = []
    if outside:
        message = (
            f"{_show_count(outside)} of {access.name}{_describe(equal, outside)} out of this task's scope"
        )
        reasons.append(Reason("hidden_out_of_scope", message, *place, hidden=outside))
    if deleted:
        message = f"{_show_count(deleted)} of {access.name}{_describe(equal, deleted)} deleted"
        reasons.append(Reason("hidden_deleted", message, *place, hidden=deleted))
    return reasons


def _read_counts(rows: Rows | None) -> tuple[int, int] | None:
    """Return how many are deleted, and out of scope."""
    found: dict[str, int] | None = rows[0][0] if rows else None
    return None if found is None else (found.get("deleted", 0), found.get("out_of_scope", 0))


def _call(schema: str, name: str, *arguments: Node) -> Node:
    fields: dict[str, Value] = {"funcname": [schema, name], "args": list(arguments)}
    return Node("FuncCall", {**fields, "funcformat": "COERCE_EXPLICIT_CALL"})


def _describe(equal: dict[str, str | None], count: int) -> str:
    parts = [
        f"{name} IS NULL" if value is None else f"{name} = {show_text(value)}"
        for name, value in equal.items()
    ]
    verb = "is" if count == 1 else "are"
    return f" with {' and '.join(parts)} {verb} there, and {verb}" if parts else f" {verb}"


def _list_own(values: Sequence[str]) -> str:
    return f"= {values[0]}" if len(values) == 1 else f"among {', '.join(values)}"


def _show_count(count: int) -> str:
    return f"{count} or more rows" if count >= MOST else "1 row" if count == 1 else f"{count} rows"


def _explain_scope(block: Block, term: Term | None) -> Steps[list[Reason]]:
    """Return that a value is none of those in the task's scope: it sees no row with it, if there is any."""
    if term is None or term.leaf.access is None or term.kind != "equal" or not term.is_plain:
        return []
    key = dict(term.leaf.access.scope).get(term.column)
    given = [value for value in term.values if value.text is not None]
    type_name = (yield from read_type(block, term)) if key is not None and given else ""
    if key is None or not type_name:
        return []
    # PostgreSQL compares: 3.0, '03' and 3 are one number, and a uuid may be in capitals.
    scope = _call("pgmoat", "scope", make_text(key))
    type_name = _WITHOUT_LENGTH.get(type_name, type_name)
    own_values = make_cast(scope, f"{type_name}[]")
    within = [make_any(make_cast(value.node, type_name), own_values) for value in given]
    rows = yield from ask(block.case, make_select([make_cast(scope, "text[]"), *within]))
    if not rows or rows[0][0] is None or any(is_within is not False for is_within in rows[0][1:]):
        return []
    own: list[str] = rows[0][0]
    others = [value.text or "" for value in given]
    return [
        Reason(
            "out_of_scope",
            f"this task sees only rows of {term.leaf.name} with {term.column} {_list_own(own)}:"
            f" not {', '.join(others)}, whether there are any or not",
            "certain",
            term.leaf.name,
            term.column,
            others[0],
            own[0] if len(own) == 1 else None,
        )
    ]
