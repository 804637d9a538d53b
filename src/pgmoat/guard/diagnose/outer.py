"""
Why no row of an outer join meets a condition.

In: a Block, a condition on an outer join that none of its rows meets. Out: Reasons, by one probe. I/O: none.

A relation may have rows that meet it: they are not in the join, as none has a partner there. Only where it
has none is the relation itself to blame.
"""

from __future__ import annotations

from pgmoat.guard.diagnose.block import Block, Condition, Item, Leaf
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import find, make_number, make_select

_FILLED_UP = {"JOIN_LEFT": ("rarg",), "JOIN_RIGHT": ("larg",), "JOIN_FULL": ("larg", "rarg")}
"""The sides of a join that are NULL where a row of the other side has no partner."""


def explain_outer(block: Block, item: Item, condition: Condition) -> Steps[list[Reason]]:
    """Return why no row of the join meets *condition*; nothing where no row of its one relation does."""
    node = condition.node
    text = show(node)
    leaf = _find_leaf(block, item, node)
    if leaf is None:
        return [Reason("no_match", f"no row of the join meets {text}", condition=text)]
    column = next(find(node, "ColumnRef")).names("fields")[-1]
    if _is_anti_join(node, leaf, item):
        message = f"no row of the join meets {text}: every row there has its partner in {leaf.name}"
        return [Reason("no_match", message, "certain", leaf.name, column, condition=text)]
    query = make_select([make_number(1)], [leaf.node], node, limit=1, with_clause=block.named.clause)
    alone = yield from exists(block.case, query)
    if alone is False:
        return []
    if alone is None:
        message = f"no row of the join meets {text}"
        return [Reason("no_match", message, "certain", leaf.name, column, condition=text)]
    message = f"rows of {leaf.name} meet {text}, and none of them is in the join: none has a partner"
    message += _describe_join(item.node)
    return [Reason("no_partner", message, "certain", leaf.name, column, condition=text)]


def _find_leaf(block: Block, item: Item, node: Node) -> Leaf | None:
    """Return the one relation whose columns a condition names; None for several, or what is not known."""
    aliases = {column.names("fields")[-2:-1] for column in find(node, "ColumnRef")}
    if len(aliases) != 1 or next(find(node, "SubLink"), None) is not None:
        return None
    leaf = block.find_leaf("".join(*aliases))
    return leaf if leaf in item.leaves else None


def _is_anti_join(node: Node, leaf: Leaf, item: Item) -> bool:
    """Return whether a condition asks for rows that have no partner in *leaf*."""
    tested = node.node("arg")
    if node.kind != "NullTest" or node.text("nulltesttype") != "IS_NULL" or tested is None:
        return False
    return tested.kind == "ColumnRef" and _is_filled_up(item.node, leaf)


def _is_filled_up(join: Node, leaf: Leaf) -> bool:
    """Return whether rows of a join may have NULL for all of *leaf*."""
    sides = {name: side for name in ("larg", "rarg") if (side := join.node(name)) is not None}
    below = {
        name: any(node is leaf.node for node in find(side, leaf.node.kind)) for name, side in sides.items()
    }
    return any(
        is_below and (name in _FILLED_UP.get(join.text("jointype"), ()) or _is_filled_up(sides[name], leaf))
        for name, is_below in below.items()
    )


def _describe_join(join: Node) -> str:
    """Return by what rows are joined, where that is one condition."""
    quals = join.node("quals")
    is_one = quals is not None and next(find(quals, "SubLink"), None) is None
    if not is_one or quals is None or any(side.kind == "JoinExpr" for side in _list_sides(join)):
        return ""
    return f" by {show(quals)}"


def _list_sides(join: Node) -> list[Node]:
    return [side for side in (join.node("larg"), join.node("rarg")) if side is not None]
