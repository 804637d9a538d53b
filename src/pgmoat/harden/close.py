"""
From what PUBLIC holds to the SQL that closes it, with grants for everybody who must not lose it.

In: Things, Roles, Needs. Out: Closures. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pgmoat.harden.areas import OTHER_DATABASES, Areas, sort_key
from pgmoat.harden.rights import PUBLIC, Held, Roles, Thing
from pgmoat.harden.statements import grant_sql, name_thing, revoke_sql
from pgmoat.harden.wording import describe, note_on
from pgmoat.model.closure import Closure
from pgmoat.model.objects import Grant

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

_PLAIN_FUNCTIONS = frozenset({"function", "procedure", "default functions"})
_RUN_PRIVILEGES = frozenset({"SELECT", "INSERT", "UPDATE", "USAGE", "EXECUTE"})


@dataclass(frozen=True, slots=True)
class Needs:
    """What agents and pgmoat's own roles use of what PUBLIC has."""

    used_functions: frozenset[str] = frozenset()  # by entity views, with the agent's own rights
    agents: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    runners: frozenset[str] = frozenset()  # own roles that run people's triggers and policies, and operations
    views_role: str = ""
    base_tables: frozenset[str] = frozenset()  # quoted

    def of(self, thing: Thing, privilege: str) -> frozenset[str]:
        """
        Return the roles of pgmoat's, and agents, that need *privilege* on *thing*.

        Never DELETE or TRUNCATE. The views' owner gets nothing on an entity's table: with a privilege on the
        whole of it, LOCK TABLE on the view would lock it.
        """
        if thing.object_kind == "language":
            return self.own
        if thing.trait == "catalog" or privilege not in _RUN_PRIVILEGES or thing.object_kind == "database":
            return frozenset()
        if thing.object_kind in _PLAIN_FUNCTIONS:
            agents = self.agents if thing.object in self.used_functions else frozenset[str]()
            return self.runners | agents
        if thing.object_kind in ("schema", "default schemas"):
            return self.runners
        if thing.object_kind == "table" and privilege == "SELECT" and thing.object not in self.base_tables:
            return self.runners
        return self.runners - {self.views_role}


def compile_closures(
    things: Sequence[Thing], roles: Roles, needs: Needs, areas: Areas
) -> tuple[Closure, ...]:
    """
    Return a closure for each object and area that PUBLIC holds something in, sorted by area.

    Every role that is no superuser, no agent's and none of pgmoat's gets by name what it had through PUBLIC,
    unless it inherits it from a role that holds it or gets it.
    """
    sharing = Sharing(roles, needs)
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


@dataclass(frozen=True, slots=True)
class Share:
    """Who is to get a privilege by name when PUBLIC loses it."""

    grantees: tuple[str, ...]
    hurts: tuple[str, ...]  # people's roles that lose the way, or keep it by grants only
    keeps: tuple[str, ...]  # those of them that keep it


class Sharing:
    """The rule by which it is shared out; worked out once for each set of roles that hold it already."""

    def __init__(self, roles: Roles, needs: Needs) -> None:
        self._roles = roles
        self._needs = needs
        self._present = {role.name for role in roles.roles}
        self._known: dict[frozenset[str], Share] = {}

    def find(self, thing: Thing, privilege: str) -> Share:
        """Return who gets *privilege* on *thing*: people's roles, and what agents and pgmoat need."""
        holders = thing.holders(privilege)
        if thing.object_kind.startswith("default "):
            holders |= {thing.owner}  # it will own what is made later
        share = self._known.get(holders)
        if share is None:
            share = self._known[holders] = self._divide(holders)
        own = sorted((self._needs.of(thing, privilege) & self._present) - holders)
        return replace(share, grantees=(*share.grantees, *own)) if own else share

    def _divide(self, holders: frozenset[str]) -> Share:
        ancestors, shared = self._roles.ancestors, self._roles.reached_by_agents
        hurt = [
            name for name in self._roles.people if name not in holders and ancestors[name].isdisjoint(holders)
        ]
        able = {name for name in hurt if name not in shared}
        # Whoever inherits from a role that gets it needs no grant of its own.
        grantees = tuple(name for name in hurt if name in able and ancestors[name].isdisjoint(able))
        return Share(grantees, tuple(hurt), tuple(name for name in hurt if name in able))


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
