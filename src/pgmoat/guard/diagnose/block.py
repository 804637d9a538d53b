"""
Take a SELECT apart: what it reads, and the conditions that a row must meet.

In: a SELECT as a tree. Out: Block, and queries made of parts of it. I/O: none.

Inner joins become a list of items and conditions, so that each can be left out alone. An outer join stays one
item: it removes no row of its left side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgmoat.guard.diagnose.probe import Case
from pgmoat.guard.parse import Node, Value
from pgmoat.guard.rewrite import (
    edit,
    list_conditions,
    make_all,
    make_column,
    make_comparison,
    make_number,
    make_select,
    transform,
)
from pgmoat.policy.access import Access

MOST_ITEMS, MOST_CONDITIONS = 8, 16


@dataclass(frozen=True, slots=True)
class Leaf:
    """A relation or subquery by the name that stands before its columns."""

    alias: str
    node: Node
    access: Access | None = None  # where it is an entity
    query: Node | None = None  # where it is a subquery, or the name of one in WITH

    @property
    def name(self) -> str:
        """The entity, or the name in the statement."""
        return self.access.name if self.access is not None else self.node.text("relname") or self.alias

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that are known."""
        return self.access.columns if self.access is not None else ()


@dataclass(frozen=True, slots=True)
class Item:
    """What stands in FROM by itself: a leaf, or an outer join."""

    node: Node
    leaves: tuple[Leaf, ...]

    @property
    def leaf(self) -> Leaf | None:
        """The one leaf, None for an outer join."""
        return self.leaves[0] if len(self.leaves) == 1 else None


@dataclass(frozen=True, slots=True)
class Named:
    """The queries in WITH that a SELECT may name."""

    queries: tuple[Node, ...] = ()
    is_recursive: bool = False

    @property
    def clause(self) -> Node | None:
        """All of them as a WITH; None for none."""
        fields: dict[str, Value] = {"ctes": list(self.queries), "recursive": self.is_recursive}
        return Node("WithClause", fields) if self.queries else None

    def join(self, query: Node) -> Named:
        """Return these with those of a SELECT's own WITH."""
        clause = query.node("with_clause")
        if clause is None:
            return self
        is_recursive = self.is_recursive or clause.flag("recursive")
        return Named((*self.queries, *clause.nodes("ctes")), is_recursive)

    def before(self, query: Node) -> Named:
        """Return those that one of them, *query*, may name."""
        numbers = [number for number, named in enumerate(self.queries) if named.node("ctequery") is query]
        return Named(self.queries[: numbers[0]], self.is_recursive) if numbers else self


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One of the conditions that AND joins, and the numbers of the items that it looks at."""

    node: Node
    items: frozenset[int]


@dataclass(frozen=True, slots=True)
class Block:
    """A SELECT without what comes after WHERE."""

    case: Case
    query: Node
    items: tuple[Item, ...]
    conditions: tuple[Condition, ...]
    named: Named = field(default_factory=Named)
    is_fixed: bool = False  # an item depends on another: none is left out
    outer_conditions: tuple[Condition, ...] = ()  # of outer joins, which remove no rows

    def find_leaf(self, alias: str) -> Leaf | None:
        """Return what is called *alias*."""
        return next((leaf for item in self.items for leaf in item.leaves if leaf.alias == alias), None)

    def select(
        self, conditions: Sequence[Condition], items: Collection[int] | None = None, *, limit: int | None = 1
    ) -> Node:
        """Return a query that has a row if rows of *items* meet *conditions*; all items without any given."""
        kept = range(len(self.items)) if items is None or self.is_fixed else sorted(items)
        return make_select(
            (make_number(1),),
            [self.items[number].node for number in kept],
            make_all([condition.node for condition in conditions]),
            limit=limit,
            with_clause=self.named.clause,
        )

    def read_leaf(self, leaf: Leaf, targets: Sequence[Node], where: Node | None = None) -> Node:
        """Return a query of one leaf."""
        return make_select(targets, [leaf.node], where, with_clause=self.named.clause)


def read_block(case: Case, query: Node, named: Named) -> Block:
    """Return a SELECT taken apart; *named* has the queries of its own WITH, too."""
    reader = _Reader(case, named.queries)
    sources = query.nodes("from_clause")
    for source in sources:
        reader.read_source(source)
    conditions = [*reader.found, *list_conditions(query.node("where_clause"))]
    is_fixed = any(_is_lateral(leaf.node) for item in reader.items for leaf in item.leaves)
    block = Block(case, query, tuple(reader.items), (), named, is_fixed=is_fixed)
    return replace(
        block,
        conditions=tuple(_resolve(block, reader.merged, condition) for condition in conditions),
        outer_conditions=tuple(_resolve(block, {}, condition) for condition in reader.outer),
    )


class _Reader:
    """Flattens FROM."""

    def __init__(self, case: Case, named: Sequence[Node]) -> None:
        self._case = case
        self._named = {node.text("ctename"): node.node("ctequery") for node in named}
        self.items: list[Item] = []
        self.found: list[Node] = []  # conditions of inner joins
        self.outer: list[Node] = []  # of those that stay whole
        self.merged: dict[str, str] = {}  # column of a USING to the alias that stands for it

    def read_source(self, node: Node) -> None:
        if node.kind != "JoinExpr" or not self._can_flatten(node):
            self.items.append(Item(node, tuple(_list_leaves(self._case, self._named, node))))
            self._read_outer(node)
            return
        left, right = node.node("larg"), node.node("rarg")
        if left is None or right is None:
            return
        before = len(self.items)
        self.read_source(left)
        between = len(self.items)
        self.read_source(right)
        for name in node.names("using_clause"):
            self._read_using(name, before, between)
        self.found.extend(list_conditions(node.node("quals")))

    def _read_outer(self, node: Node) -> None:
        if node.kind == "JoinExpr":
            self.outer.extend(list_conditions(node.node("quals")))
            for side in (node.node("larg"), node.node("rarg")):
                if side is not None:
                    self._read_outer(side)

    def _can_flatten(self, node: Node) -> bool:
        if node.text("jointype") != "JOIN_INNER" or node.flag("is_natural") or node.node("alias"):
            return False
        sides = [
            list(_list_leaves(self._case, self._named, side))
            for side in (node.node("larg"), node.node("rarg"))
            if side
        ]
        return all(
            any(name in leaf.columns for leaf in leaves) or len(leaves) == 1
            for name in node.names("using_clause")
            for leaves in sides
        )

    def _read_using(self, name: str, before: int, between: int) -> None:
        aliases = [
            self._find_owner(name, self.items[before:between]),
            self._find_owner(name, self.items[between:]),
        ]
        self.merged.setdefault(name, aliases[0])
        left, right = (make_column(alias, name) for alias in aliases)
        self.found.append(make_comparison(left, "=", right))

    def _find_owner(self, name: str, items: Sequence[Item]) -> str:
        leaves = [leaf for item in items for leaf in item.leaves]
        if name in self.merged and any(leaf.alias == self.merged[name] for leaf in leaves):
            return self.merged[name]
        return next((leaf.alias for leaf in leaves if name in leaf.columns), leaves[0].alias)


def _list_leaves(case: Case, named: Mapping[str, Node | None], node: Node) -> Iterator[Leaf]:
    """Yield what is read below an item of FROM."""
    alias_node = node.node("alias")
    alias = alias_node.text("aliasname") if alias_node is not None else ""
    if node.kind == "JoinExpr":
        for side in (node.node("larg"), node.node("rarg")):
            if side is not None:
                yield from _list_leaves(case, named, side)
    elif node.kind == "RangeVar":
        name = node.text("relname")
        query = named.get(name) if not node.text("schemaname") else None
        is_renamed = alias_node is not None and "colnames" in alias_node.fields
        yield Leaf(alias or name, node, None if query is not None or is_renamed else case.find(node), query)
    else:
        yield Leaf(alias, node, query=node.node("subquery"))


def _is_lateral(node: Node) -> bool:
    return node.flag("lateral") or node.kind not in {"RangeVar", "RangeSubselect"}


def _resolve(block: Block, merged: dict[str, str], condition: Node) -> Condition:
    """Return *condition* with the names of tables before all columns that are known, and where it looks."""
    everywhere = frozenset(range(len(block.items)))
    by_alias = {leaf.alias: number for number, item in enumerate(block.items) for leaf in item.leaves}
    used: set[int] = set()

    def qualify(node: Node) -> Node | None:
        if node.kind == "SubLink":
            inner = node.node("subselect")
            used.update(_find_ties(inner, by_alias) if inner is not None else ())
            tested = node.node("testexpr")
            return node if tested is None else edit(node, testexpr=transform(tested, qualify))
        if node.kind != "ColumnRef":
            return None
        names = node.names("fields")
        owner = names[-2] if len(names) > 1 else _find_owner(block, merged, names)
        if owner in by_alias:
            used.add(by_alias[owner])
            return node if len(names) > 1 else make_column(owner, *names)
        used.update(everywhere)
        return node

    qualified = transform(condition, qualify)
    return Condition(qualified, frozenset(used))


def _find_owner(block: Block, merged: dict[str, str], names: tuple[str, ...]) -> str:
    leaves = [leaf for item in block.items for leaf in item.leaves]
    if not names:
        return ""
    if names[0] in merged:
        return merged[names[0]]
    if len(leaves) == 1:
        return leaves[0].alias
    if any(leaf.access is None for leaf in leaves):
        return ""  # it may be a column of what is not known
    owners = [leaf.alias for leaf in leaves if names[0] in leaf.columns]
    return owners[0] if len(owners) == 1 else ""


def _find_ties(query: Node, by_alias: dict[str, int]) -> Iterator[int]:
    """Yield the items that a subquery refers to by name."""
    sources = query.nodes("from_clause")
    inner = {leaf.alias for source in sources for leaf in _list_leaves(Case("", {}), {}, source)}
    for node in _find_columns(query):
        names = node.names("fields")
        if len(names) > 1 and names[-2] in by_alias and names[-2] not in inner:
            yield by_alias[names[-2]]


def _find_columns(node: Node) -> Iterator[Node]:
    if node.kind == "ColumnRef":
        yield node
    for child in node.children():
        yield from _find_columns(child)
