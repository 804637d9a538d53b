"""
What views, rules and triggers do with the rights of others when a role reads or writes.

In: Index, what was found so far. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgmoat.report.blast.bodies import read_body
from pgmoat.report.blast.closing import alter, others
from pgmoat.report.blast.collect import Collection, Headline, extend_way
from pgmoat.report.blast.definers import list_touched
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Severity, Standing, Step, StepKind, Way
from pgmoat.report.blast.rows import bypasses, size
from pgmoat.report.blast.snapshot import FunctionFact, RelationFact, RewriteFact, TriggerFact
from pgmoat.report.blast.standing import is_own_function

_EVENTS = {"INSERT": ("3", 4, 8), "UPDATE": ("2", 16, 4), "DELETE": ("4", 8, 16), "TRUNCATE": ("", 32, 0)}
"""Of each action: a rule's event, a trigger's bit, the bit of a view that passes it on."""
_MAX_DEPTH = 16


def collect_passing(index: Index, into: Collection) -> None:
    """Take in what reading and writing the relations found so far does behind them."""
    for code in ("read-view", "read-table"):
        for headline, ways in into.headlines(code):
            relation = index.snapshot.relations.get(headline.subject.oid)
            if relation is not None and relation.kind == "v":
                for way in _bounded(ways):
                    _pass_read(index, relation, way, into, 0)
    for code in ("write-view", "write-table", "truncate-table"):
        for headline, ways in into.headlines(code):
            relation = index.snapshot.relations.get(headline.subject.oid)
            if relation is not None:
                for way in _bounded(ways):
                    _pass_write(index, _Write(relation, headline.action, way), into)


def _bounded(ways: Iterable[Way]) -> list[Way]:
    """Return the ways that are worth following: a superuser's reach all anyway."""
    kinds = (StepKind.ATTRIBUTE, StepKind.PREDEFINED)
    return [way for way in ways if way.steps[-1].kind not in kinds]


def _pass_read(index: Index, view: RelationFact, way: Way, into: Collection, depth: int) -> None:
    """Take in what the view reads with its owner's rights, and views below it."""
    if view.is_invoker or depth > _MAX_DEPTH:
        return
    subject = index.subjects.relation(view)
    owner = index.role_name(view.owner)
    step = Step(StepKind.VIEW, subject.name, subject.sql, f"{subject.name} reads as {owner}")
    closures = ()
    if way.standing is Standing.BEYOND:
        invoker = alter(
            subject,
            about=f"{subject.name} reads with the rights of whoever asks",
            sql=f"ALTER VIEW {subject.sql} SET (security_invoker = true)",
            back=f"ALTER VIEW {subject.sql} RESET (security_invoker)",
        )
        closures = (replace(invoker, hurts=others(index, readers(index, view))),)
    for oid, columns in index.behind.read_by.get(view.oid, {}).items():
        base = index.snapshot.relations.get(oid)
        if base is None or base.oid == view.oid or index.is_system(base.schema):
            continue
        if way.standing is Standing.POLICY and index.is_own(base.schema):
            continue
        if not may_do(index, view.owner, base, "SELECT", columns):
            continue
        longer = extend_way(way, (step,), acts_as=owner, closures=closures, columns=columns)
        if base.kind == "v":
            _pass_read(index, base, longer, into, depth + 1)
        into.add(_describe_read(index, base, view), longer)


def _describe_read(index: Index, base: RelationFact, view: RelationFact) -> Headline:
    subject = index.subjects.relation(base)
    rows = size(index, base)
    count = "rows" if rows is None else f"up to {rows:,} rows"
    open_to = (
        "; row security does not hold the view's owner"
        if (base.has_row_security and bypasses(index, base, view.owner))
        else ""
    )
    return Headline(
        "read-view" if base.kind == "v" else "read-table",
        subject,
        "SELECT",
        f"may read {count} of {subject.name} through a view{open_to}",
        Severity.MEDIUM if not open_to else Severity.HIGH,
        rows=rows,
        limit="the rows that the view shows",
    )


def readers(index: Index, relation: RelationFact) -> list[int]:
    """Return the roles that may read a relation now, by grants."""
    grants = index.grants_on["relation", relation.oid]
    return sorted({grant.grantee for grant in grants if grant.privilege == "SELECT"})


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
class _Write:
    """A write that may set off more, and how many views are above it."""

    relation: RelationFact
    action: str
    way: Way
    depth: int = 0


def _pass_write(index: Index, write: _Write, into: Collection) -> None:
    if write.depth > _MAX_DEPTH or write.action not in _EVENTS:
        return
    relation = write.relation
    event, bit, passed_on = _EVENTS[write.action]
    triggers = [one for one in index.behind.triggers_of.get(relation.oid, ()) if one.events & bit]
    for trigger in triggers:
        _fire(index, relation, trigger, write.way, into)
    rules = [rule for rule in index.behind.rules_of.get(relation.oid, ()) if rule.event == event]
    for rule in {rule.rule: rule for rule in rules}.values():
        _follow_rule(index, relation, rule, write.way, into)
    is_stopped = any(one.is_instead for one in triggers) or any(rule.is_instead for rule in rules)
    if relation.kind == "v" and relation.writes & passed_on and not is_stopped and not relation.is_invoker:
        _pass_on(index, write, into)


def _pass_on(index: Index, write: _Write, into: Collection) -> None:
    """Take in the base relation that PostgreSQL itself writes when somebody writes to a simple view."""
    view, action = write.relation, write.action
    owner = index.role_name(view.owner)
    subject = index.subjects.relation(view)
    step = Step(StepKind.VIEW, subject.name, subject.sql, f"{subject.name} writes as {owner}")
    for oid in index.behind.read_by.get(view.oid, {}):
        base = index.snapshot.relations.get(oid)
        if base is None or not may_do(index, view.owner, base, action):
            continue
        longer = extend_way(write.way, (step,), acts_as=owner)
        into.add(_describe_write(index, base, action, "a view"), longer)
        _pass_write(index, _Write(base, action, longer, write.depth + 1), into)


def _describe_write(index: Index, base: RelationFact, action: str, what: str) -> Headline:
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


def _fire(index: Index, relation: RelationFact, trigger: TriggerFact, way: Way, into: Collection) -> None:
    """Take in a trigger that runs with its owner's rights."""
    function = index.snapshot.functions.get(trigger.function)
    if function is None or not function.is_definer:
        return
    subject = index.subjects.function(function)
    owner = index.role_name(function.owner)
    name = index.subjects.relation(relation).name
    step = Step(
        StepKind.TRIGGER,
        subject.name,
        subject.sql,
        f"trigger {trigger.name} on {name} runs {subject.name} as {owner}",
    )
    longer = extend_way(way, (step,), acts_as=owner)
    schema = index.schema_name(function.schema)
    is_own = is_own_function(index, schema, function.sql)
    if not is_own:
        role = index.roles.get(function.owner)
        is_superuser = role is not None and role.is_superuser
        into.add(
            Headline(
                "fire-trigger",
                subject,
                "FIRE",
                f"writing to {name} runs {subject.name} as {owner}",
                Severity.MEDIUM if is_superuser else Severity.LOW,
                limit="what the text of the function does",
            ),
            longer,
        )
    touch(index, function, longer, into, "a trigger")


def touch(index: Index, function: FunctionFact, way: Way, into: Collection, what: str) -> None:
    """Take in the relations that the text of a function names, as far as its owner may."""
    is_own = is_own_function(index, index.schema_name(function.schema), function.sql)
    for base, action in list_touched(index, function):
        if is_own and index.is_own(base.schema):
            continue
        columns = allowed_columns(index, function.owner, base, action)
        if columns is None:
            continue
        longer = replace(way, columns=columns)
        if action == "SELECT":
            into.add(_describe_touch(index, base, what), longer)
        else:
            into.add(_describe_write(index, base, action, what), longer)


def _describe_touch(index: Index, base: RelationFact, what: str) -> Headline:
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


def _follow_rule(index: Index, relation: RelationFact, rule: RewriteFact, way: Way, into: Collection) -> None:
    """Take in what a rule does: it runs with the rights of the owner of its relation."""
    subject = index.subjects.relation(relation)
    owner = index.role_name(relation.owner)
    text = f"rule {rule.rule} on {subject.name} runs as {owner}"
    longer = extend_way(
        way,
        (Step(StepKind.RULE, rule.rule, subject.sql, text),),
        acts_as=owner,
        confidence=Confidence.BOUNDED,
    )
    body = read_body("sql", rule.definition)
    for mention in body.mentions:
        base = index.behind.relations_by_name.get(
            (mention.schema or index.schema_name(relation.schema), mention.name)
        )
        if base is None or base.oid == relation.oid:
            continue
        columns = allowed_columns(index, relation.owner, base, mention.action)
        if columns is None:
            continue
        touching = replace(longer, columns=columns)
        if mention.action == "SELECT":
            into.add(_describe_touch(index, base, "a rule"), touching)
        else:
            into.add(_describe_write(index, base, mention.action, "a rule"), touching)
