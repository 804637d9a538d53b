"""
Why a condition with a subquery holds for no row.

In: Conditions that have one. Out: Reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable

from pgmoat.guard.diagnose.block import Block, Named
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import (
    edit,
    find,
    list_conditions,
    make_all,
    make_number,
    make_select,
    make_subquery,
)

Explain = Callable[[Node, Named], Steps[list[Reason]]]
"""Says why a SELECT, which may name some queries in WITH, has no rows."""


def find_subquery(condition: Node) -> Node | None:
    """Return the subquery on which a condition depends; None where others may make it true."""
    if condition.kind == "BoolExpr" and condition.text("boolop") == "OR_EXPR":
        return None
    return next(find(condition, "SubLink"), None)


def explain_subquery(
    block: Block, condition: Node, link: Node, explain: Explain
) -> Steps[list[Reason] | None]:
    """Return why no row meets *condition*; None where the subquery is not the cause, as far as is known."""
    query = link.node("subselect")
    if query is None:
        return None
    if condition.kind == "BoolExpr" and condition.text("boolop") == "NOT_EXPR":
        return (yield from _explain_negated(block, condition, link, query))
    bare = make_select(
        [make_number(1)], [make_subquery(query, "pgmoat_sub")], limit=1, with_clause=block.named.clause
    )
    found = yield from exists(block.case, bare)
    if found is False:
        inner = yield from explain(query, block.named)
        message = f"the subquery in {show(condition)} returns no rows"
        return inner or [Reason("subquery_empty", message, condition=show(condition))]
    if found is None:  # it depends on the row
        return (yield from _relax_inside(block, condition, link, query))
    return None


def _explain_negated(block: Block, condition: Node, link: Node, query: Node) -> Steps[list[Reason] | None]:
    if link.text("sub_link_type") != "ANY_SUBLINK":
        return None
    alias = Node("Alias", {"aliasname": "pgmoat_sub", "colnames": ["v"]})
    source = edit(make_subquery(query, "pgmoat_sub"), alias=alias)
    test = Node("NullTest", {"arg": Node("ColumnRef", {"fields": ["v"]}), "nulltesttype": "IS_NULL"})
    query_of_nulls = make_select([make_number(1)], [source], test, limit=1, with_clause=block.named.clause)
    if not (yield from exists(block.case, query_of_nulls)):
        return None
    message = (
        f"{show(condition)}: the subquery returns a NULL, and NOT IN is then true for no row. Add IS NOT NULL"
        " in the subquery, or write NOT EXISTS"
    )
    return [Reason("not_in_null", message, condition=show(condition))]


def _relax_inside(block: Block, condition: Node, link: Node, query: Node) -> Steps[list[Reason] | None]:
    """Return the one condition inside of a correlated subquery without which rows would meet it."""
    inner = list(list_conditions(query.node("where_clause")))
    freeing: list[Node] = []
    for left_out in inner[:6] if len(inner) > 1 else ():
        where = make_all([part for part in inner if part is not left_out])
        freed = _swap(condition, link, edit(link, subselect=edit(query, where_clause=where)))
        relaxed = [freed if other.node is condition else other.node for other in block.conditions]
        select = make_select(
            [make_number(1)],
            [item.node for item in block.items],
            make_all(relaxed),
            limit=1,
            with_clause=block.named.clause,
        )
        if (yield from exists(block.case, select)):
            freeing.append(left_out)
    if len(freeing) != 1:
        return None
    text = show(freeing[0])
    column = next((node.names("fields")[-1:] for node in find(freeing[0], "ColumnRef")), ())
    message = f"{text} inside of the subquery in {show(condition)} leaves no rows; without it there are some"
    return [Reason("no_match", message, "guess", column="".join(column), condition=text)]


def _swap(node: Node, old: Node, new: Node) -> Node:
    if node is old:
        return new
    return Node(
        node.kind,
        {
            name: _swap(value, old, new)
            if isinstance(value, Node)
            else [_swap(item, old, new) if isinstance(item, Node) else item for item in value]
            if isinstance(value, list)
            else value
            for name, value in node.fields.items()
        },
    )
