"""
From what PUBLIC holds to the SQL that closes it, with grants for everybody who must not lose it.

In: Things, Sharing. Out: Closures. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pgmoat.compiler.checks.wording import join_words
from pgmoat.harden.areas import OTHER_DATABASES, Areas, sort_key
from pgmoat.harden.rights import PUBLIC, Held, Thing
from pgmoat.harden.sharing import Sharing
from pgmoat.harden.statements import grant_sql, name_thing, revoke_sql
from pgmoat.harden.wording import describe, note_on
from pgmoat.model.closure import Closure
from pgmoat.model.objects import Grant, RecordedClosure

CATALOG_FUNCTIONS = {
    "signals": ("pg_cancel_backend", "pg_terminate_backend"),
    "large-objects": ("lo_creat", "lo_create", "lo_from_bytea", "lo_import", "lo_export"),
    "advisory-locks": tuple(
        f"pg_{attempt}advisory_{scope}lock{mode}"
        for attempt in ("", "try_")
        for scope in ("", "xact_")
        for mode in ("", "_shared")
    ),
}
"""Functions of PostgreSQL's own by area; who may not make a large object owns none to write."""


def compile_closures(things: Sequence[Thing], sharing: Sharing, areas: Areas) -> tuple[Closure, ...]:
    """
    Return a closure for each object and area that PUBLIC holds something in, sorted by area.

    Every role that is no superuser, no agent's and none of pgmoat's gets by name what it had through PUBLIC,
    unless it inherits it from a role that holds it or gets it.
    """
    closures = [
        _close(thing, area, held, sharing) for thing in things for area, held in _list_open(thing, areas)
    ]
    return tuple(sorted(closures, key=lambda closure: (sort_key(closure.area), closure.object)))


def find_area(thing: Thing, privilege: str) -> str | None:
    """Return the area that PUBLIC's *privilege* on *thing* belongs to, None where it does no harm."""
    kind = thing.object_kind
    if kind == "database":
        return _find_database_area(thing, privilege)
    if kind in ("table", "sequence"):
        # An extension's views for everyone (pg_stat_statements) hold nothing of people's.
        return None if thing.trait == "extension" and privilege == "SELECT" else "tables"
    if kind in ("function", "procedure"):
        return _find_function_area(thing)
    if kind.startswith("default "):
        return "defaults"
    return {"schema": "schema", "large object": "large-objects", "language": "languages"}[kind]


def _find_database_area(thing: Thing, privilege: str) -> str | None:
    if thing.trait == "other":
        return OTHER_DATABASES + name_thing(thing) if privilege == "CONNECT" else None
    return {"TEMPORARY": "temporary", "CONNECT": "connect", "CREATE": "schema"}[privilege]


def _find_function_area(thing: Thing) -> str | None:
    if thing.trait == "catalog":
        name = thing.object.removeprefix("pg_catalog.").partition("(")[0]
        return next(area for area, names in CATALOG_FUNCTIONS.items() if name in names)
    if thing.trait.endswith("definer"):
        return "functions"
    return None if thing.trait == "extension" else "all-functions"


def _list_open(thing: Thing, areas: Areas) -> Iterator[tuple[str, list[Held]]]:
    """Yield what PUBLIC holds on *thing*, by area and by who gave it: only who gave it can take it back."""
    parts: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for held in thing.held:
        area = find_area(thing, held.privilege) if held.grantee == PUBLIC else None
        if area is not None and areas.has(area):
            parts[(area, held.grantor)].append(held)
    for (area, _), held in parts.items():
        yield area, held


def _close(thing: Thing, area: str, found: Sequence[Held], sharing: Sharing) -> Closure:
    privileges = [held.privilege for held in found]
    given: list[Grant] = []
    hurts: dict[str, None] = {}
    keeps: dict[str, None] = {}
    for privilege in privileges:
        share = sharing.find(thing, privilege)
        given += [make_grant(thing, privilege, name) for name in share.grantees]
        hurts |= dict.fromkeys(share.hurts)
        keeps |= dict.fromkeys(share.keeps)
    taken = tuple(make_grant(thing, privilege, PUBLIC) for privilege in privileges)
    return Closure(
        area=area,
        object=describe(thing),
        about=f"every role {note_on(thing, privileges)}",
        sql=(revoke_sql(taken),),
        grants=tuple(list_grants(given)),
        revert=(grant_sql(taken), *(revoke_sql(part) for part in group_grants(given))),
        hurts=tuple(hurts),
        keeps=tuple(keeps),
        needs="superuser" if thing.owner_is_superuser else f"owner {thing.owner}",
        owner=thing.owner,
        grantor=found[0].grantor,
        taken=taken,
        given=tuple(given),
        was_default=thing.is_default,
        object_id=thing.object_id,
        part_id=thing.part_id,
    )


def list_grants(given: Sequence[Grant]) -> Iterator[str]:
    """Yield the GRANTs: one for all privileges that the same roles get."""
    return map(grant_sql, group_grants(given))


def group_grants(given: Sequence[Grant]) -> list[list[Grant]]:
    """Return *given*, all on one object, by privileges that the same roles get."""
    grantees: dict[str, list[Grant]] = defaultdict(list)
    for grant in given:
        grantees[grant.privilege].append(grant)
    by_roles: dict[tuple[str, ...], list[Grant]] = defaultdict(list)
    for part in grantees.values():
        by_roles[tuple(grant.grantee for grant in part)] += part
    return list(by_roles.values())


def make_grant(thing: Thing, privilege: str, grantee: str) -> Grant:
    """Return *privilege* of *grantee* on *thing*."""
    return Grant(thing.object_kind, thing.object, thing.column, privilege, grantee)


def complete_closures(
    things: Sequence[Thing], sharing: Sharing, areas: Areas, records: Sequence[RecordedClosure]
) -> tuple[Closure, ...]:
    """
    Return what roles that are newer than a closure lack: in *areas* people's, everywhere pgmoat's own.

    Who of people's roles got a grant then, and has lost it since, was meant to lose it.
    """
    by_place = {thing.place: thing for thing in things}
    found: list[Closure] = []
    for record in records:
        taken = record.taken
        thing = by_place.get((taken.object_kind, taken.object, taken.column))
        is_open = thing is None or PUBLIC in {h.grantee for h in thing.held if h.privilege == taken.privilege}
        if thing is None or is_open:
            continue
        share = sharing.find(thing, taken.privilege)
        people = share.people if areas.has(record.area) else ()
        new = [*(name for name in people if name not in record.grantees), *share.own]
        if new:
            found.append(_complete(thing, record, new))
    return tuple(found)


def _complete(thing: Thing, record: RecordedClosure, new: Sequence[str]) -> Closure:
    given = tuple(record.taken._replace(grantee=name) for name in new)
    return Closure(
        area=record.area,
        object=describe(thing),
        about=f"closed earlier; {join_words(new)} lack {record.taken.privilege} on it",
        sql=(),
        grants=tuple(list_grants(given)),
        revert=tuple(revoke_sql(part) for part in group_grants(given)),
        hurts=tuple(new),
        keeps=tuple(new),
        needs="superuser" if thing.owner_is_superuser else f"owner {thing.owner}",
        owner=thing.owner,
        grantor=record.grantor,
        completes=record.taken,
        given=given,
        was_default=record.was_default,
        object_id=thing.object_id,
        part_id=thing.part_id,
    )
