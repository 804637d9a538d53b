"""
What the text of a function does with its owner's rights: the relations that it names, the functions it calls.

In: Index, a function, a way to it. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgmoat.report.blast.collect import Collection, Headline, extend_way
from pgmoat.report.blast.definers import body_of, list_called, list_touched
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Severity, Step, StepKind, Way
from pgmoat.report.blast.names import SECRET_CATALOGS
from pgmoat.report.blast.rows import size
from pgmoat.report.blast.snapshot import FunctionFact, RelationFact
from pgmoat.report.blast.standing import is_own_function

_MAX_CALLS = 30
"""Functions behind one that are followed: those that call each other in a ring are a graph, not a tree."""


def allowed_columns(index: Index, role: int, base: RelationFact, action: str) -> tuple[str, ...] | None:
    """Return the columns on which *role* may do *action*; empty: on all of the relation; None: on nothing."""
    held = index.rights.inherited(role)
    predefined = {"SELECT": "pg_read_all_data"}.get(action, "pg_write_all_data")
    if any(index.role_name(one) == predefined for one in held):
        return ()
    if index.rights.has(role, "relation", base.oid, action, base.owner):
        return ()
    numbers = sorted(
        grant.number
        for grant in index.grants_on["relation", base.oid]
        if grant.grantee in held and grant.privilege == action and grant.number
    )
    return tuple(dict.fromkeys(index.column(base.oid, number) for number in numbers)) or None


def may_do(index: Index, role: int, base: RelationFact, action: str, columns: Iterable[str] = ()) -> bool:
    """Whether *role* may do *action* on the relation, or on at least one of *columns*."""
    allowed = allowed_columns(index, role, base, action)
    wanted = set(columns)
    return allowed is not None and (not allowed or not wanted or not wanted.isdisjoint(allowed))


@dataclass(frozen=True, slots=True)
class _Call:
    """A function that runs, with whose rights, and what called it."""

    function: FunctionFact
    role: int
    way: Way


def touch(index: Index, function: FunctionFact, way: Way, into: Collection, what: str) -> None:
    """Take in what a SECURITY DEFINER function does, and those that it calls, as far as its owner may."""
    waiting, seen = deque([_Call(function, function.owner, way)]), {function.oid}
    while waiting:
        call = waiting.popleft()
        _touch_one(index, call, into, what)
        if _is_own(index, call.function):
            continue
        for called in list_called(index, call.function):
            is_new = called.oid not in seen and len(seen) <= _MAX_CALLS
            if is_new and index.rights.has(call.role, "function", called.oid, "EXECUTE", called.owner):
                seen.add(called.oid)
                waiting.append(_enter(index, call, called, into))


def _enter(index: Index, call: _Call, called: FunctionFact, into: Collection) -> _Call:
    """Return the call of a function by another; one that lends its owner's rights is a claim of its own."""
    if not called.is_definer:
        return _Call(called, call.role, call.way)
    owner = index.role_name(called.owner)
    caller, subject = index.subjects.function(call.function), index.subjects.function(called)
    step = Step(
        StepKind.DEFINER,
        owner,
        index.role_sql(called.owner),
        f"{caller.name} calls {subject.name} as {owner}",
    )
    way = extend_way(call.way, (step,), acts_as=owner)
    if not _is_own(index, called):
        into.add(describe_definer(index, called, f"may have {caller.name} call"), way)
    return _Call(called, called.owner, way)


def _is_own(index: Index, function: FunctionFact) -> bool:
    return is_own_function(index, index.schema_name(function.schema), function.sql)


def _touch_one(index: Index, call: _Call, into: Collection, what: str) -> None:
    is_own = _is_own(index, call.function)
    for base, action in list_touched(index, call.function):
        if is_own and (index.is_own(base.schema) or index.is_system(base.schema)):
            continue
        columns = allowed_columns(index, call.role, base, action)
        if columns is None:
            continue
        longer = replace(call.way, columns=columns)
        if action == "SELECT":
            into.add(describe_touch(index, base, what), longer)
        elif not index.is_system(base.schema):
            into.add(describe_write(index, base, action, what), longer)


def describe_definer(index: Index, function: FunctionFact, verb: str = "may call") -> Headline:
    """Return what it means that a SECURITY DEFINER function runs."""
    owner = index.roles.get(function.owner)
    is_superuser = owner is not None and owner.is_superuser
    is_own = _is_own(index, function)
    body = body_of(function)
    is_dynamic = body.is_dynamic and not is_own
    traits = [
        "as a trigger, once hung on a table of its own" if function.fires_as == "trigger" else "",
        "runs SQL that it puts together, from its arguments perhaps" if is_dynamic else "",
        "its text was not understood" if not body.is_understood else "",
    ]
    more = "; ".join(trait for trait in traits if trait)
    severity = Severity.HIGH if is_superuser or is_dynamic else Severity.MEDIUM
    severity = Severity.CRITICAL if is_superuser and is_dynamic else severity
    subject = index.subjects.function(function)
    runs_as = index.role_name(function.owner) + (", a superuser" if is_superuser else "")
    return Headline(
        "definer-function",
        subject,
        "EXECUTE",
        f"{verb} {subject.name}, which runs as {runs_as}" + (f"; {more}" if more else ""),
        Severity.LOW if is_own else severity,
        limit="what the text of the function does",
    )


def describe_secret(index: Index, base: RelationFact, what: str) -> Headline:
    """Return that a catalog which only superusers read is shown."""
    subject = index.subjects.relation(base)
    secret = SECRET_CATALOGS[base.name]
    return Headline(
        "read-secrets",
        subject,
        "SELECT",
        f"may read {subject.name} through {what}: {secret}",
        Severity.CRITICAL if "password" in secret else Severity.HIGH,
        limit=f"what {what} shows of it",
    )


def describe_write(index: Index, base: RelationFact, action: str, what: str) -> Headline:
    """Return that a text writes to a relation."""
    subject = index.subjects.relation(base)
    verbs = {"INSERT": "insert into", "UPDATE": "change", "DELETE": "delete from", "TRUNCATE": "empty"}
    code = "truncate-table" if action == "TRUNCATE" else "write-view" if base.kind == "v" else "write-table"
    rows = size(index, base) if action != "INSERT" else None
    return Headline(
        code,
        subject,
        action,
        f"may {verbs.get(action, action)} {subject.name} through {what}",
        Severity.MEDIUM,
        rows=rows,
        limit=f"what the text of {what} does",
    )


def describe_touch(index: Index, base: RelationFact, what: str) -> Headline:
    """Return that a text reads a relation."""
    if index.is_system(base.schema):
        return describe_secret(index, base, what)
    subject = index.subjects.relation(base)
    return Headline(
        "read-view" if base.kind == "v" else "read-table",
        subject,
        "SELECT",
        f"may have {what} read {subject.name}",
        Severity.LOW,
        rows=size(index, base),
        limit=f"what the text of {what} shows of it",
    )
