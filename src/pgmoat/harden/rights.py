"""
Objects with who holds what on them, and the server's roles.

In: rows (from :mod:`pgmoat.harden.read`). Out: frozen data. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

PUBLIC = "PUBLIC"


@dataclass(frozen=True, slots=True)
class Held:
    """One entry of an ACL."""

    privilege: str
    grantee: str  # role, or PUBLIC
    grantor: str  # "" for the object's owner
    is_grantable: bool


@dataclass(frozen=True, slots=True)
class Thing:
    """An object, or a column, that has an ACL, or a default one."""

    object_kind: str  # as in Grant
    object: str  # as SQL takes it
    column: str | None
    owner: str
    owner_is_superuser: bool
    trait: str  # catalog, definer, extension, extension definer, other; ""
    is_default: bool  # it has no ACL of its own
    held: tuple[Held, ...]
    object_id: int = 0  # OID; of default privileges the role's
    part_id: int = 0  # number of the column, or OID of the schema of default privileges

    @property
    def place(self) -> tuple[str, str, str | None]:
        """What tells it from all others."""
        return (self.object_kind, self.object, self.column)

    def holders(self, privilege: str) -> frozenset[str]:
        """Return the roles that hold *privilege* by name."""
        return frozenset(held.grantee for held in self.held if held.privilege == privilege) - {PUBLIC}


@dataclass(frozen=True, slots=True)
class ServerRole:
    """A role, as far as a grant to it or to others matters."""

    name: str
    is_superuser: bool
    is_marked: bool  # pgmoat's own or an agent's, maybe of another database
    member_of: tuple[str, ...]  # it has their rights, may take them on, or may grant them
    inherits: tuple[str, ...]  # those of *member_of* whose rights it has without SET ROLE


@dataclass(frozen=True)
class Roles:
    """The server's roles, and what each of them is to a hardening."""

    roles: tuple[ServerRole, ...]
    agents: frozenset[str]  # must lose what PUBLIC has
    own: frozenset[str] = frozenset()  # pgmoat's own: get what they need, see close.py
    _by_name: dict[str, ServerRole] = field(
        init=False, repr=False, compare=False, default_factory=dict[str, ServerRole]
    )

    def __post_init__(self) -> None:
        self._by_name.update({role.name: role for role in self.roles})

    @cached_property
    def superusers(self) -> frozenset[str]:
        """Roles that no ACL keeps out."""
        return frozenset(role.name for role in self.roles if role.is_superuser)

    @cached_property
    def reached_by_agents(self) -> frozenset[str]:
        """Roles that an agent is a member of, however far: what they hold, it holds."""
        return self._close(self.agents, lambda role: role.member_of) - self.agents

    @cached_property
    def people(self) -> tuple[str, ...]:
        """All others: roles that must not lose anything."""
        return tuple(
            role.name
            for role in self.roles
            if not (role.is_superuser or role.is_marked or role.name in self.agents or role.name in self.own)
        )

    @cached_property
    def ancestors(self) -> dict[str, frozenset[str]]:
        """Per role, the roles whose rights it has by inheritance, however far."""
        return {
            role.name: self._close({role.name}, lambda found: found.inherits) - {role.name}
            for role in self.roles
        }

    def _close(self, seeds: Iterable[str], follow: Callable[[ServerRole], tuple[str, ...]]) -> frozenset[str]:
        closed, todo = set(seeds), list(seeds)
        while todo:
            role = self._by_name.get(todo.pop())
            for name in follow(role) if role else ():
                if name not in closed:
                    closed.add(name)
                    todo.append(name)
        return frozenset(closed)
