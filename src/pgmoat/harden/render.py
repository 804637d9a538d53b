"""
Closures as a person reads them, and the SQL of those that are left to a superuser.

In: Closures, Hardening. Out: text. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pgmoat.harden.make import Hardening
from pgmoat.harden.record import forget_sql, list_records, record_sql, renew_records
from pgmoat.model.closure import Closure

_NAMES_AT_A_TIME = 8
_FOLD_ABOVE = 3


def render_left(hardening: Hardening) -> str:
    """Return a script for a superuser with what whoever applies may not close or give back; maybe empty."""
    if not (hardening.left or hardening.left_open):
        return ""
    lines = ["", "-- closures that need another role's rights", "BEGIN;"]
    for closure in hardening.left:
        lines += ["", _comment(f"{closure.area} {closure.object}: {closure.about}")]
        lines += [f"{statement};" for statement in closure.grants]
        if closure.sql and closure.grantor:
            lines.append(_set_role(closure.grantor))
        lines += [f"{statement};" for statement in closure.sql]
        lines += ["RESET ROLE;"] if closure.sql and closure.grantor else []
        lines += [_comment(f"revert: {statement};") for statement in closure.revert]
    for reopening in hardening.left_open:
        lines += ["", _comment(f"{reopening.record.area} {reopening.object}: back to PUBLIC")]
        for role, sql in reopening.statements:
            lines += [_set_role(role), f"{sql};", "RESET ROLE;"] if role else [f"{sql};"]
    written = (record for closure in hardening.left for record in list_records(closure))
    records, replaced = renew_records(written, hardening.records)
    forgotten = [*replaced, *(found.record for found in hardening.left_open)]
    statements = (*forget_sql(forgotten), *record_sql(records))
    lines += ["", "-- the record, from which --soften and destroy take it back"]
    lines += [f"{statement.rstrip()};" for statement in statements]
    return "\n".join((*lines, "COMMIT;")) + "\n"


def list_blocks(closures: Sequence[Closure]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield the title of each closure and its lines, a label and a text; many of one kind in one block."""
    for _, group in groupby(closures, lambda c: (c.area, c.about, c.hurts, c.keeps, c.needs)):
        alike = list(group)
        if len(alike) > _FOLD_ABOVE:
            yield _describe_many(alike)
        else:
            yield from map(_describe_one, alike)


def _describe_one(closure: Closure) -> tuple[str, list[tuple[str, str]]]:
    lines = [("now", closure.about), *_list_people(closure)]
    lines += [("SQL", f"{statement};") for statement in (*closure.grants, *closure.sql)]
    lines += [("revert", f"{statement};") for statement in closure.revert]
    return f"{closure.area}  {closure.object}", lines


def _describe_many(closures: Sequence[Closure]) -> tuple[str, list[tuple[str, str]]]:
    first = closures[0]
    kind = first.object.partition(" ")[0]
    names = [closure.object.removeprefix(f"{kind} ") for closure in closures]
    lines = [("now", first.about), ("which", _join(names)), *_list_people(first)]
    lines += [("SQL", f"{statement};") for statement in (*first.grants, *first.sql)]
    lines.append(("", f"and so on, {len(closures)} times, and the reverts: see --sql"))
    return f"{first.area}  {len(closures)} {kind}s", lines


def _list_people(closure: Closure) -> Iterator[tuple[str, str]]:
    keeps = set(closure.keeps)
    named = {grant.grantee for grant in closure.given}
    lost = [name for name in closure.hurts if name not in keeps]
    inherited = [name for name in closure.keeps if name not in named]
    own = [name for name in dict.fromkeys(grant.grantee for grant in closure.given) if name not in keeps]
    kept = [name for name in closure.keeps if name in named]
    yield "keep it", _join(kept) or "nobody has it through PUBLIC alone"
    if inherited:
        yield "inherit", f"{_join(inherited)}: members of those"
    if own:
        yield "pgmoat", f"{_join(own)}: need it for what the policy has them do"
    if lost:
        yield "lose it", f"{_join(lost)}: an agent is a member, and would keep it with them"
    yield "needs", closure.needs


def _join(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:_NAMES_AT_A_TIME])
    more = len(listed) - _NAMES_AT_A_TIME
    return f"{shown} and {more} more" if more > 0 else shown


def _set_role(role: str) -> str:
    return 'SET LOCAL ROLE "' + role.replace('"', '""') + '";'


def _comment(text: str) -> str:
    return "-- " + "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
