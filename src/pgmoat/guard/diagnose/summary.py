"""
One row of aggregates over no rows: an empty answer in another shape.

In: SELECTs. Out: whether they are such, Reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.diagnose.block import Block
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.parse import Node, Value
from pgmoat.guard.rewrite import edit, find, make_all, make_number, make_select

AGGREGATES = frozenset(
    {"avg", "bool_and", "bool_or", "count", "every", "max", "min", "sum", "array_agg", "string_agg"}
    | {"stddev", "stddev_pop", "stddev_samp", "variance", "var_pop", "var_samp", "json_agg", "jsonb_agg"}
)


def is_summary(query: Node) -> bool:
    """Return whether a SELECT gives one row, of aggregates and nothing else of its FROM."""
    if {"values_lists", "group_clause", "larg", "having_clause"} & query.fields.keys():
        return False
    targets = [target.node("val") for target in query.nodes("target_list")]
    if not query.nodes("from_clause") or not any(list_aggregates(target) for target in targets if target):
        return False
    return all(target is not None and not _has_bare_column(target) for target in targets)


def list_aggregates(node: Node) -> list[Node]:
    """Return the calls of aggregates in an expression, window functions aside."""
    return [call for call in find(node, "FuncCall") if _is_aggregate(call)]


def _is_aggregate(call: Node) -> bool:
    names = call.names("funcname")
    return bool(names) and names[-1] in AGGREGATES and call.node("over") is None


def _has_bare_column(node: Node) -> bool:
    """Return whether a column stands outside of an aggregate."""
    if node.kind == "FuncCall" and _is_aggregate(node):
        return False
    return node.kind == "ColumnRef" or any(_has_bare_column(child) for child in node.children())


def take_filter_in(query: Node) -> Node:
    """Return a SELECT whose one aggregate has a FILTER with that as part of its WHERE."""
    calls = list(_list_calls(query))
    condition = calls[0].node("agg_filter") if len(calls) == 1 else None
    if condition is None:
        return query
    where = query.node("where_clause")
    return edit(query, where_clause=make_all([condition] if where is None else [where, condition]))


def _list_calls(query: Node) -> Iterator[Node]:
    for target in query.nodes("target_list"):
        yield from list_aggregates(target)


def explain_nulls(block: Block) -> Steps[list[Reason]]:
    """Return the aggregated columns that are NULL in every row there is."""
    reasons: list[Reason] = []
    for call in _list_calls(block.query):
        argument = next(iter(call.nodes("args")), None)
        columns = [] if argument is None else list(find(argument, "ColumnRef"))
        if argument is None or not columns:
            continue
        test = Node("NullTest", {"arg": argument, "nulltesttype": "IS_NOT_NULL"})
        where = block.query.node("where_clause")
        query = make_select(
            [make_number(1)],
            block.query.nodes("from_clause"),
            make_all([test] if where is None else [where, test]),
            limit=1,
            with_clause=block.named.clause,
        )
        if (yield from exists(block.case, query)) is False:
            message = f"there are rows, but {show(argument)} is NULL in all of them"
            name = "".join(columns[0].names("fields")[-1:])
            reasons.append(Reason("all_null", message, column=name, condition=show(call)))
    return reasons


def resolve_groups(query: Node) -> list[Value]:
    """Return what a SELECT groups by; a number or a name may stand for a column of its answer."""
    return [_resolve_group(query, group) for group in query.nodes("group_clause")]


def _resolve_group(query: Node, group: Node) -> Node:
    targets = query.nodes("target_list")
    number = group.node("ival")
    if number is not None:
        place = number.fields.get("ival", 0)
        return targets[int(str(place)) - 1].node("val") or group
    names = group.names("fields") if group.kind == "ColumnRef" else ()
    named = next((target for target in targets if len(names) == 1 and target.text("name") == names[0]), None)
    return group if named is None else named.node("val") or group
