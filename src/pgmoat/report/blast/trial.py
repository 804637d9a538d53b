"""
What a role is tried on, and what came of it.

In: rows (from :mod:`pgmoat.report.blast.read_scene`). Out: frozen data. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Key(NamedTuple):
    """One thing that a role may do or not."""

    kind: str  # relation, function, schema, database, language, role, parameter, attribute…
    thing: int | str  # its oid; the name of a role or parameter; empty for an attribute
    action: str  # SELECT, EXECUTE, SET ROLE…
    column: str = ""  # of a relation; empty: not about columns


@dataclass(frozen=True, slots=True)
class RelationToTry:
    """A table, view, sequence and the like."""

    oid: int
    schema_oid: int
    schema: str
    name: str
    kind: str  # pg_class.relkind
    is_system: bool
    is_remote: bool  # planning a query over it may call another server
    columns: tuple[str, ...]

    @property
    def qualified_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class RoutineToTry:
    """A function, procedure or aggregate."""

    oid: int
    schema_oid: int
    schema: str
    name: str
    signature: str
    kind: str  # pg_proc.prokind; o: an ordered-set aggregate
    is_system: bool
    is_variadic: bool
    is_immutable: bool
    only_fires: bool  # a trigger function with the rights of whoever fires it: nobody calls it
    types: tuple[
        str | None, ...
    ]  # of what it is called with, as SQL takes them; None: there is no such value
    type_schemas: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ThingToTry:
    """A schema, database, role, parameter and the like."""

    kind: str
    oid: int
    name: str
    is_system: bool

    @property
    def identity(self) -> int | str:
        """What tells it apart in a Key: what lives longer than a name goes by oid."""
        return self.name if self.kind in ("role", "parameter") else self.oid


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything in a database that a role could reach, whatever its privileges are."""

    database: str
    server_version: int
    relations: Mapping[int, RelationToTry]
    routines: Mapping[int, RoutineToTry]
    things: tuple[ThingToTry, ...]
    watches_ddl: bool  # an event trigger of people's runs at every CREATE, tried or not
    watches_always: bool = False  # one that no setting of a session turns off
    public: frozenset[Key] = frozenset()  # what PostgreSQL gives every role as it is installed


class Mode(StrEnum):
    """What a probe needs around it; it is rolled back in any case."""

    READ_ONLY = "read only"
    READ_WRITE = "read write"  # a command that PostgreSQL refuses to begin in a transaction that only reads
    ALONE = "alone"  # one that cannot be in a transaction


@dataclass(frozen=True, slots=True)
class Probe:
    """
    A statement that the role's privileges decide about, and that has no effect whatever they are.

    It is refused with SQLSTATE 42501, or it gets as far as the first thing that is wrong with it otherwise.
    """

    sql: str
    passes: frozenset[str] = frozenset()  # SQLSTATEs of an error that comes after the check
    mode: Mode = Mode.READ_ONLY
    is_question: bool = False  # it succeeds in any case, and answers true or false
    plans: bool = False  # the planner sees what people made, and may run their code


@dataclass(frozen=True, slots=True)
class Attempt:
    """Keys that one probe decides about."""

    keys: tuple[Key, ...]
    probe: Probe
    is_any: bool = False  # passes if one of the keys does, and proves nothing about each; otherwise if all do


class How(StrEnum):
    """How a fact is known."""

    TRIED = "tried"  # the role did it, as far as the check
    ASKED = "asked"  # PostgreSQL was asked, by the role, with has_table_privilege and the like
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """Whether a role may do something, as the server decides."""

    is_allowed: bool | None  # None: it could not be found out
    how: How
    why: str = ""  # what PostgreSQL said; why it was not tried


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the session is: the role, or one that it becomes by SET ROLE."""

    role: str  # that it is in the end
    grants: tuple[str, ...] = ()  # roles that it must first grant itself
    is_login: bool = True  # the role that is asked about

    @property
    def text(self) -> str:
        """As a person reads it."""
        return "" if self.is_login else f"after SET ROLE {self.role}"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was found out about one identity."""

    identity: Identity
    facts: Mapping[Key, Fact] = field(default_factory=dict[Key, Fact])
    is_superuser: bool = False
    is_complete: bool = True  # everything was tried, not only what is claimed
    note: str = ""  # why PostgreSQL was not asked
