"""
The privileges of a database as the catalogs have them, before anybody thinks about them.

In: rows (from :mod:`pgmoat.report.blast.read`). Out: frozen data. I/O: none.

Roles and objects go by oid, and PUBLIC is role 0: a role may be called anything, "PUBLIC" too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PUBLIC = 0
"""The oid that stands for every role."""

NO_COLUMN = 0
"""The number of a privilege on a whole object."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where we are, and who looks."""

    server_version: int  # server_version_num
    database: str
    database_owner: int
    reader: str
    is_superuser: bool  # the reader is
    is_installed: bool  # pgmoat is
    is_manifest_readable: bool
    is_hba_readable: bool


@dataclass(frozen=True, slots=True)
class RoleFact:
    """A role."""

    oid: int
    name: str
    is_superuser: bool = False
    inherits: bool = True
    creates_roles: bool = False
    creates_databases: bool = False
    can_login: bool = False
    replicates: bool = False
    bypasses_row_security: bool = False
    connection_limit: int = -1
    valid_until: str = ""
    settings: tuple[str, ...] = ()  # name=value, those for this database last


@dataclass(frozen=True, slots=True)
class MembershipFact:
    """*member* is a member of *role*."""

    role: int
    member: int
    grantor: int = 0
    is_admin: bool = False
    inherits: bool = True
    may_set: bool = True


@dataclass(frozen=True, slots=True)
class GrantFact:
    """A privilege on an object, or on one column of it."""

    kind: str  # relation, function, or the kind of an ObjectFact
    object: int
    grantee: int
    privilege: str
    number: int = NO_COLUMN
    grantor: int = 0
    is_grantable: bool = False
    is_default: bool = False  # PostgreSQL gives it by itself


@dataclass(frozen=True, slots=True)
class RelationFact:
    """A table, view, sequence and the like."""

    oid: int
    schema: int
    name: str
    kind: str  # pg_class.relkind
    owner: int
    has_row_security: bool = False
    forces_row_security: bool = False
    rows: int | None = None  # PostgreSQL's estimate; None: never counted
    is_partition: bool = False
    is_invoker: bool = False  # a view that reads with the rights of whoever asks
    writes: int = 0  # of a view: 4 UPDATE, 8 INSERT, 16 DELETE reach its base relation
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionFact:
    """A function or procedure."""

    oid: int
    schema: int
    name: str
    arguments: str
    sql: str  # as REVOKE … ON FUNCTION takes it
    owner: int
    kind: str = "f"  # pg_proc.prokind
    is_definer: bool = False
    language: str = "sql"
    is_trusted: bool = True
    settings: tuple[str, ...] = ()
    has_sql_body: bool = False
    source: str = ""
    fires_as: str = ""  # trigger, event_trigger
    definition: str = ""  # CREATE FUNCTION…, of those whose text matters
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectFact:
    """Anything else that has an owner."""

    kind: str  # schema, database, language, foreign server, …
    oid: int
    name: str
    owner: int
    schema: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RewriteFact:
    """One thing that a rule of a relation names; a view is a rule for SELECT."""

    relation: int
    rule: str
    event: str  # 1 SELECT, 2 UPDATE, 3 INSERT, 4 DELETE
    is_instead: bool
    is_enabled: bool
    names: str  # relation, function
    object: int
    number: int  # column, 0: the whole relation
    definition: str = ""


@dataclass(frozen=True, slots=True)
class TriggerFact:
    """A trigger that is not disabled."""

    relation: int
    name: str
    function: int
    events: int  # 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE
    is_instead: bool = False


@dataclass(frozen=True, slots=True)
class CascadeFact:
    """A foreign key that changes or deletes rows of *child* when rows of *parent* change or go."""

    child: int
    parent: int
    name: str
    on_delete: str  # DELETE, UPDATE; empty: nothing is done
    on_update: str


@dataclass(frozen=True, slots=True)
class SecretFact:
    """A view that shows a catalog which only superusers read: PostgreSQL notes no dependency of it."""

    relation: int
    catalogs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """A row security policy."""

    relation: int
    name: str
    is_permissive: bool
    command: str  # r a w d *
    roles: tuple[int, ...]
    reads: str
    checks: str = ""


@dataclass(frozen=True, slots=True)
class DefaultFact:
    """What a creator's future objects will grant."""

    creator: int
    schema: int  # 0: in every schema
    kind: str  # tables, sequences, functions, types, schemas, large objects
    grantee: int
    privilege: str
    is_grantable: bool = False


@dataclass(frozen=True, slots=True)
class MappingFact:
    """A user mapping."""

    server: int
    role: int
    has_password: bool | None  # None: the reader may not see its options


@dataclass(frozen=True, slots=True)
class HbaFact:
    """A line of pg_hba.conf."""

    line: int
    type: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    address: str
    netmask: str
    method: str


@dataclass(frozen=True, slots=True)
class SettingFact:
    """A setting as sessions begin with it."""

    name: str
    value: str
    context: str  # user, superuser, …


@dataclass(frozen=True, slots=True)
class AgentFact:
    """An agent of the policy in force."""

    name: str
    role: str
    rows_per_statement: int
    writes_per_task: int
    writes_per_hour: int
    bytes_per_task: int
    task_duration_ms: int
    tasks_per_hour: int
    task_mode: str
    requires_watchdog: bool = False
    is_frozen: bool = False


ManifestGrant = tuple[str, str, str, str | None, str]
"""Kind, object as SQL takes it, privilege, column or None, grantee's name: what apply granted."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What pgmoat says that it made."""

    grants: frozenset[ManifestGrant] = frozenset()
    roles: frozenset[str] = frozenset()
    objects: frozenset[tuple[str, str]] = frozenset()  # (kind, name): views, functions, triggers, schemas


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the thinking needs to know of one database."""

    server: Server
    roles: Mapping[int, RoleFact]
    memberships: tuple[MembershipFact, ...] = ()
    grants: tuple[GrantFact, ...] = ()
    relations: Mapping[int, RelationFact] = field(default_factory=dict[int, RelationFact])
    columns: Mapping[int, Mapping[int, str]] = field(default_factory=dict[int, Mapping[int, str]])
    functions: Mapping[int, FunctionFact] = field(default_factory=dict[int, FunctionFact])
    objects: tuple[ObjectFact, ...] = ()
    rewrites: tuple[RewriteFact, ...] = ()
    triggers: tuple[TriggerFact, ...] = ()
    cascades: tuple[CascadeFact, ...] = ()
    children: tuple[tuple[int, int], ...] = ()  # child, parent
    callers: tuple[tuple[int, int], ...] = ()  # relation, SECURITY DEFINER function that it calls by itself
    secrets: tuple[SecretFact, ...] = ()
    policies: tuple[PolicyFact, ...] = ()
    defaults: tuple[DefaultFact, ...] = ()
    mappings: tuple[MappingFact, ...] = ()
    settings: tuple[SettingFact, ...] = ()
    database_settings: tuple[str, ...] = ()
    hba: tuple[HbaFact, ...] | None = None  # None: the reader may not see it
    manifest: Manifest | None = None  # None: not installed, or the reader may not see it
    agents: tuple[AgentFact, ...] | None = None
    entities: Mapping[str, str] = field(default_factory=dict[str, str])  # name to base table
    notes: tuple[str, ...] = ()  # what could not be read, and why
