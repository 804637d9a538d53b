"""
Who has whose rights, and what somebody may do with an object.

In: Names. Out: Rights. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from pgmoat.report.blast.names import SYSTEM_SCHEMAS, Names
from pgmoat.report.blast.snapshot import PUBLIC, MembershipFact

DATABASE_OWNER = "pg_database_owner"


class Rights:
    """Memberships and privileges, followed."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.snapshot = names.snapshot

    @cached_property
    def edges(self) -> dict[int, dict[int, list[MembershipFact]]]:
        """Memberships by member and role; several grantors may have given one."""
        found: dict[int, dict[int, list[MembershipFact]]] = defaultdict(lambda: defaultdict(list))
        for fact in self.snapshot.memberships:
            found[fact.member][fact.role].append(fact)
        owner = self._names.roles_by_name.get(DATABASE_OWNER)
        if owner is not None:
            member = self.snapshot.server.database_owner
            found[member][owner.oid].append(MembershipFact(owner.oid, member))
        return found

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
        for member in self._names.roles:
            seen, waiting = {member}, [member]
            while waiting:
                for target in self.edges.get(waiting.pop(), {}):
                    if target not in seen:
                        seen.add(target)
                        above[target].add(member)
                        waiting.append(target)
        return {role: frozenset(members) for role, members in above.items()}

    def has(self, role: int, kind: str, oid: int, privilege: str, owner: int) -> bool:
        """Whether a session of *role* holds *privilege* on all of the object, as its owner perhaps."""
        held = self.inherited(role)
        fact = self._names.roles.get(role)
        # Whoever only inherits from a superuser is none.
        if owner in held or (fact is not None and fact.is_superuser):
            return True
        return any(
            grant.grantee in held and grant.privilege == privilege and not grant.number
            for grant in self._names.grants_on[kind, oid]
        )

    def may_use_schema(self, role: int, schema: int) -> bool:
        """Whether a session of *role* finds names in the schema."""
        held = self.inherited(role)
        fact = self._names.find("schema", schema)
        if fact is None or self._names.is_system(schema):
            return True
        readers = {"pg_read_all_data", "pg_write_all_data"}
        if any(self._names.role_name(one) in readers for one in held):
            return True
        return self.has(role, "schema", schema, "USAGE", fact.owner)

    def may_make_temporary(self, role: int) -> bool:
        """Whether a session of *role* may make temporary tables in this database."""
        fact = next(
            one for one in self._names.objects_of("database") if one.name == self.snapshot.server.database
        )
        return self.has(role, "database", fact.oid, "TEMPORARY", fact.owner)

    def may_create_in(self, role: int) -> list[str]:
        """Return the schemas in which a session of *role* may make objects; it may make one, too."""
        found = [
            fact.name
            for fact in self._names.objects_of("schema")
            if fact.name not in SYSTEM_SCHEMAS and self.has(role, "schema", fact.oid, "CREATE", fact.owner)
        ]
        here = self.snapshot.server.database
        may_make = any(
            self.has(role, "database", fact.oid, "CREATE", fact.owner)
            for fact in self._names.objects_of("database")
            if fact.name == here
        )
        return [*found, "a schema of its own"] if may_make else found
