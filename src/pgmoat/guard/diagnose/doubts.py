"""
What in an answer with rows may mislead: rows counted twice, averages that leave rows out.

In: a SELECT with aggregates. Out: warnings, by one probe. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgmoat.guard.diagnose.block import Block, Leaf, Named, read_block
from pgmoat.guard.diagnose.joins import read_join
from pgmoat.guard.diagnose.probe import Case, Steps, ask, show
from pgmoat.guard.diagnose.summary import list_aggregates, resolve_groups
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import edit, find, make_call, make_cast, make_column, make_select, make_subquery

_ADDING = frozenset({"sum", "avg", "count"})
_MOST_AVERAGES = 3


@dataclass(frozen=True, slots=True)
class _Multiplied:
    """An aggregate over a relation whose rows a join repeats; *key* tells its rows from each other."""

    call: Node
    leaf: Leaf
    key: Node
    by: Leaf


def may_mislead(query: Node) -> bool:
    """Return whether a SELECT is worth a probe: an average, or sums over a join."""
    if query.node("larg") is not None:
        return False
    names = {call.names("funcname")[-1] for call in _list_calls(query)}
    is_joined = len(query.nodes("from_clause")) > 1 or any(
        source.kind == "JoinExpr" for source in query.nodes("from_clause")
    )
    return "avg" in names or (is_joined and bool(names & _ADDING))


def find_doubts(case: Case, query: Node) -> Steps[list[str]]:
    """Return warnings about the answer of *query*, which has rows."""
    block = read_block(case, query, Named().join(query))
    multiplied = list(_list_multiplied(block))[:1]
    averages = list(_list_averages(query))[:_MOST_AVERAGES]
    if not multiplied and not averages:
        return []
    rows = yield from ask(case, _make_probe(block, averages, multiplied))
    if not rows or rows[0][0] is None:
        return []
    count, *others = rows[0]
    warnings = [
        f"{show(call)} leaves out {count - known} of {count} rows, where {show(argument)} is NULL"
        for (call, argument), known in zip(averages, others, strict=False)
        if known < count
    ]
    for found, distinct in zip(multiplied, others[len(averages) :], strict=True):
        if distinct < count:
            warnings.append(_describe(found, distinct, count))
    return warnings


def _make_probe(
    block: Block, averages: Sequence[tuple[Node, Node]], multiplied: Sequence[_Multiplied]
) -> Node:
    """Return a query of the sums over all groups: rows, values of each average, rows of what is repeated."""
    query = block.query
    every = Node("FuncCall", {"funcname": ["count"], "agg_star": True, "funcformat": "COERCE_EXPLICIT_CALL"})
    targets = [every, *(make_call("count", argument) for _, argument in averages)]
    targets += [_count_distinct(found.key) for found in multiplied]
    groups = make_select(
        targets, query.nodes("from_clause"), query.node("where_clause"), with_clause=block.named.clause
    )
    groups = edit(groups, group_clause=resolve_groups(query))
    sums = [
        make_cast(make_call("sum", make_column(f"v{number}")), "bigint")
        for number in range(1, len(targets) + 1)
    ]
    return make_select(sums, [make_subquery(groups, "pgmoat_groups")])


def _describe(found: _Multiplied, distinct: int, count: int) -> str:
    return (
        f"the join with {found.by.name} repeats rows of {found.leaf.name} ({distinct} become {count}), and"
        f" {show(found.call)} counts each of them again: aggregate {found.by.name} in a subquery first, or"
        " use EXISTS"
    )


def _list_calls(query: Node) -> Iterator[Node]:
    for target in query.nodes("target_list"):
        yield from list_aggregates(target)


def _list_averages(query: Node) -> Iterator[tuple[Node, Node]]:
    for call in _list_calls(query):
        argument = next(iter(call.nodes("args")), None)
        is_average = call.names("funcname")[-1] == "avg" and call.node("agg_filter") is None
        if is_average and argument is not None and argument.kind == "ColumnRef":
            yield call, argument


def _list_multiplied(block: Block) -> Iterator[_Multiplied]:
    """Yield sums over a relation to which another one in the query points: several rows of it to one."""
    parents = list(_list_parents(block))
    for call in _list_calls(block.query):
        name = call.names("funcname")[-1]
        if name not in _ADDING or call.flag("agg_distinct"):
            continue
        for leaf, key, child in parents:
            if _is_over(block, call, leaf):
                yield _Multiplied(call, leaf, key, child)


def _list_parents(block: Block) -> Iterator[tuple[Leaf, Node, Leaf]]:
    """Yield the relations that a join repeats, with the column that the other one points to."""
    for condition in (*block.conditions, *block.outer_conditions):
        join = read_join(block, condition)
        if join is None:
            continue
        for parent, key, child, column in (
            (join.left, join.left_column, join.right, join.right_column),
            (join.right, join.right_column, join.left, join.left_column),
        ):
            if child.access is None or parent.access is None:
                continue
            if (column, parent.access.name) in child.access.references:
                yield parent, Node("ColumnRef", {"fields": [parent.alias, key]}), child


def _is_over(block: Block, call: Node, leaf: Leaf) -> bool:
    """Return whether an aggregate is over columns of *leaf* alone."""
    columns = list(find(call, "ColumnRef"))
    return bool(columns) and all(_is_of(block, node, leaf) for node in columns)


def _is_of(block: Block, column: Node, leaf: Leaf) -> bool:
    names = column.names("fields")
    if len(names) > 1:
        return names[-2] == leaf.alias
    owners = [other for item in block.items for other in item.leaves if names and names[0] in other.columns]
    return owners == [leaf]


def _count_distinct(key: Node) -> Node:
    call = make_call("count", key)
    call.fields["agg_distinct"] = True
    return call
