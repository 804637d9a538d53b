"""
Why two relations have no rows in common: the join's columns do not belong together.

In: Blocks whose items have rows, each by itself. Out: Reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pgmoat.guard.diagnose.block import Block, Condition, Leaf
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.reason import Certainty, Reason
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import make_column, make_comparison

_MOST_CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Join:
    """An equality of a column of one leaf with a column of another."""

    condition: Condition
    left: Leaf
    left_column: str
    right: Leaf
    right_column: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    node: Node
    is_by_policy: bool


def read_join(block: Block, condition: Condition) -> Join | None:
    """Return what a condition joins; None where it is no simple equality."""
    node = condition.node
    if node.text("kind") != "AEXPR_OP" or node.names("name")[-1:] != ("=",):
        return None
    sides = [_read_side(block, node.node(name)) for name in ("lexpr", "rexpr")]
    if sides[0] is None or sides[1] is None or sides[0][0] is sides[1][0]:
        return None
    return Join(condition, *sides[0], *sides[1])


def _read_side(block: Block, node: Node | None) -> tuple[Leaf, str] | None:
    if node is None or node.kind != "ColumnRef" or len(node.names("fields")) < 2:
        return None
    alias, column = node.names("fields")[-2:]
    leaf = block.find_leaf(alias)
    return None if leaf is None else (leaf, column)


def explain_join(
    block: Block, condition: Condition, certainty: Certainty, *, needs_better: bool
) -> Steps[list[Reason]]:
    """
    Return why a join's condition removes all rows, with columns that would keep some.

    *needs_better*: nothing is said where no other columns are found.
    """
    text = show(condition.node)
    join = read_join(block, condition)
    if join is None:
        message = f"no rows meet {text} together"
        return [] if needs_better else [Reason("no_partner", message, certainty, condition=text)]
    place = (join.left.name, join.left_column)
    if needs_better and join.left.name == join.right.name and join.left_column == join.right_column:
        return []  # rows of a table, each with itself: any other column gives rows, and means something else
    for candidate in islice(_list_candidates(join), _MOST_CANDIDATES):
        replaced = Condition(candidate.node, condition.items)
        others = [replaced if other is condition else other for other in block.conditions]
        found = yield from exists(block.case, block.select(others))
        if found:
            better = show(candidate.node)
            why = "which is how the policy says they belong together" if candidate.is_by_policy else ""
            message = f"the join {text} fits no rows; {better} does" + (f", {why}" if why else "")
            if needs_better:
                message = f"the join {text} may use the wrong columns: {better} gives rows" + (
                    f", {why}" if why else ""
                )
            return [Reason("wrong_join_key", message, certainty, *place, None, better, text)]
    if needs_better:
        return []
    message = f"no row of {join.left.name} has a partner in {join.right.name} by {text}"
    if any(block.items[number].leaf is None for number in condition.items):  # a relation may have more rows
        message = f"no row of the outer join has a partner by {text}"
    return [Reason("no_partner", message, certainty, *place, None, None, text)]


def _list_candidates(join: Join) -> Iterator[_Candidate]:
    """Yield other equalities: the policy's, then by the columns' names, those that change one side first."""
    seen = {frozenset(((join.left.alias, join.left_column), (join.right.alias, join.right_column)))}
    used = {join.left_column, join.right_column}
    namesakes = sorted(_list_namesakes(join), key=used.isdisjoint)
    for is_by_policy, pairs in ((True, _list_references(join)), (False, namesakes)):
        for left, right in pairs:
            pair = frozenset(((join.left.alias, left), (join.right.alias, right)))
            if pair not in seen:
                seen.add(pair)
                node = make_comparison(
                    make_column(join.left.alias, left), "=", make_column(join.right.alias, right)
                )
                yield _Candidate(node, is_by_policy)


def _list_references(join: Join) -> Iterator[tuple[str, str]]:
    for left, right in _list_pointers(join.left, join.right, join.right_column):
        yield left, right
    for right, left in _list_pointers(join.right, join.left, join.left_column):
        yield left, right


def _list_pointers(child: Leaf, parent: Leaf, used: str) -> Iterator[tuple[str, str]]:
    """Yield the columns of *child* that point to *parent*, each with the key that they may point to."""
    if child.access is None or parent.access is None:
        return
    for column, entity in child.access.references:
        if entity == parent.access.name:
            keys = (*parent.access.key, *(name for name in (column, "id", used) if name in parent.columns))
            for key in dict.fromkeys(keys):
                yield column, key


def _list_namesakes(join: Join) -> Iterator[tuple[str, str]]:
    left, right = join.left, join.right
    common = [name for name in left.columns if name in right.columns and _is_key_like(name)]
    for name in sorted(common, key=lambda name: name in {"id", "name"}):
        yield name, name
    for name in left.columns:
        if "id" in right.columns and _points_to(name, right.name):
            yield name, "id"
    for name in right.columns:
        if "id" in left.columns and _points_to(name, left.name):
            yield "id", name


def _is_key_like(name: str) -> bool:
    return name.endswith(("id", "code", "no", "number", "key"))


def _points_to(column: str, entity: str) -> bool:
    """Return whether a column is called after an entity: customer_id, customers."""
    stem = column.removesuffix("_id").removesuffix("id")
    return stem != column and len(stem) > 2 and entity.startswith(stem.rstrip("_")[:-1])


def list_joins(block: Block) -> Sequence[Condition]:
    """Return the conditions that look at two items or more, where not all of them do."""
    return [condition for condition in block.conditions if len(condition.items) > 1]
