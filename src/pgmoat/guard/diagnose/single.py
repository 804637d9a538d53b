"""
Why one item of a query has no rows that meet its own conditions.

In: a Block, the item's number. Out: Reasons, by probes. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.guard.diagnose.block import Block, Condition, Item, Leaf
from pgmoat.guard.diagnose.conflict import explain_conflict
from pgmoat.guard.diagnose.hidden import explain_hidden
from pgmoat.guard.diagnose.outer import explain_outer
from pgmoat.guard.diagnose.patterns import explain_pattern
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.ranges import explain_range
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.subqueries import Explain, explain_subquery, find_subquery
from pgmoat.guard.diagnose.term import Term, read_term
from pgmoat.guard.diagnose.values import explain_values
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import find

_MOST_EXPLAINED = 3


def explain_single(
    block: Block, number: int, own: Sequence[Condition], explain: Explain
) -> Steps[list[Reason]]:
    """Return why no row of an item meets the conditions *own*, which look at it alone."""
    item = block.items[number]
    if own:
        has_rows = yield from exists(block.case, block.select([], {number}))
        if has_rows is None:
            return []
    else:
        has_rows = False
    if not has_rows:
        return (yield from _explain_bare(block, item.leaf, explain))
    failing: list[Condition] = []
    for condition in own:
        if len(own) == 1 or (yield from exists(block.case, block.select([condition], {number}))) is False:
            failing.append(condition)
    hidden = (yield from explain_hidden(block, item.leaf, own, failing)) if item.leaf is not None else []
    if any(reason.certainty == "certain" for reason in hidden):
        return hidden
    if not failing:
        return [*(yield from explain_conflict(block, own, {number})), *hidden]
    reasons: list[Reason] = []
    for condition in failing[:_MOST_EXPLAINED]:
        reasons += yield from _explain_condition(block, item, condition, explain)
    return [*reasons, *hidden]


def _explain_bare(block: Block, leaf: Leaf | None, explain: Explain) -> Steps[list[Reason]]:
    """Return why an item has no rows at all."""
    if leaf is None:
        return []
    if leaf.query is not None:
        inner = yield from explain(leaf.query, block.named.before(leaf.query))
        return inner or [Reason("subquery_empty", f"{leaf.alias} has no rows", entity=leaf.alias)]
    hidden = yield from explain_hidden(block, leaf, (), ())
    if hidden:
        return hidden
    if leaf.access is None:
        return [Reason("empty_table", f"{leaf.name} has no rows", entity=leaf.name)]
    seen = " that this task sees" if leaf.access.is_scoped else ""
    gone = " (deleted ones aside)" if leaf.access.is_soft_deleted else ""
    return [Reason("empty_table", f"{leaf.name} has no rows{seen}{gone}", entity=leaf.name)]


def _explain_condition(
    block: Block, item: Item, condition: Condition, explain: Explain
) -> Steps[list[Reason]]:
    """Return why no row meets *condition*, though there are rows."""
    node = condition.node
    link = find_subquery(node)
    if link is not None:
        inner = yield from explain_subquery(block, node, link, explain)
        if inner:
            return inner
    if item.leaf is None:
        outer = yield from explain_outer(block, item, condition)
        if outer:
            return outer
    term = None if link is not None else read_term(block, condition)
    if term is None:
        return [_make_plain(block, node)]
    found: list[Reason] = []
    match term.kind:
        case "equal":
            found = yield from explain_values(block, term, node)
        case "range":
            found = yield from explain_range(block, term, node)
        case "like":
            found = yield from explain_pattern(block, term, node)
        case "null" | "not_null" | "different":
            pass
    return found or [_make_plain(block, node, term)]


def _make_plain(block: Block, node: Node, term: Term | None = None) -> Reason:
    columns = [column.names("fields") for column in find(node, "ColumnRef")]
    leaf = block.find_leaf(columns[0][-2]) if columns and len(columns[0]) > 1 else None
    name = term.leaf.name if term is not None else leaf.name if leaf is not None else ""
    text = show(node)
    message = f"no row{f' of {name}' if name else ''} meets {text}"
    if term is not None and term.kind in {"null", "not_null"}:
        message += f": {term.column} is NULL in {'none' if term.kind == 'null' else 'all'} of them"
    return Reason(
        "no_match",
        message,
        entity=name,
        column=columns[0][-1] if columns and columns[0] else "",
        condition=text,
    )
