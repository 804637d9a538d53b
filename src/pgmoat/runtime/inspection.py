"""
What is looked at before a statement is sent, and said about its answer.

In: statements, plans, answers. Out: Verdicts, Results, errors. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from psycopg.pq.abc import PGresult
from psycopg.rows import TupleRow

from pgmoat.errors import GuardRefusedError, RightMissingError
from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Problem, Use, Verdict, check_statement
from pgmoat.guard.estimate import Ceilings, judge_plan
from pgmoat.guard.rules import rights
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.result import Change, Result, name_columns, warn_of_names, warn_of_rest
from pgmoat.runtime.stored import Unpacked, unpack_rows

_SHOWN = 30  # characters of the text where a problem is
COUNTERS = 3
"""Columns that a capped query has behind its own: see sql/cap_rows.sql."""


def inspect_statement(bound: Bound, use: Use, allowed: Allowed) -> Verdict:
    """
    Return what the guard sees in a statement.

    Raises:
        GuardRefusedError: it may not be sent; a RightMissingError where the policy does not grant it.
    """
    verdict = check_statement(bound.text, use, allowed)
    if verdict.problems:
        first, *others = verdict.problems
        kind = RightMissingError if first.rule == rights.RULE else GuardRefusedError
        raise kind(
            first.message,
            detail=_detail(bound.text, first, others),
            hint=first.hint,
            rule=first.rule,
            position=first.position,
        )
    return verdict


def find_ceilings(profile: Profile, verdict: Verdict | None) -> Ceilings | None:
    """Return what a plan is held against; None where no plan has to be asked for."""
    guard = profile.guard
    is_open = guard.cost is None and guard.plan_rows is None
    if is_open or verdict is None or verdict.is_explain:
        return None
    return Ceilings(cost=guard.cost, rows=guard.plan_rows, entities=_name_tables(profile))


def _name_tables(profile: Profile) -> dict[str, str]:
    """Return the entity of each table, by a name that only one has: EXPLAIN shows no schema."""
    tables = [table.rpartition(".")[2] for table in profile.tables]
    return {
        table: access.name
        for table, access in zip(tables, profile.tables.values(), strict=True)
        if tables.count(table) == 1
    }


def inspect_plan(answer: TupleRow | None, ceilings: Ceilings) -> None:
    """
    Look at a statement's plan.

    Raises:
        GuardRefusedError: it costs too much, or reads too many rows.
    """
    problem = judge_plan(answer[0] if answer is not None else None, ceilings)
    if problem is not None:
        raise GuardRefusedError(problem.message, hint=problem.hint, rule=problem.rule)


def make_read_result(
    names: Sequence[str], rows: Sequence[TupleRow], verdict: Verdict, profile: Profile
) -> Result:
    """Return the answer of a query that was sent with its counters, without them."""
    own = name_columns(names[:-COUNTERS])
    kept = rows[: profile.guard.result_rows]
    is_truncated = bool(rows) and rows[0][-1] > len(kept)
    warnings = warn_of_names(names[:-COUNTERS])
    if is_truncated:
        warnings.append(warn_of_rest(len(kept)))
    is_cut = bool(rows) and (verdict.limit is None or rows[0][-1] >= verdict.limit)
    if verdict.has_limit and is_cut and not (verdict.has_order or verdict.has_one_row):
        warnings.append("LIMIT without ORDER BY: which rows these are is left to chance")
    return Result(
        columns=own,
        rows=tuple(dict(zip(own, row, strict=False)) for row in kept),
        affected=len(kept),
        truncated=is_truncated,
        warnings=tuple(warnings),
    )


def make_plain_result(names: Sequence[str], rows: Sequence[TupleRow]) -> Result:
    """Return an answer that was not capped."""
    own = name_columns(names)
    return Result(
        own,
        tuple(dict(zip(own, row, strict=True)) for row in rows),
        len(rows),
        warnings=tuple(warn_of_names(names)),
    )


def make_write_result(
    stored: Mapping[str, Any],
    returned: Unpacked | None = None,
    *,
    is_cut: bool = False,
    key: str | None = None,
) -> Result:
    """
    Return what a keyed write did, from what the database keeps of it.

    *returned*: its rows, if at hand; *is_cut*: some were cut off.
    """
    is_replayed = bool(stored.get("replayed"))
    is_truncated = is_cut or (bool(stored.get("truncated")) and returned is None)
    names, rows = unpack_rows(stored["rows"]) if returned is None else returned
    warnings = _warn_of_write(int(stored["affected"]), is_replayed=is_replayed)
    if is_truncated and rows:
        warnings.append(f"it returned more rows than the {len(rows)} shown")
    elif is_truncated:
        warnings.append("the rows that it returned were too large to be kept")
    return Result(
        columns=names,
        rows=rows,
        affected=int(stored["affected"]),
        truncated=is_truncated,
        warnings=tuple(warnings),
        replayed=is_replayed,
        statement_id=stored.get("statement_id"),
        key=key,
    )


def make_call_result(text: str) -> Result:
    """Return the result of an operation, given as JSON; numbers with a point become Decimals."""
    stored: dict[str, Any] = json.loads(text, parse_float=Decimal, parse_int=_parse_int)
    rows: list[dict[str, Any]] = stored["rows"]
    is_replayed = bool(stored["replayed"])
    warnings = _warn_of_write(int(stored["affected"]), is_replayed=is_replayed)
    if stored["truncated"]:
        warnings.append(f"the operation returned more rows than the {len(rows)} shown")
    return Result(
        columns=tuple(rows[0]) if rows else (),
        rows=tuple(rows),
        affected=int(stored["affected"]),
        truncated=bool(stored["truncated"]),
        warnings=tuple(warnings),
        replayed=is_replayed,
        statement_id=stored.get("statement_id"),
        key=stored.get("key"),
    )


def _parse_int(text: str) -> int | Decimal:
    """Return a whole number; Python refuses to read more than 4,300 digits as an int."""
    return int(text) if len(text) < 4_000 else Decimal(text)


def is_cappable(verdict: Verdict | None) -> bool:
    """Return whether a write's rows can be cut off on the server: not those of one that begins with WITH."""
    return (
        verdict is not None
        and verdict.has_returning
        and not verdict.has_with
        and verdict.command in {"insert", "update", "delete"}
    )


def make_change(row: TupleRow) -> Change:
    """Return a row of ``preview_changes``, whose images are JSON; numbers with a point become Decimals."""
    entity, operation, *images = row[:4]
    before, after = (
        None if image is None else json.loads(image, parse_float=Decimal, parse_int=_parse_int)
        for image in images
    )
    return Change(entity, operation, before, after)


def list_names(answer: PGresult | None) -> list[str]:
    """Return the names of an answer's columns."""
    if answer is None:
        return []
    return [(answer.fname(field) or b"").decode() for field in range(answer.nfields)]


def _detail(text: str, first: Problem, others: Sequence[Problem]) -> str:
    """Return where the first problem is, and the others with their hints."""
    place = _show_place(text, first)
    lines = [place[:1].upper() + place[1:]]
    for problem in others:
        place = ", ".join(part for part in (problem.rule, _show_place(text, problem)) if part)
        lines.append(f"Also: {problem.message} ({place}). Hint: {problem.hint}")
    return "\n".join(line for line in lines if line)


def _show_place(text: str, problem: Problem) -> str:
    if problem.position is None:
        return ""
    begin = problem.position - 1
    words = " ".join(text[begin : begin + _SHOWN].split())
    more = " …" if len(text) > begin + _SHOWN else ""
    return f"at character {problem.position}" + (f": {words}{more}" if words else "")


def _warn_of_write(affected: int, *, is_replayed: bool) -> list[str]:
    if is_replayed and affected == 0:
        return [
            "this was tried before with the same key, when no row fitted, and not once more: to try it again,"
            " give occurrence 2, or a key of its own"
        ]
    if is_replayed:
        return [
            "this was done before with the same key, and not once more: to do it again on purpose, give"
            " occurrence 2, or a key of its own"
        ]
    return ["nothing was written: no row fits the conditions"] if affected == 0 else []
