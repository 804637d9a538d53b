"""
Whoever plans and applies: what it may do on this server, superuser or not.

I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MEMBERSHIPS_HAVE_OPTIONS_SINCE = 160_000
"""From 16 on a membership says what it gives, and CREATEROLE rules only over roles that it administers."""


@dataclass(frozen=True, slots=True)
class SchemaRights:
    """A people's schema, or one of pgmoat's."""

    owner: str
    is_usable: bool  # whoever applies may look up names in it
    creators: frozenset[str]  # owners of tables of this database that may create views in it


@dataclass(frozen=True, slots=True)
class Installer:
    """A role and its rights; a superuser needs none of the lists, and has them empty."""

    name: str
    server_version: int
    is_superuser: bool
    powers: frozenset[str] = frozenset()  # of CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS
    inherits: bool = True
    may_create_schemas: bool = False
    sees_passwords: bool = False
    inherited: frozenset[str] = frozenset()  # roles whose rights it has
    settable: frozenset[str] = frozenset()  # roles that it may SET ROLE to
    administered: frozenset[str] = frozenset()  # roles that it may grant, and alter if it has CREATEROLE
    superusers: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()  # settings that it may put on a role
    schemas: Mapping[str, SchemaRights] = field(default_factory=dict[str, SchemaRights])

    def acts_for(self, owner: str) -> bool:
        """Whether it has the rights of *owner* without SET ROLE."""
        return self.is_superuser or owner in self.inherited

    def may_become(self, role: str) -> bool:
        """Whether it may SET ROLE to *role*."""
        return self.is_superuser or role in self.settable

    def may_grant(self, role: str) -> bool:
        """Whether it may make others a member of *role*."""
        return self.is_superuser or role in self.administered

    def may_put(self, parameter: str) -> bool:
        """Whether it may ALTER ROLE … SET *parameter*."""
        return self.is_superuser or parameter in self.parameters

    @property
    def removable_powers(self) -> frozenset[str]:
        """Return the attributes that it may take away from a role."""
        if self.is_superuser:
            return frozenset({"SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"})
        if self.server_version < MEMBERSHIPS_HAVE_OPTIONS_SINCE:
            return frozenset({"CREATEROLE", "CREATEDB"})
        return self.powers


SUPERUSER = Installer("postgres", MEMBERSHIPS_HAVE_OPTIONS_SINCE, is_superuser=True, sees_passwords=True)
"""An installer that may do anything."""
