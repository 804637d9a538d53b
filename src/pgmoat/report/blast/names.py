"""
Look-ups over a snapshot: roles, objects and grants by oid, and their names.

In: Snapshot. Out: Names. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from pgmoat.model.names import MAP_SCHEMA, OWN_SCHEMAS
from pgmoat.postgres.sqltext import Identifier
from pgmoat.report.blast.snapshot import PUBLIC, GrantFact, ObjectFact, RelationFact, RoleFact, Snapshot

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
SECRET_CATALOGS = {
    "pg_authid": "the password verifiers of all roles",
    "pg_shadow": "the password verifiers of all roles",
    "pg_user_mapping": "the passwords of user mappings",
    "pg_subscription": "the connection strings of subscriptions",
    "pg_statistic": "the most common values of all columns",
    "pg_statistic_ext_data": "the most common values of all columns",
    "pg_largeobject": "the content of all large objects",
}
"""Catalogs that only a superuser reads by default."""


class Names:
    """A snapshot with everything found by oid or by name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
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
    def own_roles(self) -> frozenset[str]:
        """pgmoat's roles, agents' among them: no closure gives them anything."""
        manifest = self.snapshot.manifest
        return manifest.roles if manifest is not None else frozenset()

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

    def columns_of(self, relation: int) -> tuple[str, ...]:
        """Return a relation's columns, in order."""
        return tuple(self.snapshot.columns.get(relation, {}).values())

    def column(self, relation: int, number: int) -> str:
        """Return a column's name."""
        return self.snapshot.columns.get(relation, {}).get(number, "")

    def is_own(self, schema: int) -> bool:
        """Whether everything in the schema is pgmoat's."""
        return self.snapshot.server.is_installed and self.schema_name(schema) in OWN_SCHEMAS

    def is_own_map(self, relation: RelationFact) -> bool:
        """Whether it is a value map of pgmoat's."""
        return self.snapshot.server.is_installed and self.schema_name(relation.schema) == MAP_SCHEMA


def quote(*names: str) -> str:
    """Return a name, or the parts of a qualified one, quoted."""
    return Identifier(*names).as_string(None)
