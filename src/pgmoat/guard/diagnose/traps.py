"""
Conditions that hold for no row, whatever the data are.

In: Blocks. Out: Reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.diagnose.block import Block, Condition
from pgmoat.guard.diagnose.literal import read_literal, read_literals
from pgmoat.guard.diagnose.probe import Steps, exists, show
from pgmoat.guard.diagnose.ranges import find_reversed
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.term import read_term
from pgmoat.guard.diagnose.volatile import is_volatile
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import find, make_select

_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*"})


def find_traps(block: Block) -> list[Reason]:
    """Return the comparisons with NULL and the ranges that are upside down."""
    reasons = [reason for condition in block.conditions for reason in _find_nulls(block, condition)]
    terms = [(read_term(block, condition), condition.node) for condition in block.conditions]
    return reasons + find_reversed(
        [(term, node) for term, node in terms if term is not None and term.kind == "range"]
    )


def _find_nulls(block: Block, condition: Condition) -> Iterator[Reason]:
    node = condition.node
    if node.kind != "A_Expr":
        return
    left, right = node.node("lexpr"), node.node("rexpr")
    name = "".join(node.names("name")[-1:])
    if node.text("kind") in {"AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE"} and name in _COMPARISONS:
        for value, other in ((left, right), (right, left)):
            literal = read_literal(block.case, value)
            if literal is not None and literal.text is None and other is not None:
                yield _make_null(other, "IS NOT NULL" if name in {"<>", "!~~"} else "IS NULL", condition)
                return
    if node.text("kind") == "AEXPR_IN" and name == "<>" and left is not None:
        values = read_literals(block.case, right)
        if values and any(value.text is None for value in values):
            message = f"{show(node)}: the list has a NULL, and NOT IN is then true for no row. Leave it out"
            yield Reason("not_in_null", message, column=_name_column(left), condition=show(node))


def _make_null(other: Node, test: str, condition: Condition) -> Reason:
    text = show(condition.node)
    message = f"{text} compares with NULL, and is true for no row. Write {show(other)} {test}"
    return Reason("null_comparison", message, column=_name_column(other), condition=text)


def _name_column(node: Node) -> str:
    names = next((column.names("fields") for column in find(node, "ColumnRef")), ())
    return "".join(names[-1:])


def explain_constants(block: Block) -> Steps[list[Reason]]:
    """Return the conditions that look at no row and are not true."""
    reasons: list[Reason] = []
    for condition in block.conditions:
        if not _is_constant(condition) or is_volatile(block.case, condition.node):
            continue
        holds = yield from exists(block.case, make_select([condition.node], (), condition.node))
        if holds is False:
            text = show(condition.node)
            reasons.append(Reason("constant_false", f"{text} is true for no row", condition=text))
    return reasons


def guess_chances(block: Block) -> list[Reason]:
    """Return the conditions that look at no row, and that PostgreSQL decides anew for each."""
    return [
        Reason(
            "constant_false",
            f"{show(condition.node)} is decided anew for each row, and may have been true for none",
            "guess",
            condition=show(condition.node),
        )
        for condition in block.conditions
        if _is_constant(condition) and is_volatile(block.case, condition.node)
    ]


def _is_constant(condition: Condition) -> bool:
    return not condition.items and next(find(condition.node, "SubLink", "ColumnRef"), None) is None
