"""
Why no row lies in a range: it is upside down, beside the data, or ends at midnight.

In: Terms that no row of their leaf meets. Out: Reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.guard.diagnose.block import Block
from pgmoat.guard.diagnose.facts import (
    CLIPPED,
    is_moment,
    is_number,
    read_around,
    read_range,
    read_same_day,
    read_type,
)
from pgmoat.guard.diagnose.probe import Steps, show
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.term import Term
from pgmoat.guard.parse import Node

_SECONDS = (500_000_000, 5_000_000_000)
_MILLISECONDS = (500_000_000_000, 5_000_000_000_000)


def find_reversed(terms: Sequence[tuple[Term, Node]]) -> list[Reason]:
    """Return the ranges that begin above their end, whatever the data are."""
    reasons: list[Reason] = []
    for term, condition in terms:
        if term.operator == "BETWEEN" and term.values[0].is_above(term.values[-1]):
            reasons.append(_make_reversed(term, term, [condition]))
    for low, first in terms:
        for high, second in terms:
            if (
                low.operator in {">", ">="}
                and high.operator in {"<", "<="}
                and low.leaf is high.leaf
                and show(low.expression) == show(high.expression)
                and low.values[0].is_above(high.values[0])
            ):
                reasons.append(_make_reversed(low, high, [first, second]))
    return reasons


def _make_reversed(low: Term, high: Term, conditions: list[Node]) -> Reason:
    begin, end = low.values[0].text, high.values[-1].text
    return Reason(
        "reversed_range",
        f"the range of {low.column} begins at {begin} and ends before, at {end}: nothing is in it",
        "certain",
        low.leaf.name,
        low.column,
        begin,
        None,
        " AND ".join(show(condition) for condition in conditions),
    )


def explain_range(block: Block, term: Term, condition: Node) -> Steps[list[Reason]]:
    """Return why no row of the term's leaf meets it."""
    type_name = yield from read_type(block, term)
    text = show(condition)
    upper = term.upper
    if is_moment(type_name) and term.operator == "BETWEEN" and upper is not None and upper.is_day:
        is_there = yield from read_same_day(block, term, upper, type_name)
        if is_there:
            message = (
                f"{term.column} BETWEEN ends at midnight, the first moment of {upper.text}: the rows of that"
                f" day come later. Write {term.column} < the next day"
            )
            return [
                Reason("whole_day", message, "certain", term.leaf.name, term.column, upper.text, None, text)
            ]
    bound = term.lower or upper
    value = bound.text if bound is not None else None
    message = f"no row of {term.leaf.name} meets {text}"
    name = term.column if term.is_plain else show(term.expression)
    found = yield from read_range(block, term)
    between = term.operator == "BETWEEN" and found is not None
    around = (yield from read_around(block, term, *term.values)) if between else None
    if around is not None:
        message += f": no {name} is between {around[0]} and {around[1]}"
    elif found is not None:
        is_one = found[0] == found[1] and len(found[0]) < CLIPPED
        message += (
            f": {name} is always {found[0]}" if is_one else f": {name} goes from {found[0]} to {found[1]}"
        )
        message += _describe_epoch(found, value) if is_number(type_name) else ""
    return [Reason("out_of_range", message, "certain", term.leaf.name, term.column, value, None, text)]


def explain_gap(terms: Sequence[tuple[Term, Node]]) -> Reason:
    """Return the reason that values lie below and above a range and none in it."""
    term = terms[0][0]
    text = " AND ".join(show(condition) for _, condition in terms)
    message = f"rows of {term.leaf.name} meet each part of {text}, and none meets both: no value lies between"
    return Reason(
        "out_of_range", message, "certain", term.leaf.name, term.column, term.values[0].text, None, text
    )


def _describe_epoch(found: tuple[str, str], value: str | None) -> str:
    """Return a hint that a number counts seconds and the data milliseconds, or the other way round."""
    try:
        asked, greatest = float(value or ""), float(found[1])
    except ValueError:
        return ""
    for data, other, words in (
        (_SECONDS, _MILLISECONDS, "seconds since 1970, and the value is in milliseconds"),
        (_MILLISECONDS, _SECONDS, "milliseconds since 1970, and the value is in seconds"),
    ):
        if data[0] < greatest < data[1] and other[0] < asked < other[1]:
            return f"; it looks like {words}"
    return ""
