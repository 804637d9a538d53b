"""
What claims are about, with the names that people and SQL have for it.

In: Names, facts. Out: Subjects. I/O: none.
"""

from __future__ import annotations

from pgmoat.report.blast.model import Subject
from pgmoat.report.blast.names import Names, quote
from pgmoat.report.blast.snapshot import FunctionFact, ObjectFact, RelationFact, RoleFact

RELATION_KINDS = {
    "r": "table",
    "p": "table",
    "v": "view",
    "m": "materialized view",
    "f": "foreign table",
    "S": "sequence",
}


class Subjects:
    """Subjects of claims, from facts."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.snapshot = names.snapshot

    def relation(self, fact: RelationFact) -> Subject:
        """Return what a claim about a relation is about."""
        schema = self._names.schema_name(fact.schema)
        return Subject(
            kind=RELATION_KINDS[fact.kind],
            name=f"{schema}.{fact.name}",
            sql=quote(schema, fact.name),
            oid=fact.oid,
            owner=self._names.role_name(fact.owner),
        )

    def function(self, fact: FunctionFact) -> Subject:
        """Return what a claim about a function is about."""
        return Subject(
            kind={"p": "procedure", "a": "aggregate"}.get(fact.kind, "function"),
            name=f"{self._names.schema_name(fact.schema)}.{fact.name}{fact.sql[fact.sql.rindex('(') :]}",
            sql=fact.sql,
            oid=fact.oid,
            owner=self._names.role_name(fact.owner),
        )

    def object(self, fact: ObjectFact) -> Subject:
        """Return what a claim about anything else is about."""
        schema = self._names.schema_name(fact.schema) if fact.schema else ""
        name = f"{schema}.{fact.name}" if schema else fact.name
        is_bare = fact.kind in ("large object", "parameter")
        return Subject(
            kind=fact.kind,
            name=name,
            sql=fact.name if is_bare else quote(*([schema] if schema else []), fact.name),
            oid=fact.oid,
            owner=self._names.role_name(fact.owner),
        )

    def role(self, fact: RoleFact) -> Subject:
        """Return what a claim about a role is about."""
        return Subject(kind="role", name=fact.name, sql=quote(fact.name), oid=fact.oid)

    def database(self) -> Subject:
        """Return this database."""
        name = self.snapshot.server.database
        fact = next((fact for fact in self._names.objects_of("database") if fact.name == name), None)
        return self.object(fact) if fact is not None else Subject("database", name, quote(name))
