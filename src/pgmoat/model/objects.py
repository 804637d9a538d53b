"""
What pgmoat makes in a database: one shape for what is wanted and for what is actual.

I/O: none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pgmoat.model.names import ROW_POLICY


class Kind(StrEnum):
    """Kinds of things that a plan lists."""

    ROLE = "role"
    SCHEMA = "schema"
    MIGRATION = "migration"
    TABLE = "table"
    FUNCTION = "function"
    VIEW = "view"
    TRIGGER = "trigger"
    COLUMN = "column"
    ROW = "row"
    GRANT = "grant"
    MEMBERSHIP = "membership"
    POLICY = "policy"
    CLOSURE = "closure"
    OTHER = "other"  # types, sequences…: pgmoat makes none of its own, but finds those of others


ObjectKey = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Role:
    """A role: attributes that pgmoat leaves out (SUPERUSER, CREATEDB…) are always wanted false."""

    name: str
    is_agent: bool
    login: bool = False
    connection_limit: int = -1
    settings: tuple[tuple[str, str], ...] = ()  # ALTER ROLE … SET, sorted by name
    accepted_memberships: tuple[str, ...] = ()  # roles that it may stay a member of
    memberships: tuple[str, ...] = ()  # roles that it must be a member of
    comment: str = ""


class Grant(NamedTuple):
    """
    One privilege of one grantee on one object, or on one column of it.

    A tuple, because there are tens of thousands, and sets of them are compared.
    """

    object_kind: str  # lower-case words as in GRANT … ON: table, sequence, schema, function, large object…
    object: str  # as SQL takes it, quoted: "public"."orders", pgmoat.gate(text)
    column: str | None  # bare name; None: the whole object
    privilege: str  # SELECT, INSERT, UPDATE, USAGE, EXECUTE, CONNECT
    grantee: str  # bare role name, or PUBLIC


@dataclass(frozen=True, slots=True)
class Definition:
    """
    A schema, function, view, value map or trigger, by the SQL that makes it.

    *create* assumes that the object is absent unless *replaces* is set (CREATE OR REPLACE); *drop* takes it
    away.
    *depends_on* names definitions that cannot be dropped and made again without this one going first.
    """

    kind: Kind
    name: str  # schema.name, functions with argument types: pgmoat.gate(text)
    owner: str  # role that runs *create*; "" for whoever applies
    create: tuple[str, ...]
    drop: tuple[str, ...]
    replaces: bool = False
    depends_on: tuple[ObjectKey, ...] = ()

    @property
    def key(self) -> ObjectKey:
        """Kind and name."""
        return (self.kind, self.name)

    @property
    def wanted_hash(self) -> str:
        """Hash of everything that makes the object what it is."""
        return hashlib.sha256("\x00".join((self.owner, *self.create)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Check:
    """SQL that fails when something compiled would fail later; it changes nothing."""

    what: str  # operation refund_order, statement 2
    role: str  # as whom
    search_path: str
    sql: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered change of pgmoat's own tables, run once as the owner role."""

    number: int
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class DataTable:
    """
    A table of the system schema that holds what nobody can make again: apply makes it and never drops it.

    In the manifest it stands like a table of a migration; *shape* is what must not change while it is there.
    """

    name: str  # schema.name
    create: tuple[str, ...]  # run by whoever applies
    shape: str

    @property
    def key(self) -> ObjectKey:
        """Kind and name."""
        return (Kind.TABLE, self.name)


@dataclass(frozen=True, slots=True)
class AddedColumn:
    """A soft-delete column for a people's table: added in a transaction of its own, not dropped by apply."""

    table: str  # schema.table, bare, as in the catalog
    table_sql: str  # the same, quoted for SQL
    column: str
    type_name: str

    @property
    def name(self) -> str:
        """``schema.table.column``."""
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """A policy that lets pgmoat's own roles through a people's table's row security."""

    table: str  # schema.table, bare, as in the catalog
    table_sql: str  # the same, quoted for SQL
    roles: tuple[str, ...]  # sorted

    @property
    def name(self) -> str:
        """``schema.table.policy``."""
        return f"{self.table}.{ROW_POLICY}"


@dataclass(frozen=True, slots=True)
class ActualRowPolicy:
    """A policy of that name as PostgreSQL has it."""

    policy: RowPolicy
    is_ours: bool  # by its comment
    is_intact: bool  # it lets its roles do everything


@dataclass(frozen=True, slots=True)
class Row:
    """A row of pgmoat.agent or pgmoat.entity that mirrors the policy; its key column is ``name``."""

    table: str  # agent, entity
    name: str
    values: Mapping[
        str, str | int | tuple[str, ...] | None
    ]  # wanted columns apart from name; others are left alone


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that a policy compiles to, each part in the order in which it is made."""

    roles: tuple[Role, ...] = ()
    migrations: tuple[Migration, ...] = ()
    definitions: tuple[Definition, ...] = ()
    columns: tuple[AddedColumn, ...] = ()
    data_tables: tuple[DataTable, ...] = ()
    row_policies: tuple[RowPolicy, ...] = ()
    rows: tuple[Row, ...] = ()
    grants: frozenset[Grant] = frozenset()
    checks: tuple[Check, ...] = ()
    owner_role: str = ""
    own_schemas: tuple[str, ...] = ()  # in these everything is pgmoat's, grants included


@dataclass(frozen=True, slots=True, order=True)
class Membership:
    """A role that one of ours is a member of, and who granted it ("" before PostgreSQL 16)."""

    role: str
    grantor: str


@dataclass(frozen=True, slots=True)
class ActualRole:
    """A role as PostgreSQL has it; ``role.is_agent`` is not known to PostgreSQL and always false."""

    role: Role
    powers: tuple[str, ...] = ()  # of SUPERUSER, CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS: those it has
    member_of: tuple[Membership, ...] = ()
    password_verifier: str | None = None  # only a superuser sees it
    is_password_visible: bool = False  # False: the verifier is unknown, not absent
    database_settings: tuple[tuple[str, str], ...] = ()  # ALTER ROLE … IN DATABASE (this one) SET


@dataclass(frozen=True, slots=True)
class ActualObject:
    """A schema, relation, function or trigger as PostgreSQL has it."""

    hash: str  # of what PostgreSQL reports; a system table's owner is not part of it
    owner: str
    sql: str  # as DROP takes it, quoted; the same text as Grant.object
    schema: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What pgmoat.object says of something that apply made; without a *wanted_hash*, by a migration."""

    wanted_hash: str | None
    actual_hash: str | None
    detail: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class RecordedClosure:
    """A row of pgmoat.closure: what a hardening took from PUBLIC, and who got it by name instead."""

    area: str
    taken: Grant
    grantor: str  # role that had given it to PUBLIC; "" for the object's owner
    grantees: tuple[str, ...]
    was_default: bool  # PUBLIC had it because the object had no ACL
    object_id: int = 0  # OID of the object, or of the role of default privileges
    part_id: int = 0  # number of the column, or OID of the schema of default privileges
    known_as: tuple[str, str] | None = None  # object and column as they were recorded, before a rename
    is_traced: bool = False  # the OIDs hold in this database: what is not found is gone, not renamed

    @property
    def given(self) -> frozenset[Grant]:
        """The grants that were made for it."""
        return frozenset(self.taken._replace(grantee=name) for name in self.grantees)


@dataclass(frozen=True, slots=True)
class Actual:
    """What is in the database now, as far as pgmoat is concerned."""

    is_installed: bool  # schema pgmoat exists, with its tables
    database: str = ""
    roles: Mapping[str, ActualRole] = field(default_factory=dict[str, ActualRole])
    migrations: frozenset[int] = frozenset()
    objects: Mapping[ObjectKey, ActualObject] = field(default_factory=dict[ObjectKey, ActualObject])
    recorded: Mapping[ObjectKey, Recorded] = field(default_factory=dict[ObjectKey, Recorded])
    columns: frozenset[str] = frozenset()  # schema.table.column: those of wanted or added columns that exist
    added_columns: tuple[AddedColumn, ...] = ()  # those that carry pgmoat's comment
    row_policies: tuple[ActualRowPolicy, ...] = ()
    rows: tuple[Row, ...] = ()
    grants: frozenset[Grant] = frozenset()
    grant_options: frozenset[Grant] = frozenset()  # those of *grants* that were given WITH GRANT OPTION
    # Who gave a grant, "" for the object's owner; only of those that somebody else gave too.
    grantors: Mapping[Grant, tuple[str, ...]] = field(default_factory=dict[Grant, tuple[str, ...]])
    password_verifiers: Mapping[str, str] = field(default_factory=dict[str, str])  # recorded ones, by role
    hard_frozen: frozenset[str] = frozenset()  # agents' roles that are NOLOGIN on purpose
    closures: tuple[RecordedClosure, ...] = ()  # what a hardening did
