"""
Snapshots of privileges, made by hand: role 1 is the one in question, role 10 owns all and is the superuser.

I/O: none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pgmoat.report.blast.compute import compute_blast
from pgmoat.report.blast.model import Blast, Claim
from pgmoat.report.blast.snapshot import (
    FunctionFact,
    GrantFact,
    MembershipFact,
    ObjectFact,
    RelationFact,
    RoleFact,
    Server,
    Snapshot,
)

ME, STAFF, BOSS, OTHER, OWNER, ROOT = 1, 2, 3, 4, 9, 10
PUBLIC_SCHEMA, HR, EVIL = 100, 101, 102
ORDERS, SALARIES, VIEW = 200, 201, 210

_ROLES = (
    RoleFact(ME, "me", can_login=True),
    RoleFact(STAFF, "staff"),
    RoleFact(BOSS, "boss"),
    RoleFact(OTHER, "other", can_login=True),
    RoleFact(OWNER, "owner"),
    RoleFact(ROOT, "root", is_superuser=True, can_login=True),
)
_OBJECTS = (
    ObjectFact("database", 1, "shop", ROOT),
    ObjectFact("schema", PUBLIC_SCHEMA, "public", ROOT),
    ObjectFact("schema", HR, "hr", ROOT),
)
_RELATIONS = (
    RelationFact(ORDERS, PUBLIC_SCHEMA, "orders", "r", OWNER, rows=1000),
    RelationFact(SALARIES, HR, "salaries", "r", OWNER, rows=50),
)
USAGE = (GrantFact("schema", PUBLIC_SCHEMA, 0, "USAGE", is_default=True),)
_COLUMNS = {ORDERS: {1: "id", 2: "total"}, SALARIES: {1: "id", 2: "amount"}, VIEW: {1: "id"}}


def make_snapshot(*, version: int = 180_000, is_superuser_reader: bool = True, **parts: Any) -> Snapshot:
    """Return a database of two tables; *parts* are added to what is there."""
    server = Server(
        server_version=version,
        database="shop",
        database_owner=ROOT,
        reader="root",
        is_superuser=is_superuser_reader,
        is_installed=False,
        is_manifest_readable=False,
        is_hba_readable=False,
    )
    roles = {role.oid: role for role in (*_ROLES, *parts.pop("roles", ()))}
    relations = {fact.oid: fact for fact in (*_RELATIONS, *parts.pop("relations", ()))}
    functions = {fact.oid: fact for fact in parts.pop("functions", ())}
    return Snapshot(
        server=parts.pop("server", server),
        roles=roles,
        relations=relations,
        functions=functions,
        columns=_COLUMNS,
        objects=(*_OBJECTS, *parts.pop("objects", ())),
        grants=(*USAGE, *parts.pop("grants", ())),
        **parts,
    )


def blast(role: str = "me", **parts: Any) -> Blast:
    """Return what *role* can do there."""
    return compute_blast(make_snapshot(**parts), role)


def member(role: int, of: int, **options: bool) -> MembershipFact:
    """Return that *role* is a member *of* another."""
    return replace(MembershipFact(role=of, member=role, grantor=ROOT), **options)


def grant(
    grantee: int, privilege: str, object_: int = ORDERS, kind: str = "relation", **more: Any
) -> GrantFact:
    """Return a grant, on table public.orders unless said otherwise."""
    return GrantFact(kind, object_, grantee, privilege, grantor=OWNER, **more)


def definer(source: str, **more: Any) -> FunctionFact:
    """Return public.f(): SECURITY DEFINER, PL/pgSQL, the superuser's."""
    known: dict[str, Any] = {"owner": ROOT, "is_definer": True, "language": "plpgsql", **more}
    return FunctionFact(300, PUBLIC_SCHEMA, "f", "", "public.f()", source=source, **known)


def find(found: Blast, code: str, name: str = "", action: str = "") -> list[Claim]:
    """Return the claims with that code, and that object and action if they are given."""
    return [
        claim
        for claim in found.claims_of(code)
        if name in ("", claim.subject.name) and action in ("", claim.action)
    ]


def texts(found: Blast, code: str, name: str = "", action: str = "") -> list[str]:
    """Return the ways of those claims, as people read them."""
    return [way.text for claim in find(found, code, name, action) for way in claim.ways]
