"""
The SQL that takes one link of a way out, what puts it back, and whom that hurts.

In: Index, facts. Out: Closures. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgmoat.model.closure import Closure
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Subject
from pgmoat.report.blast.names import quote
from pgmoat.report.blast.snapshot import PUBLIC, GrantFact, MembershipFact, RoleFact

_ON = {
    "relation": "TABLE",
    "sequence": "SEQUENCE",
    "function": "FUNCTION",
    "procedure": "PROCEDURE",
    "schema": "SCHEMA",
    "database": "DATABASE",
    "language": "LANGUAGE",
    "foreign data wrapper": "FOREIGN DATA WRAPPER",
    "foreign server": "FOREIGN SERVER",
    "tablespace": "TABLESPACE",
    "large object": "LARGE OBJECT",
    "type": "TYPE",
    "parameter": "PARAMETER",
}


def close_grant(index: Index, grants: Sequence[GrantFact], subject: Subject, owner: int) -> Closure:
    """
    Return the REVOKE of *grants*: one privilege of one grantee, by one grantor, on one object.

    Of what PUBLIC holds, those who would lose it get it by name.
    """
    grant = grants[0]
    word = _ON[subject.kind if subject.kind in ("sequence", "procedure") else grant.kind]
    columns = ", ".join(quote(index.column(one.object, one.number)) for one in grants if one.number)
    what = f"{grant.privilege}{f' ({columns})' if columns else ''} ON {word} {subject.sql}"
    if grant.grantee == PUBLIC:
        found = index.find_public_closure(subject, grant.privilege)
        if found is not None:
            return found
    grantee = index.role_sql(grant.grantee)
    revoke: tuple[str, ...] = (f"REVOKE {what} FROM {grantee} CASCADE",)
    option = " WITH GRANT OPTION" if any(one.is_grantable for one in grants) else ""
    back: tuple[str, ...] = (f"GRANT {what} TO {grantee}{option}",)
    if grant.grantor not in (owner, 0):
        setting = f"SET LOCAL ROLE {index.role_sql(grant.grantor)}"
        revoke = (setting, *revoke, "RESET ROLE")
        back = (setting, *back, "RESET ROLE")
    lost = _list_losers(index, grant, owner)
    keeps = lost if grant.grantee == PUBLIC else ()
    return Closure(
        area="grant",
        object=f"{subject.kind} {subject.name}",
        about=f"{index.role_name(grant.grantee)} no longer has {grant.privilege} on {subject.name}",
        sql=revoke,
        grants=tuple(f"GRANT {what} TO {index.role_sql(role)}" for role in keeps),
        revert=(*back, *(f"REVOKE {what} FROM {index.role_sql(role)}" for role in keeps)),
        hurts=others(index, lost),
        keeps=names(index, keeps),
        needs=f"owner of {subject.name}, or superuser",
    )


def _list_losers(index: Index, grant: GrantFact, owner: int) -> tuple[int, ...]:
    """Return the roles that have the privilege by this grant alone, as far as they can use it."""
    if grant.grantee != PUBLIC:
        return (grant.grantee, *sorted(index.rights.members_of(grant.grantee)))
    others = [
        other
        for other in index.grants_on[grant.kind, grant.object]
        if other.privilege == grant.privilege and other.number in (0, grant.number) and other != grant
    ]
    holders = {other.grantee for other in others} | {owner}
    return tuple(
        sorted(
            oid
            for oid, role in index.roles.items()
            if role.can_login
            and oid not in index.asked
            and not role.is_superuser
            and role.name not in index.own_roles
            and not holders & index.rights.inherited(oid)
        )
    )


def close_membership(index: Index, facts: Iterable[MembershipFact], subject: str) -> Closure:
    """Return the REVOKE of a membership, by everybody who granted it."""
    known = list(facts)
    first = known[0]
    role, member = index.role_sql(first.role), index.role_sql(first.member)
    is_new = index.snapshot.server.server_version >= 160_000
    by = [f" GRANTED BY {index.role_sql(fact.grantor)}" if is_new and fact.grantor else "" for fact in known]
    lost = (first.member, *sorted(index.rights.members_of(first.member)))
    return Closure(
        area="membership",
        object=f"role {index.role_name(first.role)}",
        about=f"{index.role_name(first.member)} is no longer a member of {index.role_name(first.role)}",
        sql=tuple(f"REVOKE {role} FROM {member}{grantor} CASCADE" for grantor in by),
        revert=tuple(
            f"GRANT {role} TO {member}{_options(fact, is_new=is_new)}{grantor}"
            for fact, grantor in zip(known, by, strict=True)
        ),
        hurts=others(index, lost),
        needs=f"a role with ADMIN OPTION on {subject}, or superuser",
    )


def _options(fact: MembershipFact, *, is_new: bool) -> str:
    if not is_new:
        return " WITH ADMIN OPTION" if fact.is_admin else ""
    words = ("FALSE", "TRUE")
    return f" WITH ADMIN {words[fact.is_admin]}, INHERIT {words[fact.inherits]}, SET {words[fact.may_set]}"


def close_attribute(index: Index, role: RoleFact, attribute: str) -> Closure:
    """Return the ALTER ROLE that takes an attribute away."""
    name = index.role_sql(role.oid)
    return Closure(
        area="attribute",
        object=f"role {role.name}",
        about=f"{role.name} is no longer {attribute}",
        sql=(f"ALTER ROLE {name} NO{attribute}",),
        revert=(f"ALTER ROLE {name} {attribute}",),
        hurts=others(index, (role.oid, *sorted(index.rights.members_of(role.oid)))),
        needs="superuser",
    )


def close_ownership(index: Index, subject: Subject, owner: int) -> Closure | None:
    """Return the change of owner to the database's; None where that is the owner already."""
    heir = index.snapshot.server.database_owner
    if heir == owner:
        heir = next((oid for oid, role in index.roles.items() if role.is_superuser), owner)
    if heir == owner or not subject.sql or subject.kind == "extension":
        return None
    word = {"foreign data wrapper": "FOREIGN DATA WRAPPER", "foreign server": "SERVER"}.get(
        subject.kind, subject.kind.upper()
    )
    alter = f"ALTER {word} {subject.sql} OWNER TO "
    return Closure(
        area="ownership",
        object=f"{subject.kind} {subject.name}",
        about=f"{subject.name} belongs to {index.role_name(heir)}",
        sql=(alter + index.role_sql(heir),),
        revert=(alter + index.role_sql(owner),),
        hurts=others(index, (owner, *sorted(index.rights.members_of(owner)))),
        needs="superuser",
    )


def alter(subject: Subject, *, about: str, sql: str, back: str) -> Closure:
    """Return a closure of one statement."""
    return Closure(
        area="definition",
        object=f"{subject.kind} {subject.name}",
        about=about,
        sql=(sql,),
        revert=(back,) if back else (),
        needs=f"owner of {subject.name}, or superuser",
    )


def names(index: Index, roles: Iterable[int]) -> tuple[str, ...]:
    """Return roles' names, in order."""
    return tuple(index.role_name(role) for role in roles)


def others(index: Index, roles: Iterable[int]) -> tuple[str, ...]:
    """Return the names of those of *roles* that are not the ones in question: they are to lose the way."""
    return names(index, (role for role in dict.fromkeys(roles) if role not in index.asked))
