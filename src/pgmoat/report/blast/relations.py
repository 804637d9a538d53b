"""
Tables, views and sequences that a role reaches by privileges on them.

In: Index, Holders. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pgmoat.report.blast.closing import close_attribute, close_grant, close_ownership
from pgmoat.report.blast.collect import Collection, Headline, make_way
from pgmoat.report.blast.holders import Holder, superusers
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Severity, Standing, Step, StepKind
from pgmoat.report.blast.names import SECRET_CATALOGS
from pgmoat.report.blast.rows import describe_row_security, describe_scope, is_row_security_bypassed, size
from pgmoat.report.blast.snapshot import GrantFact, RelationFact
from pgmoat.report.blast.standing import judge_grant

TABLE_ACTIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
VIEW_ACTIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRIGGER")
SEQUENCE_ACTIONS = ("SELECT", "USAGE", "UPDATE")
_SUPERUSER_ACTIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
_READ_ALL, _WRITE_ALL, _MAINTAIN = "pg_read_all_data", "pg_write_all_data", "pg_maintain"
_PREDEFINED = {
    _READ_ALL: frozenset({"SELECT"}),
    _WRITE_ALL: frozenset({"INSERT", "UPDATE", "DELETE"}),
    _MAINTAIN: frozenset({"MAINTAIN"}),
}


def collect_relations(index: Index, holders: Sequence[Holder], into: Collection) -> None:
    """Take in what *holders* may do to relations directly."""
    everything = superusers(index, holders)
    for holder in holders:
        role = index.roles.get(holder.role)
        if role is not None and role.is_superuser and holder.is_session:
            _take_all(index, holder, into, _SUPERUSER_ACTIONS, "SUPERUSER")
        for name, actions in _PREDEFINED.items():
            if role is not None and role.name == name:
                _take_all(index, holder, into, tuple(actions), name)
        if holder.role not in everything and not holder.is_repeated:
            _collect_grants(index, holder, into)
            _collect_owned(index, holder, into)


def _take_all(index: Index, holder: Holder, into: Collection, actions: Sequence[str], why: str) -> None:
    """Take every relation: a superuser's, or a predefined role's for all data."""
    role = index.roles[holder.role]
    is_superuser = why == "SUPERUSER"
    kind = StepKind.ATTRIBUTE if is_superuser else StepKind.PREDEFINED
    words = "superuser" if is_superuser else "all data"
    step = Step(kind, role.name, index.role_sql(role.oid), f"{role.name}: {words}", is_everything=True)
    closures = (close_attribute(index, role, "SUPERUSER"),) if is_superuser and not holder.steps else ()
    for relation in index.snapshot.relations.values():
        is_secret = index.is_system(relation.schema) and relation.name in SECRET_CATALOGS
        if not index.rights.may_use_schema(holder.session, relation.schema):
            continue
        if index.is_system(relation.schema) and not is_secret:
            continue
        allowed = actions_of(index, relation) if not is_secret else ("SELECT",)
        for action in actions:
            if action in allowed:
                way = make_way(index, holder, (step,), closures=closures)
                into.add(describe(index, relation, action, holder), way)


def _collect_grants(index: Index, holder: Holder, into: Collection) -> None:
    grouped: dict[tuple[int, str], list[GrantFact]] = defaultdict(list)
    for grant in index.grants_to[holder.role]:
        if grant.kind == "relation" and grant.object in index.snapshot.relations:
            grouped[grant.object, grant.privilege].append(grant)
    for (oid, _), grants in grouped.items():
        relation = index.snapshot.relations[oid]
        if index.is_system(relation.schema) and all(grant.is_default for grant in grants):
            continue
        # A sequence is drawn from and set by its oid, too.
        is_by_oid = relation.kind == "S" and grants[0].privilege != "SELECT"
        if not is_by_oid and not index.rights.may_use_schema(holder.session, relation.schema):
            _collect_dormant(index, holder, relation, grants, into)
            continue
        for part in _split_grants(grants):
            _take_grant(index, holder, relation, part, into)


def _split_grants(grants: Sequence[GrantFact]) -> Iterator[list[GrantFact]]:
    """Yield a grant on the whole relation by itself, those on columns together, by standing and grantor."""
    columns: dict[tuple[int, bool], list[GrantFact]] = defaultdict(list)
    for grant in grants:
        if grant.number:
            columns[grant.grantor, grant.is_grantable].append(grant)
        else:
            yield [grant]
    yield from columns.values()


def _take_grant(
    index: Index, holder: Holder, relation: RelationFact, grants: Sequence[GrantFact], into: Collection
) -> None:
    subject = index.subjects.relation(relation)
    by_standing: dict[Standing, list[GrantFact]] = defaultdict(list)
    for grant in grants:
        by_standing[judge_grant(index, grant, subject)].append(grant)
    for standing, part in by_standing.items():
        first = part[0]
        columns = tuple(index.column(grant.object, grant.number) for grant in part if grant.number)
        kind = StepKind.PUBLIC if not first.grantee else StepKind.GRANT
        text = f"{first.privilege}{' (' + ', '.join(columns) + ')' if columns else ''} on {subject.name}"
        option = ", and may pass it on" if any(grant.is_grantable for grant in part) else ""
        step = Step(kind, subject.name, subject.sql, text + option)
        way = make_way(
            index,
            holder,
            (step,),
            closures=(close_grant(index, part, subject, relation.owner),),
            columns=columns,
            standing=standing if not holder.steps or holder.role == 0 else Standing.BEYOND,
        )
        into.add(describe(index, relation, first.privilege, holder), way)


def _collect_dormant(
    index: Index, holder: Holder, relation: RelationFact, grants: Sequence[GrantFact], into: Collection
) -> None:
    """Say what one USAGE on a schema would open."""
    subject = index.subjects.relation(relation)
    schema = index.schema_name(relation.schema)
    for grant in grants:
        if judge_grant(index, grant, subject) is not Standing.BEYOND:
            continue
        headline = Headline(
            "dormant-grant",
            subject,
            grant.privilege,
            f"holds {grant.privilege} on {subject.name}, and lacks only USAGE on schema {schema}",
            Severity.LOW,
        )
        step = Step(StepKind.GRANT, subject.name, subject.sql, f"{grant.privilege} on {subject.name}")
        into.add(
            headline,
            make_way(
                index, holder, (step,), closures=(close_grant(index, [grant], subject, relation.owner),)
            ),
        )


def _collect_owned(index: Index, holder: Holder, into: Collection) -> None:
    for relation in index.snapshot.relations.values():
        if relation.owner != holder.role or index.is_system(relation.schema):
            continue
        subject = index.subjects.relation(relation)
        closure = close_ownership(index, subject, relation.owner)
        closures = (closure,) if closure is not None else ()
        step = Step(StepKind.OWNER, subject.name, subject.sql, f"owns {subject.name}")
        way = make_way(index, holder, (step,), closures=closures)
        into.add(
            Headline(
                "own-relation",
                subject,
                "OWN",
                f"owns {subject.kind} {subject.name}: may drop and alter it, disable its triggers and row"
                " security, and grant it to anybody",
                Severity.HIGH,
                rows=size(index, relation),
            ),
            way,
        )
        # Without USAGE on the schema it may still DROP OWNED, and name nothing in it.
        if index.rights.may_use_schema(holder.session, relation.schema):
            for action in actions_of(index, relation):
                into.add(describe(index, relation, action, holder), way)


def actions_of(index: Index, relation: RelationFact) -> tuple[str, ...]:
    """Return the privileges that mean something on a relation of that kind; MAINTAIN is of PostgreSQL 17."""
    known = _actions_of(relation)
    if index.snapshot.server.server_version >= 170_000:
        return known
    return tuple(action for action in known if action != "MAINTAIN")


def _actions_of(relation: RelationFact) -> tuple[str, ...]:
    if relation.kind == "S":
        return SEQUENCE_ACTIONS
    if relation.kind in ("v", "f"):
        return VIEW_ACTIONS
    return ("SELECT", "MAINTAIN") if relation.kind == "m" else TABLE_ACTIONS


_CODES = {
    "SELECT": "read-table",
    "INSERT": "write-table",
    "UPDATE": "write-table",
    "DELETE": "write-table",
    "TRUNCATE": "truncate-table",
    "TRIGGER": "trigger-table",
    "REFERENCES": "reference-table",
    "MAINTAIN": "maintain-table",
}
_COUNTED = ("SELECT", "UPDATE", "DELETE")
_VERBS = {
    "SELECT": "read",
    "INSERT": "insert into",
    "UPDATE": "change",
    "DELETE": "delete",
    "TRUNCATE": "empty",
    "TRIGGER": "put a trigger, which runs as whoever writes, on",
    "REFERENCES": "make foreign keys to, which block deletes in,",
    "MAINTAIN": "vacuum, reindex and lock",
}
_SEVERITY = {
    "SELECT": Severity.HIGH,
    "INSERT": Severity.HIGH,
    "UPDATE": Severity.HIGH,
    "DELETE": Severity.HIGH,
    "TRUNCATE": Severity.HIGH,
    "TRIGGER": Severity.HIGH,
    "REFERENCES": Severity.LOW,
    "MAINTAIN": Severity.MEDIUM,
}


def describe(index: Index, relation: RelationFact, action: str, holder: Holder) -> Headline:
    """Return what an action on a relation means, without a limit of pgmoat's."""
    subject = index.subjects.relation(relation)
    if relation.kind == "S":
        return _describe_sequence(index, relation, action)
    schema = index.schema_name(relation.schema)
    if schema in ("pg_catalog", "information_schema"):
        secret = SECRET_CATALOGS.get(relation.name, "what PostgreSQL keeps from most roles")
        severity = Severity.CRITICAL if "password" in secret else Severity.HIGH
        return Headline(
            "read-secrets" if action == "SELECT" else "write-catalog",
            subject,
            action,
            f"may {_VERBS[action]} {subject.name}: {secret}",
            severity,
        )
    code = _CODES[action]
    if relation.kind in ("v",):
        code = code.replace("-table", "-view")
    rows = size(index, relation)
    secured = describe_row_security(index, relation, action, holder)
    scoped = describe_scope(index, relation) if action in _COUNTED else ""
    restricted = secured or scoped
    return Headline(
        code,
        subject,
        action,
        f"may {_VERBS[action]} {_count(action, rows)}{subject.name}"
        + (f"; {restricted}" if restricted else ""),
        _SEVERITY[action],
        rows=rows if action in (*_COUNTED, "TRUNCATE") else None,
        limit=scoped if is_row_security_bypassed(index, relation, holder) else secured,
    )


def _count(action: str, rows: int | None) -> str:
    if action not in _COUNTED:
        return ""
    return "every row of " if rows is None else f"all {rows:,} rows of " if rows != 1 else "the row of "


def _describe_sequence(index: Index, relation: RelationFact, action: str) -> Headline:
    subject = index.subjects.relation(relation)
    if action == "UPDATE":
        text = f"may set {subject.name} back, so that inserts fail, or drain it"
        return Headline("use-sequence", subject, action, text, Severity.MEDIUM)
    text = f"may {'draw numbers from' if action == 'USAGE' else 'read'} {subject.name}"
    return Headline("use-sequence", subject, action, text, Severity.LOW)
