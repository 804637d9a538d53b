"""
Who gets by name what PUBLIC loses: people's roles, and what agents and pgmoat's own roles need.

In: Roles, Needs. Out: Shares. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgmoat.harden.rights import Roles, Thing
from pgmoat.model.objects import Grant

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


@dataclass(frozen=True, slots=True)
class Share:
    """Who is to get a privilege by name when PUBLIC loses it."""

    people: tuple[str, ...]  # roles of people's
    own: tuple[str, ...]  # agents and pgmoat's own roles, for what the policy has them do
    hurts: tuple[str, ...]  # people's roles that lose the way, or keep it by grants only
    keeps: tuple[str, ...]  # those of them that keep it

    @property
    def grantees(self) -> tuple[str, ...]:
        """Everybody who is to get it."""
        return (*self.people, *self.own)


class Sharing:
    """The rule by which it is shared out; worked out once for each set of roles that hold it already."""

    def __init__(self, roles: Roles, needs: Needs, wanted: Iterable[Grant] = ()) -> None:
        self._roles = roles
        self._needs = needs
        self._wanted: dict[Grant, set[str]] = defaultdict(set)  # what apply gives anyway
        for grant in wanted:
            self._wanted[grant._replace(grantee="")].add(grant.grantee)
        self._known: dict[frozenset[str], Share] = {}

    def find(self, thing: Thing, privilege: str) -> Share:
        """Return who gets *privilege* on *thing*: people's roles, and what agents and pgmoat need."""
        wanted = self._wanted.get(Grant(thing.object_kind, thing.object, thing.column, privilege, ""))
        holders = thing.holders(privilege).union(wanted or ())
        if thing.object_kind.startswith("default "):
            holders |= {thing.owner}  # it will own what is made later
        share = self._known.get(holders)
        if share is None:
            share = self._known[holders] = self._divide(holders)
        own = sorted(self._needs.of(thing, privilege) - holders)
        return replace(share, own=tuple(own)) if own else share

    def _divide(self, holders: frozenset[str]) -> Share:
        ancestors, shared = self._roles.ancestors, self._roles.reached_by_agents
        hurt = [
            name for name in self._roles.people if name not in holders and ancestors[name].isdisjoint(holders)
        ]
        able = {name for name in hurt if name not in shared}
        # Whoever inherits from a role that gets it needs no grant of its own.
        people = tuple(name for name in hurt if name in able and ancestors[name].isdisjoint(able))
        return Share(people, (), tuple(hurt), tuple(name for name in hurt if name in able))
