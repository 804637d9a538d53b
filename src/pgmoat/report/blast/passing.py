"""
What views, rules and triggers do with the rights of others when a role reads or writes.

In: Index, what was found so far. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pgmoat.report.blast.bodies import read_body
from pgmoat.report.blast.closing import alter, others
from pgmoat.report.blast.collect import Collection, Headline, extend_way
from pgmoat.report.blast.definers import find_hijack
from pgmoat.report.blast.hijacking import take_hijack
from pgmoat.report.blast.holders import Holder
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Severity, Standing, Step, StepKind, Way
from pgmoat.report.blast.rows import bypasses, size
from pgmoat.report.blast.snapshot import FunctionFact, RelationFact, RewriteFact, TriggerFact
from pgmoat.report.blast.standing import is_own_function
from pgmoat.report.blast.touching import (
    allowed_columns,
    describe_definer,
    describe_secret,
    describe_touch,
    describe_write,
    may_do,
    touch,
)

_EVENTS = {"INSERT": ("3", 4, 8), "UPDATE": ("2", 16, 4), "DELETE": ("4", 8, 16), "TRUNCATE": ("", 32, 0)}
"""Of each action: a rule's event, a trigger's bit, the bit of a view that passes it on."""
_MAX_DEPTH = 16
_MAX_REACTIONS = 8
"""Ways to one write by foreign keys and inheritance that are followed: a schema may have thousands."""


def collect_passing(index: Index, into: Collection) -> None:
    """Take in what reading and writing the relations found so far does behind them."""
    for relation, _, ways in _list_found(index, into, ("read-view", "read-table")):
        for way in _bounded(ways):
            _pass_read(index, relation, way, into, 0)
    for relation, action, ways in _list_found(index, into, ("write-view", "write-table", "truncate-table")):
        for way in _bounded(ways):
            _pass_write(index, _Write(relation, action, way), into)
        # Who may write everything may still become somebody by a trigger.
        for way in ways:
            if way.steps[-1].kind is StepKind.PREDEFINED:
                _fire_all(index, relation, action, way, into)


def _list_found(
    index: Index, into: Collection, codes: Iterable[str]
) -> Iterator[tuple[RelationFact, str, tuple[Way, ...]]]:
    """Yield the relations of claims found so far, what is done to them, and the ways."""
    for code in codes:
        for headline, ways in into.headlines(code):
            relation = index.snapshot.relations.get(headline.subject.oid)
            if relation is not None:
                yield relation, headline.action, ways


def _bounded(ways: Iterable[Way]) -> list[Way]:
    """Return the ways that are worth following: a superuser's reach all anyway."""
    kinds = (StepKind.ATTRIBUTE, StepKind.PREDEFINED)
    return [way for way in ways if way.steps[-1].kind not in kinds]


def _pass_read(index: Index, view: RelationFact, way: Way, into: Collection, depth: int) -> None:
    """Take in what the view reads with its owner's rights, and views below it; what a table calls."""
    _run_called(index, view, way, into)
    if view.kind not in ("v", "m"):
        _read_children(index, view, way, into, depth)
        return
    if view.is_invoker or depth > _MAX_DEPTH:
        return
    subject = index.subjects.relation(view)
    owner = index.role_name(view.owner)
    verb = "reads as" if view.kind == "v" else "keeps what is read as"
    step = Step(StepKind.VIEW, subject.name, subject.sql, f"{subject.name} {verb} {owner}")
    closures = ()
    if way.standing is Standing.BEYOND and view.kind == "v":
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
        _pass_read(index, base, longer, into, depth + 1)
        into.add(_describe_read(index, base, view), longer)
    _read_secrets(index, view, extend_way(way, (step,), acts_as=owner, closures=closures), into)


def _read_secrets(index: Index, view: RelationFact, way: Way, into: Collection) -> None:
    """Take in the catalogs that only superusers read, and that a view shows as its owner sees them."""
    for name in index.behind.secrets_of.get(view.oid, ()):
        base = index.behind.relations_by_name.get(("pg_catalog", name))
        if base is not None and may_do(index, view.owner, base, "SELECT"):
            into.add(describe_secret(index, base, "a view"), way)


def _read_children(index: Index, parent: RelationFact, way: Way, into: Collection, depth: int) -> None:
    """Take in tables that inherit: who reads the parent reads their rows, and is asked for no privilege."""
    for oid in index.behind.children_of.get(parent.oid, ()) if depth <= _MAX_DEPTH else ():
        child = index.snapshot.relations.get(oid)
        if child is None:
            continue
        subject = index.subjects.relation(child)
        rows = size(index, child)
        count = "rows" if rows is None else f"all {rows:,} rows"
        text = f"may read {count} of {subject.name} through the table that it inherits from"
        columns = tuple(way.columns or index.columns_of(parent.oid))
        longer = _go_down(index, parent, child, way, columns)
        into.add(Headline("read-table", subject, "SELECT", text, Severity.HIGH, rows=rows), longer)
        _pass_read(index, child, longer, into, depth + 1)


def _go_down(
    index: Index, parent: RelationFact, child: RelationFact, way: Way, columns: tuple[str, ...]
) -> Way:
    name, subject = index.subjects.relation(parent).name, index.subjects.relation(child)
    step = Step(StepKind.VIEW, subject.name, subject.sql, f"{subject.name} inherits from {name}")
    return extend_way(way, (step,), acts_as=way.acts_as, columns=columns)


def _run_called(index: Index, relation: RelationFact, way: Way, into: Collection) -> None:
    """Take in SECURITY DEFINER functions that a view, default, check or policy calls: in any schema."""
    called = [*index.behind.calls.get(relation.oid, ()), *index.behind.called_by.get(relation.oid, ())]
    session = _session(index, way)
    for oid in called:
        function = index.snapshot.functions.get(oid)
        if function is None or not function.is_definer:
            continue
        if is_own_function(index, index.schema_name(function.schema), function.sql):
            continue
        if not index.rights.has(session, "function", oid, "EXECUTE", function.owner):
            continue
        subject = index.subjects.function(function)
        name = index.subjects.relation(relation).name
        text = f"{name} calls {subject.name}, as {subject.owner}"
        longer = extend_way(
            way, (Step(StepKind.TRIGGER, subject.name, subject.sql, text),), acts_as=subject.owner
        )
        into.add(describe_definer(index, function, f"may have {name} call"), longer)
        touch(index, function, longer, into, "a function")
        _hijack(index, function, longer, into)


def _session(index: Index, way: Way) -> int:
    """Return the role that the session is when it goes *way*."""
    names = [step.name for step in way.steps if step.kind is StepKind.HIJACK] or way.roles_to_set
    role = index.roles_by_name.get(names[-1]) if names else None
    return role.oid if role is not None else index.me


def _hijack(index: Index, function: FunctionFact, way: Way, into: Collection) -> None:
    """Take in that a function which runs by itself runs the session's own code."""
    session = _session(index, way)
    hijack = find_hijack(index, function, session)
    if hijack is not None:
        holder = Holder(session, session, way.steps, way.closures, way.confidence, is_session=True)
        into.hijacked += take_hijack(index, holder, way, hijack, into)


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
    _run_called(index, relation, write.way, into)
    _cascade(index, write, into)
    _fire_all(index, relation, write.action, write.way, into)
    rules = [rule for rule in index.behind.rules_of.get(relation.oid, ()) if rule.event == event]
    for rule in {rule.rule: rule for rule in rules}.values():
        _follow_rule(index, relation, rule, write.way, into)
    is_stopped = any(one.is_instead for one in triggers) or any(rule.is_instead for rule in rules)
    if relation.kind == "v" and relation.writes & passed_on and not is_stopped and not relation.is_invoker:
        _pass_on(index, write, into)


def _cascade(index: Index, write: _Write, into: Collection) -> None:
    """Take in rows that PostgreSQL itself changes or deletes: as their table's owner, past row security."""
    for fact in index.behind.cascades_of.get(write.relation.oid, ()):
        action = {"DELETE": fact.on_delete, "UPDATE": fact.on_update}.get(write.action, "")
        child = index.snapshot.relations.get(fact.child)
        if not action or child is None:
            continue
        subject, parent = index.subjects.relation(child), index.subjects.relation(write.relation)
        text = f"foreign key {fact.name} of {subject.name} acts on every {write.action} of {parent.name}"
        step = Step(StepKind.TRIGGER, fact.name, subject.sql, text)
        longer = extend_way(write.way, (step,), acts_as=subject.owner)
        headline = describe_write(index, child, action, f"a foreign key to {parent.name}")
        _pass_down(index, _Write(child, action, longer, write.depth + 1), headline, into)
    for oid in index.behind.children_of.get(write.relation.oid, ()) if write.action != "INSERT" else ():
        child = index.snapshot.relations.get(oid)
        if child is not None:
            longer = _go_down(index, write.relation, child, write.way, write.way.columns)
            headline = describe_write(index, child, write.action, "the table that it inherits from")
            _pass_down(index, _Write(child, write.action, longer, write.depth + 1), headline, into)


def _pass_down(index: Index, write: _Write, headline: Headline, into: Collection) -> None:
    """Take in a write that goes on by itself, once per relation on its way."""
    subject = headline.subject
    is_known = into.has_ways(headline, _MAX_REACTIONS)
    is_round = any(step.sql == subject.sql for step in write.way.steps[:-1])
    if not is_known and not is_round:
        into.add(replace(headline, severity=Severity.HIGH), write.way)
        _pass_write(index, write, into)


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
        into.add(describe_write(index, base, action, "a view"), longer)
        _pass_write(index, _Write(base, action, longer, write.depth + 1), into)


def _fire_all(index: Index, relation: RelationFact, action: str, way: Way, into: Collection) -> None:
    for trigger in index.behind.triggers_of.get(relation.oid, ()):
        if action in _EVENTS and trigger.events & _EVENTS[action][1]:
            _fire(index, relation, trigger, way, into)


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
    if not is_own:
        _hijack(index, function, longer, into)


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
            into.add(describe_touch(index, base, "a rule"), touching)
        else:
            into.add(describe_write(index, base, mention.action, "a rule"), touching)
