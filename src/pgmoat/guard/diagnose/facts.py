"""
What PostgreSQL knows of an expression: its type, its values, their range.

In: Terms. Out: facts, by probes. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from pgmoat.guard.diagnose.block import Block
from pgmoat.guard.diagnose.literal import Literal
from pgmoat.guard.diagnose.probe import Steps, ask, exists
from pgmoat.guard.diagnose.term import Term
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import (
    make_all,
    make_call,
    make_cast,
    make_column,
    make_comparison,
    make_number,
    make_select,
    make_subquery,
)

_SAMPLED, _DISTINCT = 20_000, 400
CLIPPED = 200
"""Letters of a value that are fetched."""
_TEXTS = frozenset({"text", "character varying", "character", "name", "citext", '"char"'})
_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_MOMENTS = ("timestamp without time zone", "timestamp with time zone")
_PREFIX = 2  # letters that a near value begins with, where there are too many to be compared


@dataclass(frozen=True, slots=True)
class Values:
    """Some values of an expression as text; *is_all*: there are no others, and they are whole."""

    texts: tuple[str, ...]
    is_all: bool


def read_type(block: Block, term: Term) -> Steps[str]:
    """Return the type of a term's expression, empty if it is not known."""
    target = make_cast(make_call("pg_typeof", term.expression), "text")
    query = make_select([target], [term.leaf.node], limit=1, with_clause=block.named.clause)
    rows = yield from ask(block.case, query)
    return str(rows[0][0]) if rows else ""


def is_textual(type_name: str) -> bool:
    """Whether values of the type may differ in case; enums and other types of people's count as texts."""
    return type_name in _TEXTS or not (is_ordered(type_name) or type_name in {"boolean", "uuid", ""})


def is_number(type_name: str) -> bool:
    """Whether the type is one of numbers."""
    return type_name in _NUMBERS


def is_ordered(type_name: str) -> bool:
    """Whether values of the type have a range that tells something."""
    return (
        is_number(type_name) or type_name == "date" or type_name in _MOMENTS or type_name.startswith("time")
    )


def is_moment(type_name: str) -> bool:
    """Whether the type is a date with a time."""
    return type_name in _MOMENTS


def read_range(block: Block, term: Term) -> Steps[tuple[str, str] | None]:
    """Return the least and the greatest value as text; None if there are none, or they are not known."""
    targets = [clip(make_call(name, term.expression)) for name in ("min", "max")]
    rows = yield from ask(block.case, block.read_leaf(term.leaf, targets))
    if not rows or rows[0][0] is None:
        return None
    return str(rows[0][0]), str(rows[0][1])


def read_same_day(block: Block, term: Term, day: Literal, type_name: str) -> Steps[bool | None]:
    """Return whether a moment lies on *day*."""
    begin = make_cast(make_cast(day.node, "text"), type_name)
    end = make_comparison(begin, "+", make_cast(Node("A_Const", {"sval": "1 day"}), "interval"))
    where = make_all(
        [make_comparison(term.expression, ">=", begin), make_comparison(term.expression, "<", end)]
    )
    query = make_select([make_number(1)], [term.leaf.node], where, limit=1, with_clause=block.named.clause)
    rows = yield from ask(block.case, query)
    return None if rows is None else bool(rows)


def read_alike(block: Block, term: Term, value: Literal) -> Steps[tuple[str, ...] | None]:
    """Return values that differ from *value* in case or spaces around only."""
    where = make_comparison(_fold(term.expression), "=", _fold(value.node))
    return (yield from _read_texts(block, term, where))


def read_match(block: Block, term: Term, operator: str, pattern: Node) -> Steps[str | None]:
    """Return a value that matches a pattern by LIKE, ~~, or ILIKE, ~~*; None where none is known."""
    kind = "AEXPR_ILIKE" if operator == "~~*" else "AEXPR_LIKE"
    where = Node("A_Expr", {"kind": kind, "name": [operator], "lexpr": term.expression, "rexpr": pattern})
    target = clip(term.expression)
    query = make_select([target], [term.leaf.node], where, limit=1, with_clause=block.named.clause)
    rows = yield from ask(block.case, query)
    return str(rows[0][0]) if rows else None


def read_narrowed(block: Block, term: Term, value: Literal, type_name: str) -> Steps[bool | None]:
    """Return whether there are rows once *value* is made of the type that it is compared with."""
    where = make_comparison(term.expression, "=", make_cast(value.node, type_name))
    query = make_select([make_number(1)], [term.leaf.node], where, limit=1, with_clause=block.named.clause)
    return (yield from exists(block.case, query))


def read_around(block: Block, term: Term, low: Literal, high: Literal) -> Steps[tuple[str, str] | None]:
    """Return the values next to a range without any; None unless there are some below and above."""
    found: list[str] = []
    for name, operator, bound in (("max", "<", low), ("min", ">", high)):
        target = clip(make_call(name, term.expression))
        where = make_comparison(term.expression, operator, bound.node)
        rows = yield from ask(block.case, block.read_leaf(term.leaf, [target], where))
        if not rows or rows[0][0] is None:
            return None
        found.append(str(rows[0][0]))
    return found[0], found[1]


def read_sample(block: Block, term: Term) -> Steps[Values | None]:
    """Return the values among the first rows of the leaf."""
    inner = make_select(
        [clip(term.expression)],
        [term.leaf.node],
        limit=_SAMPLED + 1,
        with_clause=block.named.clause,
    )
    values, count = make_column("v1"), make_number(1)
    outer = make_select(
        [values, make_call("count", count)], [make_subquery(inner, "pgmoat_sample")], limit=_DISTINCT + 1
    )
    outer.fields["group_clause"] = [values]
    rows = yield from ask(block.case, outer)
    if rows is None:
        return None
    texts = tuple(row[0] for row in rows if row[0] is not None)
    is_all = len(rows) <= _DISTINCT and sum(row[1] for row in rows) <= _SAMPLED
    return Values(texts, is_all and all(len(text) < CLIPPED for text in texts))


def read_neighbours(block: Block, term: Term, value: Literal) -> Steps[tuple[str, ...] | None]:
    """Return values that begin as *value* does."""
    length = make_number(_PREFIX)
    where = make_comparison(
        make_call("left", _fold(term.expression), length), "=", make_call("left", _fold(value.node), length)
    )
    return (yield from _read_texts(block, term, where))


def clip(node: Node) -> Node:
    """Return the beginning of a value as text: a value may have megabytes, and is fetched to be quoted."""
    return make_call("left", make_cast(node, "text"), make_number(CLIPPED))


def _fold(node: Node) -> Node:
    return make_call("lower", make_call("btrim", make_cast(node, "text")))


def _read_texts(block: Block, term: Term, where: Node) -> Steps[tuple[str, ...] | None]:
    query = make_select(
        [clip(term.expression)],
        [term.leaf.node],
        where,
        limit=_DISTINCT,
        with_clause=block.named.clause,
    )
    query.fields["distinct_clause"] = [None]
    rows = yield from ask(block.case, query)
    return None if rows is None else tuple(row[0] for row in rows if row[0] is not None)
