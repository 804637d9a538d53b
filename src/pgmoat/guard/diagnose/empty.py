"""
Why a query has no rows.

In: a SELECT that gave none, or one row of aggregates over none. Out: Reasons, by probes. I/O: none.

From the sure to the likely: what holds for no row whatever the data; what is empty by itself; the condition
that no row of its table meets; the one condition without which there would be rows. Where several are as
likely, each is called a guess.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from pgmoat.guard.diagnose.block import MOST_CONDITIONS, MOST_ITEMS, Block, Named, read_block
from pgmoat.guard.diagnose.conflict import explain_conflict, explain_joined
from pgmoat.guard.diagnose.facts import clip
from pgmoat.guard.diagnose.literal import Literal, read_literal
from pgmoat.guard.diagnose.probe import Case, Steps, ask, exists, show
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.single import explain_single
from pgmoat.guard.diagnose.summary import (
    explain_nulls,
    is_summary,
    list_aggregates,
    resolve_groups,
    take_filter_in,
)
from pgmoat.guard.diagnose.traps import explain_constants, find_traps, guess_chances
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import (
    edit,
    find,
    list_conditions,
    make_all,
    make_call,
    make_number,
    make_select,
    make_subquery,
)

_MOST_DEPTH = 3
_HALF = Decimal("0.5")
_COUNTED = 10_000
"""Rows of an answer are counted up to here."""


def explain_empty(case: Case, query: Node, named: Named | None = None, depth: int = 0) -> Steps[list[Reason]]:
    """Return why *query* has no rows; nothing where that is not found."""
    if depth > _MOST_DEPTH:
        return []
    own = (named or Named()).join(query)
    limited = _explain_limit(case, query)
    if limited:
        return limited
    if query.node("larg") is not None:
        beyond = yield from _explain_offset(case, query, own)
        return beyond or (yield from _explain_set(case, query, own, depth))
    counts = is_summary(query)
    block = read_block(case, take_filter_in(query) if counts else query, own)
    reasons = yield from _explain_rows(block, depth, is_known=not (counts or _narrows(case, query)))
    if reasons is not None:
        return reasons
    if counts:
        return (yield from explain_nulls(block))
    having = yield from _explain_having(block)
    return having or (yield from _explain_offset(case, query, own))


def _narrows(case: Case, query: Node) -> bool:
    """Return whether rows may go behind WHERE: by HAVING or OFFSET, or a function that gives rows itself."""
    calls = [call for target in query.nodes("target_list") for call in find(target, "FuncCall")]
    return (
        bool({"having_clause", "limit_offset"} & query.fields.keys())
        or _may_cut_all(case, query)
        or len(calls) > sum(len(list_aggregates(target)) for target in query.nodes("target_list"))
    )


def _explain_rows(block: Block, depth: int, *, is_known: bool) -> Steps[list[Reason] | None]:
    """Return why no row comes out of FROM and WHERE; None where some do."""
    reasons = find_traps(block) or (yield from explain_constants(block))
    if reasons:
        return reasons
    if not is_known:
        found = yield from exists(block.case, block.select(block.conditions))
        if found is not False:
            return None if found else []
    if len(block.items) > MOST_ITEMS or len(block.conditions) > MOST_CONDITIONS:
        return []

    def explain(query: Node, named: Named) -> Steps[list[Reason]]:
        return explain_empty(block.case, query, named, depth + 1)

    if block.is_fixed:
        return (yield from explain_conflict(block, block.conditions, range(len(block.items))))
    for number in range(len(block.items)):
        own = [condition for condition in block.conditions if condition.items == frozenset((number,))]
        is_whole = len(block.items) == 1 and len(own) == len(block.conditions)
        found = False if is_whole else (yield from exists(block.case, block.select(own, {number})))
        if found is False:
            reasons += yield from explain_single(block, number, own, explain)
    if not reasons and len(block.items) > 1:
        reasons = yield from explain_joined(block)
    return reasons or guess_chances(block)


def _explain_limit(case: Case, query: Node) -> list[Reason]:
    """Return that LIMIT is 0, or a fraction that PostgreSQL rounds to it."""
    limit = read_literal(case, query.node("limit_count"))
    number = None if limit is None else _read_number(limit)
    if limit is None or number is None or (number and limit.node.kind == "TypeCast"):
        return []
    if abs(number) >= _HALF:
        return []
    text = limit.text or ""
    is_rounded = " is rounded to 0, and" if number else ""
    message = f"LIMIT {text}{is_rounded} asks for no rows"
    return [Reason("limit_zero", message, value=text, condition=f"LIMIT {text}")]


def _may_cut_all(case: Case, query: Node) -> bool:
    """Return whether LIMIT may leave no row: any but a number of 1 or more."""
    node = query.node("limit_count")
    if node is None:
        return False
    limit = read_literal(case, node)
    number = None if limit is None else _read_number(limit)
    is_all = limit is not None and limit.text is None
    return not is_all and (number is None or number < 1 or node.kind == "TypeCast")


def _read_number(literal: Literal) -> Decimal | None:
    try:
        number = Decimal(literal.text or "")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _explain_offset(case: Case, query: Node, named: Named) -> Steps[list[Reason]]:
    """Return that OFFSET is more than there are rows; nothing where there are none."""
    if query.node("limit_offset") is None:
        return []
    whole = edit(
        query,
        limit_offset=None,
        limit_count=make_number(_COUNTED),
        limit_option="LIMIT_OPTION_COUNT",
        sort_clause=None,
        with_clause=None,
    )
    count = make_call("count", make_number(1))
    rows = yield from ask(
        case,
        make_select([count], [make_subquery(whole, "pgmoat_whole")], with_clause=named.clause),
    )
    if not rows or not rows[0][0]:
        return []
    number = f"{_COUNTED} or more" if rows[0][0] >= _COUNTED else str(rows[0][0])
    offset = read_literal(case, query.node("limit_offset"))
    message = f"OFFSET is beyond the end: without it there are {number} rows"
    return [Reason("offset_beyond_end", message, value=None if offset is None else offset.text)]


def _explain_having(block: Block) -> Steps[list[Reason]]:
    """Return the conditions of HAVING that no group meets."""
    having = block.query.node("having_clause")
    if having is None:
        return []
    parts = list(list_conditions(having))
    reasons: list[Reason] = []
    is_sure = True
    for part in parts:
        rest = make_all([other for other in parts if other is not part])
        relaxed = edit(
            block.query,
            having_clause=rest,
            limit_offset=None,
            sort_clause=None,
            with_clause=block.named.clause,
        )
        found = yield from exists(block.case, relaxed)
        is_sure = is_sure and found is not None
        if found:
            reasons.append((yield from _describe_having(block, part)))
    certainty = "certain" if len(reasons) == 1 and is_sure else "guess"
    return [replace(reason, certainty=certainty) for reason in reasons]


def _describe_having(block: Block, part: Node) -> Steps[Reason]:
    text = show(part)
    message = f"no group meets HAVING {text}"
    column = "".join(next((node.names("fields")[-1:] for node in find(part, "ColumnRef")), ()))
    left = part.node("lexpr")
    if (
        part.kind == "A_Expr"
        and left is not None
        and read_literal(block.case, part.node("rexpr")) is not None
    ):
        inner = edit(
            block.query,
            target_list=[Node("ResTarget", {"name": "v", "val": left})],
            group_clause=resolve_groups(block.query),
            having_clause=None,
            limit_offset=None,
            limit_count=None,
            limit_option="LIMIT_OPTION_DEFAULT",
            sort_clause=None,
            distinct_clause=None,
            with_clause=None,
        )
        value = Node("ColumnRef", {"fields": ["v"]})
        targets = [clip(make_call("min", value)), clip(make_call("max", value))]
        rows = yield from ask(
            block.case,
            make_select(targets, [make_subquery(inner, "pgmoat_groups")], with_clause=block.named.clause),
        )
        if rows and rows[0][0] is not None:
            message += f": {show(left)} goes from {rows[0][0]} to {rows[0][1]}"
    return Reason("having", message, column=column, condition=text)


def _explain_set(case: Case, query: Node, named: Named, depth: int) -> Steps[list[Reason]]:
    """Return why UNION, INTERSECT or EXCEPT has no rows."""
    sides = [side for side in (query.node("larg"), query.node("rarg")) if side is not None]
    reasons: list[Reason] = []
    is_union = query.text("op") == "SETOP_UNION"
    have_rows: list[bool | None] = []
    for number, side in enumerate(sides, start=1):
        found: bool | None = False
        if not is_union or "limit_offset" in query.fields or _may_cut_all(case, query):
            found = yield from exists(case, _wrap(side, named))
        have_rows.append(found)
        if found is False:
            inner = yield from explain_empty(case, side, named, depth + 1)
            reasons += [replace(reason, message=f"in part {number}: {reason.message}") for reason in inner]
            if not is_union:
                return reasons
    if is_union or not all(have_rows):
        return reasons
    what = "no row is in both" if query.text("op") == "SETOP_INTERSECT" else "every row is in the second, too"
    return [Reason("combination", f"both parts have rows, and {what}")]


def _wrap(side: Node, named: Named) -> Node:
    """Return a query that has a row if one part of UNION, INTERSECT or EXCEPT does."""
    return make_select(
        [make_number(1)], [make_subquery(side, "pgmoat_side")], limit=1, with_clause=named.clause
    )
