"""
Whether a condition can tell one row of a table from another.

In: a WHERE as a tree, the table. Out: true or false. I/O: none.

The condition becomes a formula of AND and OR over simple conditions that look at the row. What does not look
at the row may hold for all rows at once, and is taken to. If the formula can then be false, it restricts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from pgmoat.guard.parse import Node, Value
from pgmoat.guard.reference import Target, looks_at, render

_MAX_CLAIMS = 8
_OPPOSITES = {
    **{"<>": "=", "!=": "=", ">=": "<", ">": "<=", "NOT IN": "IN"},
    **{"!~~": "~~", "!~~*": "~~*", "!~": "~", "!~*": "~*"},
}
_TURNED = {"=": "=", "<>": "<>", "!=": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_REFLEXIVE = frozenset({"=", ">=", "<=", "~~", "~~*"})
_IRREFLEXIVE = frozenset({"<>", "!=", "<", ">", "!~~", "!~~*"})
_FALSE_WORDS = frozenset({"f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"})
_RANGES: dict[tuple[str, ...], Callable[[Iterable[bool]], bool]] = {
    ("AEXPR_IN", "="): any,
    ("AEXPR_OP_ANY", "="): any,
    ("AEXPR_BETWEEN", "BETWEEN"): all,
    ("AEXPR_BETWEEN_SYM", "BETWEEN SYMMETRIC"): all,
}
"""How many of the values on the right must be the one on the left, so that it is always true."""
_LIMITING = frozenset(
    {
        "where_clause",
        "having_clause",
        "limit_count",
        "limit_offset",
        "group_clause",
        "distinct_clause",
        "larg",
    }
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A simple condition that looks at the row, or its opposite."""

    text: str
    is_negated: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """Conditions of which all must hold, or any."""

    needs_all: bool
    parts: tuple[_Part, ...]


_Part = _Claim | _Group | bool
"""True: may hold for every row at once. False: holds for none."""


def restricts(condition: Node, target: Target) -> bool:
    """Return whether *condition* looks at rows of *target* and can be false for one."""
    part = _simplify(_read(condition, target, is_negated=False))
    if isinstance(part, bool):
        return not part
    texts = sorted(set(_list_claims(part)))
    if len(texts) > _MAX_CLAIMS:
        return True
    return any(
        not _holds(part, chosen)
        for values in product((False, True), repeat=len(texts))
        if _is_possible(chosen := dict(zip(texts, values, strict=True)))
    )


def _read(node: Node, target: Target, *, is_negated: bool) -> _Part:
    """Return *node*, with NOT pushed down to the simple conditions."""
    if node.kind == "BoolExpr":
        if node.text("boolop") == "NOT_EXPR":
            return _read(node.nodes("args")[0], target, is_negated=not is_negated)
        needs_all = (node.text("boolop") == "AND_EXPR") is not is_negated
        return _Group(
            needs_all, tuple(_read(part, target, is_negated=is_negated) for part in node.nodes("args"))
        )
    outcomes = tuple(_list_outcomes(node))
    if outcomes:
        parts = (_simplify(_read(outcome, target, is_negated=is_negated)) for outcome in outcomes)
        return all(part is True for part in parts) or _read_simple(node, target, is_negated=is_negated)
    return _read_simple(node, target, is_negated=is_negated)


def _list_outcomes(node: Node) -> Iterator[Node]:
    """Yield what a CASE or COALESCE may turn out to be; nothing where NULL is possible besides."""
    if node.kind == "CoalesceExpr":
        for part in node.nodes("args"):
            yield part
            if _read_constant(part) is not None and not part.flag("isnull"):
                return
    elif node.kind == "CaseExpr":
        otherwise = node.node("defresult")
        results = [when.node("result") for when in node.nodes("args")]
        if otherwise is not None:
            yield from (result for result in (*results, otherwise) if result is not None)


def _read_simple(node: Node, target: Target, *, is_negated: bool) -> _Part:
    constant = _read_constant(node)
    if constant is None and not looks_at(node, target):
        return True
    always = constant if constant is not None else _read_sameness(node, target)
    if always is not None:
        return always is not is_negated
    text, is_opposite = _read_claim(node, target)
    return _Claim(text, is_opposite is not is_negated)


def _read_constant(node: Node) -> bool | None:
    """Return the truth of a constant, NULL as false; None for anything else."""
    inner = node.node("arg") if node.kind == "TypeCast" else None
    if inner is not None:
        return _read_constant(inner)
    if node.kind == "A_Const":
        if "sval" in node.fields:
            return node.text("sval").strip().lower() not in _FALSE_WORDS
        value = node.node("boolval") or node.node("ival")
        return value is not None and bool(value.fields)
    if node.kind == "A_Expr" and node.names("name") == ("=",):
        left, right = node.node("lexpr"), node.node("rexpr")
        if left is not None and right is not None and left.kind == right.kind == "A_Const":
            nowhere = Target("")
            return render(left, nowhere) == render(right, nowhere) and not left.flag("isnull")
    return None


def _read_sameness(node: Node, target: Target) -> bool | None:
    """Return what a comparison with itself, or with the whole of its table, always is, NULLs aside."""
    if node.kind == "SubLink" and _asks_for_own_row(node, target):
        return True
    if node.kind != "A_Expr":
        return None
    left, right = node.fields.get("lexpr"), node.fields.get("rexpr")
    itself = render(left, target)
    counts = _RANGES.get((node.text("kind"), *node.names("name")))
    if counts is not None:
        return counts(render(item, target) == itself for item in _list_items(right)) or None
    operator = _name_comparison(node)
    if operator.removeprefix("!") in {"~~", "~~*"} and _is_any_text(right):
        return not operator.startswith("!")
    if operator in _REFLEXIVE | _IRREFLEXIVE and render(right, target) == itself:
        return operator in _REFLEXIVE
    return None


def _list_items(value: Value) -> list[Value]:
    """Return the items of a list as it stands behind IN, ANY or BETWEEN."""
    if isinstance(value, Node):
        value = value.fields.get("items") or value.fields.get("elements")
    return value if isinstance(value, list) else []


def _is_any_text(value: Value) -> bool:
    return isinstance(value, Node) and set(value.text("sval")) == {"%"}


def _asks_for_own_row(link: Node, target: Target) -> bool:
    """Return whether *link* is ``id IN (SELECT id FROM one_table)`` without any condition."""
    query = link.node("subselect")
    if link.text("sub_link_type") != "ANY_SUBLINK" or query is None or _LIMITING & query.fields.keys():
        return False
    columns = [render(item.fields.get("val"), target) for item in query.nodes("target_list")]
    return [table.text("relname") for table in query.nodes("from_clause")] == [target.name] and columns == [
        render(link.fields.get("testexpr"), target)
    ]


def _read_claim(node: Node, target: Target) -> tuple[str, bool]:
    """Return what *node* says in one form for it and its opposite, and whether it is the opposite."""
    if node.kind == "NullTest":
        return f"null {render(node.fields.get('arg'), target)}", node.text("nulltesttype") == "IS_NOT_NULL"
    operator = _name_comparison(node)
    if not operator:
        return render(node, target), False
    left, right = render(node.fields.get("lexpr"), target), render(node.fields.get("rexpr"), target)
    if right < left and operator in _TURNED:
        left, right, operator = right, left, _TURNED[operator]
    return f"{left} {_OPPOSITES.get(operator, operator)} {right}", operator in _OPPOSITES


def _name_comparison(node: Node) -> str:
    """Return the operator between two values, NULLs aside; empty for anything else."""
    if node.kind != "A_Expr" or "lexpr" not in node.fields:
        return ""
    match node.text("kind"):
        case "AEXPR_OP" | "AEXPR_LIKE" | "AEXPR_ILIKE":
            return node.names("name")[-1]
        case "AEXPR_IN":
            return "IN" if node.names("name") == ("=",) else "NOT IN"
        case "AEXPR_DISTINCT":
            return "<>"
        case "AEXPR_NOT_DISTINCT":
            return "="
        case _:
            return ""


def _simplify(part: _Part) -> _Part:
    """Return *part* without what does not matter in it; true or false where nothing else is left."""
    if not isinstance(part, _Group):
        return part
    kept: list[_Part] = []
    for inner in (_simplify(each) for each in part.parts):
        if isinstance(inner, bool):
            if inner is not part.needs_all:
                return inner
        else:
            kept.append(inner)
    return _Group(part.needs_all, tuple(kept)) if kept else part.needs_all


def _holds(part: _Part, chosen: dict[str, bool]) -> bool:
    if isinstance(part, bool):
        return part
    if isinstance(part, _Claim):
        return chosen[part.text] is not part.is_negated
    return (all if part.needs_all else any)(_holds(each, chosen) for each in part.parts)


def _is_possible(chosen: dict[str, bool]) -> bool:
    """Return whether no value is said to equal two constants: ``id <> 1 OR id <> 2`` is always true."""
    equal = [text.split(" = ", 1) for text, holds in chosen.items() if holds and " = " in text]
    values: dict[str, set[str]] = {}
    for one, other in equal:
        for subject, constant in ((one, other), (other, one)):
            if constant.startswith("A_Const("):
                values.setdefault(subject, set()).add(constant)
    return all(len(constants) == 1 for constants in values.values())


def _list_claims(part: _Part) -> Iterator[str]:
    if isinstance(part, _Claim):
        yield part.text
    elif isinstance(part, _Group):
        for each in part.parts:
            yield from _list_claims(each)
