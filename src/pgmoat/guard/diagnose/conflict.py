"""
Why rows meet each of some conditions, and none meets all of them.

In: a Block, its conditions. Out: Reasons, by probes. I/O: none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pgmoat.guard.diagnose.block import Block, Condition
from pgmoat.guard.diagnose.joins import explain_join, list_joins
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.ranges import explain_gap
from pgmoat.guard.diagnose.reason import Certainty, Reason
from pgmoat.guard.diagnose.term import Term, read_term
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import find


def explain_joined(block: Block) -> Steps[list[Reason]]:
    """Return why items that have rows, each by itself, have none together."""
    joins = list_joins(block)
    for condition in joins:
        if len(condition.items) == len(block.items) > 2:
            continue
        alone = yield from exists(block.case, block.select([condition], condition.items))
        if alone is False:
            reasons = yield from explain_join(block, condition, "certain", needs_better=False)
            if reasons:
                return reasons
    freeing, is_sure = yield from _find_freeing(block, block.conditions, None)
    better: list[Reason] = []
    for condition in freeing:
        if condition in joins:
            better += yield from explain_join(block, condition, "guess", needs_better=True)
    if better:
        return better
    return _make_reasons(block, freeing, is_sure=is_sure, conditions=block.conditions)


def explain_conflict(
    block: Block, conditions: Sequence[Condition], items: Collection[int]
) -> Steps[list[Reason]]:
    """Return which of *conditions* leaves no row of *items* together with the others."""
    freeing, is_sure = yield from _find_freeing(block, conditions, items)
    terms = [(term, node) for term, node in _list_terms(block, freeing) if term.kind == "range"]
    if len(terms) == len(freeing) == 2 and show(terms[0][0].expression) == show(terms[1][0].expression):
        return [explain_gap(terms)]
    return _make_reasons(block, freeing, is_sure=is_sure, conditions=conditions)


def _find_freeing(
    block: Block, conditions: Sequence[Condition], items: Collection[int] | None
) -> Steps[tuple[list[Condition], bool]]:
    """Return the conditions without one of which there are rows, and whether each was tried."""
    freeing: list[Condition] = []
    is_sure = True
    for condition in conditions:
        others = [other for other in conditions if other is not condition]
        found = yield from exists(block.case, block.select(others, items))
        if found:
            freeing.append(condition)
        is_sure = is_sure and found is not None
    return freeing, is_sure


def _list_terms(block: Block, conditions: Sequence[Condition]) -> list[tuple[Term, Node]]:
    found = [(read_term(block, condition), condition.node) for condition in conditions]
    return [(term, node) for term, node in found if term is not None]


def _make_reasons(
    block: Block, freeing: Sequence[Condition], *, is_sure: bool, conditions: Sequence[Condition]
) -> list[Reason]:
    if not conditions:  # a function or LATERAL without rows, by nothing that stands here
        return []
    if not freeing:
        texts = " AND ".join(show(condition.node) for condition in conditions)
        message = f"several of these conditions leave no row, also when one of them is left out: {texts}"
        return [Reason("combination", message, "guess", condition=texts)]
    is_one = len(freeing) == 1 and is_sure
    return [_make_reason(block, condition, "certain" if is_one else "guess") for condition in freeing]


def _make_reason(block: Block, condition: Condition, certainty: Certainty) -> Reason:
    node = condition.node
    text = show(node)
    names = next((column.names("fields") for column in find(node, "ColumnRef")), ())
    leaf = block.find_leaf(names[-2]) if len(names) > 1 else None
    return Reason(
        "no_partner" if len(condition.items) > 1 else "combination",
        f"there are rows without {text}: rows meet it, and none of these meets the other conditions too",
        certainty,
        leaf.name if leaf is not None else "",
        "".join(names[-1:]),
        condition=text,
    )
