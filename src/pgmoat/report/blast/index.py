"""
Look-ups over a snapshot: names as people and SQL have them, grants by grantee, who inherits what.

In: Snapshot. Out: Index. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pgmoat.model.closure import Closure
from pgmoat.model.names import MAP_SCHEMA, OWN_SCHEMAS
from pgmoat.postgres.sqltext import Identifier
from pgmoat.report.blast.model import Subject
from pgmoat.report.blast.snapshot import (
    PUBLIC,
    FunctionFact,
    GrantFact,
    MembershipFact,
    ObjectFact,
    RelationFact,
    RewriteFact,
    RoleFact,
    Snapshot,
    TriggerFact,
)

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
DATABASE_OWNER = "pg_database_owner"

RELATION_KINDS = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
}


class Index:
    """A snapshot with everything found by oid or by name."""

    def __init__(self, snapshot: Snapshot, public_closures: Iterable[Closure] = ()) -> None:
        self.snapshot = snapshot
        self._public_closures = tuple(public_closures)
        self.asked: frozenset[int] = frozenset()  # the role in question and those whose rights it uses
        self.roles = snapshot.roles
        self._objects = {(fact.kind, fact.oid): fact for fact in snapshot.objects}
        self.grants_to: dict[int, list[GrantFact]] = defaultdict(list)
        self.grants_on: dict[tuple[str, int], list[GrantFact]] = defaultdict(list)
        for grant in snapshot.grants:
            self.grants_to[grant.grantee].append(grant)
            self.grants_on[grant.kind, grant.object].append(grant)

    @cached_property
    def roles_by_name(self) -> dict[str, RoleFact]:
        """Every role by its name."""
        return {role.name: role for role in self.roles.values()}

    @cached_property
    def edges(self) -> dict[int, dict[int, list[MembershipFact]]]:
        """Memberships by member and role; several grantors may have given one."""
        found: dict[int, dict[int, list[MembershipFact]]] = defaultdict(lambda: defaultdict(list))
        for fact in self.snapshot.memberships:
            found[fact.member][fact.role].append(fact)
        owner = self.roles_by_name.get(DATABASE_OWNER)
        if owner is not None:
            member = self.snapshot.server.database_owner
            found[member][owner.oid].append(MembershipFact(owner.oid, member))
        return found

    @cached_property
    def own_roles(self) -> frozenset[str]:
        """pgmoat's roles, agents' among them: no closure gives them anything."""
        manifest = self.snapshot.manifest
        return manifest.roles if manifest is not None else frozenset()

    def find_public_closure(self, subject: Subject, privilege: str) -> Closure | None:
        """Return how a hardening takes PUBLIC's privilege on the object away."""
        bare = subject.kind.replace("procedure", "function")
        wanted = {
            f"{kind} {name}" for kind in (subject.kind, bare, "table") for name in (subject.name, subject.sql)
        }
        return next(
            (
                closure
                for closure in self._public_closures
                if closure.object in wanted and any(privilege in line for line in closure.sql)
            ),
            None,
        )

    @property
    def knows_closures(self) -> bool:
        """Whether somebody looked how PUBLIC's ways are closed."""
        return bool(self._public_closures)

    def public_closures_of(self, area: str) -> tuple[Closure, ...]:
        """Return the one closure that takes PostgreSQL's own functions of an area from PUBLIC; none: it is done."""
        parts = [
            closure
            for closure in self._public_closures
            if closure.area == area and closure.object.startswith("function pg_catalog.")
        ]
        return (join_closures(area, parts),) if parts else ()

    def role_name(self, oid: int) -> str:
        """Return a role's name; PUBLIC for 0."""
        if oid == PUBLIC:
            return "PUBLIC"
        role = self.roles.get(oid)
        return role.name if role is not None else str(oid)

    def role_sql(self, oid: int) -> str:
        """Return a role as SQL takes it."""
        return "PUBLIC" if oid == PUBLIC else quote(self.role_name(oid))

    def find(self, kind: str, oid: int) -> ObjectFact | None:
        """Return an object that is neither relation nor function."""
        return self._objects.get((kind, oid))

    def objects_of(self, kind: str) -> Iterator[ObjectFact]:
        """Yield the objects of one kind."""
        return (fact for fact in self.snapshot.objects if fact.kind == kind)

    def schema_name(self, oid: int) -> str:
        """Return a schema's name."""
        fact = self.find("schema", oid)
        return fact.name if fact is not None else ""

    def is_system(self, schema: int) -> bool:
        """Whether the schema is PostgreSQL's own."""
        return self.schema_name(schema) in SYSTEM_SCHEMAS

    def relation(self, fact: RelationFact) -> Subject:
        """Return what a claim about a relation is about."""
        schema = self.schema_name(fact.schema)
        return Subject(
            kind=RELATION_KINDS[fact.kind],
            name=f"{schema}.{fact.name}",
            sql=quote(schema, fact.name),
            oid=fact.oid,
            owner=self.role_name(fact.owner),
        )

    def function(self, fact: FunctionFact) -> Subject:
        """Return what a claim about a function is about."""
        return Subject(
            kind="procedure" if fact.kind == "p" else "function",
            name=f"{self.schema_name(fact.schema)}.{fact.name}{fact.sql[fact.sql.rindex('(') :]}",
            sql=fact.sql,
            oid=fact.oid,
            owner=self.role_name(fact.owner),
        )

    def object(self, fact: ObjectFact) -> Subject:
        """Return what a claim about anything else is about."""
        schema = self.schema_name(fact.schema) if fact.schema else ""
        name = f"{schema}.{fact.name}" if schema else fact.name
        is_bare = fact.kind in ("large object", "parameter")
        return Subject(
            kind=fact.kind,
            name=name,
            sql=fact.name if is_bare else quote(*([schema] if schema else []), fact.name),
            oid=fact.oid,
            owner=self.role_name(fact.owner),
        )

    def role(self, fact: RoleFact) -> Subject:
        """Return what a claim about a role is about."""
        return Subject(kind="role", name=fact.name, sql=quote(fact.name), oid=fact.oid)

    def database(self) -> Subject:
        """Return this database."""
        name = self.snapshot.server.database
        fact = next((fact for fact in self.objects_of("database") if fact.name == name), None)
        return self.object(fact) if fact is not None else Subject("database", name, quote(name))

    def columns_of(self, relation: int) -> tuple[str, ...]:
        """Return a relation's columns, in order."""
        return tuple(self.snapshot.columns.get(relation, {}).values())

    def column(self, relation: int, number: int) -> str:
        """Return a column's name."""
        return self.snapshot.columns.get(relation, {}).get(number, "")

    def inherited(self, role: int) -> frozenset[int]:
        """Return the roles whose privileges *role* has without asking: itself, PUBLIC, what it inherits."""
        found = self._inherited.get(role)
        if found is None:
            found = self._inherited[role] = frozenset({PUBLIC, *self._walk(role)})
        return found

    @cached_property
    def _inherited(self) -> dict[int, frozenset[int]]:
        return {}

    def _walk(self, role: int) -> set[int]:
        seen, waiting = {role}, [role]
        while waiting:
            for target, facts in self.edges.get(waiting.pop(), {}).items():
                if target not in seen and any(fact.inherits for fact in facts):
                    seen.add(target)
                    waiting.append(target)
        return seen

    def members_of(self, role: int) -> frozenset[int]:
        """Return the roles that reach *role* by memberships of any kind, itself left out."""
        return self._members.get(role, frozenset())

    @cached_property
    def _members(self) -> dict[int, frozenset[int]]:
        above: dict[int, set[int]] = defaultdict(set)
        for member in self.roles:
            seen, waiting = {member}, [member]
            while waiting:
                for target in self.edges.get(waiting.pop(), {}):
                    if target not in seen:
                        seen.add(target)
                        above[target].add(member)
                        waiting.append(target)
        return {role: frozenset(members) for role, members in above.items()}

    def has(self, roles: Iterable[int], kind: str, oid: int, privilege: str, owner: int) -> bool:
        """Whether one of *roles* owns the object or holds *privilege* on all of it."""
        held = frozenset(roles)
        if owner in held or any(role in self.roles and self.roles[role].is_superuser for role in held):
            return True
        return any(
            grant.grantee in held and grant.privilege == privilege and not grant.number
            for grant in self.grants_on[kind, oid]
        )

    @cached_property
    def read_by(self) -> dict[int, dict[int, tuple[str, ...]]]:
        """What each view names: relations, and those of their columns that it names; empty for none by name."""
        found: dict[int, dict[int, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        for fact in self.snapshot.rewrites:
            if fact.event == "1" and fact.names == "relation" and fact.object != fact.relation:
                columns = found[fact.relation][fact.object]
                if fact.number:
                    columns[self.column(fact.object, fact.number)] = None
        return {
            view: {relation: tuple(columns) for relation, columns in named.items()}
            for view, named in found.items()
        }

    @cached_property
    def calls(self) -> dict[int, frozenset[int]]:
        """The functions that each view calls by itself."""
        found: dict[int, set[int]] = defaultdict(set)
        for fact in self.snapshot.rewrites:
            if fact.event == "1" and fact.names == "function":
                found[fact.relation].add(fact.object)
        return {view: frozenset(functions) for view, functions in found.items()}

    @cached_property
    def triggers_of(self) -> dict[int, list[TriggerFact]]:
        """Triggers by relation."""
        found: dict[int, list[TriggerFact]] = defaultdict(list)
        for trigger in self.snapshot.triggers:
            found[trigger.relation].append(trigger)
        return found

    @cached_property
    def rules_of(self) -> dict[int, list[RewriteFact]]:
        """Rules for writes, by relation."""
        found: dict[int, list[RewriteFact]] = defaultdict(list)
        for fact in self.snapshot.rewrites:
            if fact.event != "1" and fact.is_enabled:
                found[fact.relation].append(fact)
        return found

    def is_own(self, schema: int) -> bool:
        """Whether everything in the schema is pgmoat's."""
        return self.snapshot.server.is_installed and self.schema_name(schema) in OWN_SCHEMAS

    def is_own_map(self, relation: RelationFact) -> bool:
        """Whether it is a value map of pgmoat's."""
        return self.snapshot.server.is_installed and self.schema_name(relation.schema) == MAP_SCHEMA

    def may_use_schema(self, role: int, schema: int) -> bool:
        """Whether a session of *role* finds names in the schema."""
        held = self.inherited(role)
        fact = self.find("schema", schema)
        if fact is None or self.is_system(schema):
            return True
        readers = {"pg_read_all_data", "pg_write_all_data"}
        if any(self.role_name(one) in readers for one in held):
            return True
        return self.has(held, "schema", schema, "USAGE", fact.owner)

    @cached_property
    def relations_by_name(self) -> dict[tuple[str, str], RelationFact]:
        """Every relation by the names of its schema and itself."""
        return {(self.schema_name(fact.schema), fact.name): fact for fact in self.snapshot.relations.values()}

    def may_make_temporary(self, role: int) -> bool:
        """Whether a session of *role* may make temporary tables in this database."""
        fact = next(one for one in self.objects_of("database") if one.name == self.snapshot.server.database)
        return self.has(self.inherited(role), "database", fact.oid, "TEMPORARY", fact.owner)

    def may_create_in(self, role: int) -> list[ObjectFact]:
        """Return the schemas in which a session of *role* may make objects."""
        held = self.inherited(role)
        return [
            fact
            for fact in self.objects_of("schema")
            if fact.name not in SYSTEM_SCHEMAS and self.has(held, "schema", fact.oid, "CREATE", fact.owner)
        ]


def join_closures(area: str, parts: Sequence[Closure]) -> Closure:
    """Return one closure for several objects."""
    first = parts[0]
    return Closure(
        area=area,
        object=f"{len(parts)} functions of pg_catalog",
        about=first.about,
        sql=tuple(line for part in parts for line in part.sql),
        grants=tuple(line for part in parts for line in part.grants),
        revert=tuple(line for part in parts for line in part.revert),
        hurts=tuple(dict.fromkeys(role for part in parts for role in part.hurts)),
        keeps=tuple(dict.fromkeys(role for part in parts for role in part.keeps)),
        needs=first.needs,
    )


def quote(*names: str) -> str:
    """Return a name, or the parts of a qualified one, quoted."""
    return Identifier(*names).as_string(None)
