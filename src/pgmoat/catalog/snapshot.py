"""
The database as it is: people's tables, roles, grants, and what pgmoat made.

In: rows (from :mod:`pgmoat.catalog.read`). Out: frozen data. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgmoat.model.installer import SUPERUSER, Installer


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a people's table."""

    name: str
    type_name: str  # format_type(), schema-qualified when outside pg_catalog
    type_category: str  # pg_type.typcategory of the base type: N, S, B, E, D...
    base_type_name: str  # pg_type.typname under all domains: int4, text, bpchar...
    max_length: int | None  # of varchar(n) and char(n)
    enum_labels: tuple[str, ...]
    not_null: bool
    default: str | None  # pg_get_expr() with only pg_catalog on the search_path
    default_is_portable: bool  # uses pg_catalog functions only, no sequence: an agent may evaluate it
    identity: str  # '', 'a' (always) or 'd' (by default)
    generated: bool
    sequence: str | None  # quoted, qualified sequence behind nextval() or identity
    comment: str | None


@dataclass(frozen=True, slots=True)
class UniqueIndex:
    """A unique index or constraint; partial ones carry their predicate."""

    name: str
    columns: tuple[str, ...]
    is_primary: bool
    is_constraint: bool
    predicate: str | None


@dataclass(frozen=True, slots=True)
class ForeignKeyChild:
    """Another table's foreign key that points here."""

    table: str  # schema.table of the child
    constraint: str
    on_delete: str  # a no action, r restrict, c cascade, n set null, d set default


@dataclass(frozen=True, slots=True)
class TableTrigger:
    """A trigger of people's own on a base table."""

    name: str
    function: str
    security_definer: bool
    touches: tuple[str, ...] = ()  # what its text does to other relations: INSERT on schema.table


@dataclass(frozen=True, slots=True)
class TablePolicy:
    """A row security policy of people's own."""

    name: str
    is_permissive: bool
    command: str  # r SELECT, a INSERT, w UPDATE, d DELETE, * all
    roles: tuple[str, ...]  # PUBLIC, or names
    reads_settings: bool  # in doubt true: any session can change a setting
    comment: str | None = None

    def applies_to(self, role: str, command: str) -> bool:
        """Whether PostgreSQL asks it when *role* does *command* (r, a, w, d)."""
        return self.command in ("*", command) and not {"PUBLIC", role}.isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class Table:
    """A people's table (or partitioned table, view, foreign table)."""

    schema: str
    name: str
    kind: str  # pg_class.relkind
    owner: str
    row_security: bool
    estimated_rows: int
    columns: tuple[Column, ...]
    unique_indexes: tuple[UniqueIndex, ...]
    indexed_columns: tuple[str, ...]  # leading columns of valid btree indexes without predicate
    children: tuple[ForeignKeyChild, ...]
    triggers: tuple[TableTrigger, ...]
    comment: str | None
    has_inheritors: bool = False  # plain tables INHERIT from this one: its indexes do not cover their rows
    rules: tuple[str, ...] = ()  # names of people's rewrite rules
    row_policies: tuple[TablePolicy, ...] = ()  # people's own; pgmoat's is left out

    @property
    def qualified_name(self) -> str:
        """``schema.table``, as the policy writes it."""
        return f"{self.schema}.{self.name}"

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Names of the primary key's columns; empty without one."""
        return next((index.columns for index in self.unique_indexes if index.is_primary), ())

    def column(self, name: str) -> Column | None:
        """Return the named column, or None."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to a people's object that needs no grant to the agent itself."""

    object: str  # schema.table, schema.table.column, schema.function(argument types), schema, role, oid
    # table, column, sequence, function, schema-create, database-create, large-object, membership(-chain)
    kind: str
    privilege: (
        str  # SELECT, INSERT, EXECUTE...; of a membership ADMIN, INHERIT, SET; of a chain its first role
    )
    path: str  # PUBLIC, or the agent's role that is a member


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """Codes that occur in a column with a value map, as text, with their number of rows."""

    counts: Mapping[str, int]  # -1: the code occurs, its rows were not counted
    sampled: bool  # True: codes from planner statistics, rare ones may lack; a full count took too long
    estimated: bool = False  # True: the numbers of rows are estimates


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as PostgreSQL prints it."""

    name: str  # format_type(), schema-qualified when outside pg_catalog
    schema: str
    kind: str  # pg_type.typtype: b, c, d, e, m, p, r


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that thinking about a policy needs to know of one database."""

    server_version: int  # server_version_num
    database: str
    max_connections: int
    reserved_connections: int  # superuser_reserved_connections + reserved_connections
    tables: Mapping[str, Table]  # by qualified name; pgmoat's own schemas left out
    codes: Mapping[tuple[str, str], CodeCounts] = field(default_factory=dict[tuple[str, str], CodeCounts])
    reach: tuple[Reach, ...] = ()
    installer: Installer = SUPERUSER  # who reads, and would apply
    types: Mapping[str, TypeName] = field(default_factory=dict[str, TypeName])  # by the policy's text
    taken_functions: frozenset[str] = frozenset()  # operations' names that pg_catalog has as functions
