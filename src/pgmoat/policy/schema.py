"""
The policy file's shape: what may stand in ``moat.yaml`` and what it means.

In: plain data (from :mod:`pgmoat.policy.load`). Out: frozen models. I/O: none.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from pgmoat.model.names import SystemRoles
from pgmoat.policy.bounds import (
    ApprovalPolicy,
    GuardPolicy,
    Limits,
    OperationApproval,
    PoolPolicy,
    Timeouts,
)
from pgmoat.policy.fields import (
    IDENTIFIER_PATTERN,
    Affects,
    AgentName,
    AgentVersion,
    ColumnList,
    ColumnName,
    Expiry,
    Identifier,
    Milliseconds,
    Model,
    OperationName,
    RolePrefix,
    TableName,
    as_list,
    codes_as_text,
    expand_approval,
    expand_delete,
    expand_parameter,
)
from pgmoat.policy.rows import RowRules, parse_rows


class ColumnPolicy(Model):
    """One base column as agents see it."""

    name: Identifier | None = Field(None, description="Name in the entity; the base name when left out.")
    doc: str = Field("", description="Docstring: becomes the column's comment.")
    values: Annotated[dict[str, str], BeforeValidator(codes_as_text)] = Field(
        default_factory=dict, description="Value map: stored code to the word that agents read and write."
    )
    unmapped: Literal["error", "allow"] = Field(
        "error",
        description="Codes in the data that `values` lacks: block the plan, or let them read as NULL.",
    )
    references: Identifier | None = Field(None, description="Entity that this column points to.")


DeleteMode = Literal["soft", "forbid"]


class DeletePolicy(Model):
    """What DELETE on the entity does. A hard delete is never possible."""

    mode: DeleteMode = Field("forbid", description="soft: mark the row; forbid: refuse.")
    reason: Literal["optional", "required"] = Field(
        "optional", description="required: a DELETE without a reason from enter() is refused."
    )
    deleted_at: ColumnName = Field(
        "deleted_at", description="Base column (timestamptz) that marks a deleted row."
    )
    deleted_by: ColumnName = Field("deleted_by", description="Base column (text): agent:<name>-<version>.")
    delete_reason: ColumnName = Field("delete_reason", description="Base column (text): why.")


class LogPolicy(Model):
    """An append-only event log of an entity's state: agents INSERT into it and nothing else."""

    name: Annotated[str, Field(pattern=IDENTIFIER_PATTERN, max_length=50)] = Field(
        description="Name of the log, granted to agents like an entity."
    )
    doc: str = Field("", description="Docstring: becomes the log's comment.")
    state: Identifier = Field(description="Entity column that holds the state.")
    transitions: dict[str, list[str]] = Field(
        min_length=1, description="State to the states that may follow it."
    )
    follow: bool = Field(True, description="Whether the base table's state follows in the same transaction.")
    key: list[Identifier] = Field(
        default_factory=list[str],
        description="Names of the entity's key columns in the log; by default the same, `id` as <entity>_id.",
    )
    idempotency: Literal["required", "optional"] = Field(
        "required", description="required: an INSERT without idempotency_key is refused."
    )
    undo: bool = Field(True, description="Whether the last step may be undone, as a new event.")


class EntityPolicy(Model):
    """A table as agents see it: a view with legible names, decoded values and docs."""

    table: TableName = Field(description="The base table, as schema.table.")
    doc: str = Field("", description="Docstring: becomes the view's comment.")
    key: list[ColumnName] = Field(
        default_factory=list[str],
        description="Base columns that identify a row; the primary key when left out.",
    )
    columns: dict[ColumnName, ColumnPolicy | None] = Field(
        min_length=1, description="Base column to its policy. A column that is not listed is hidden."
    )
    delete: Annotated[
        DeletePolicy,
        BeforeValidator(expand_delete, json_schema_input_type=DeleteMode | DeletePolicy),
    ] = Field(
        default_factory=lambda: DeletePolicy.model_validate({}), description="soft, forbid, or a mapping."
    )
    rows: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        None,
        description="Rows that a task reaches: `column = task.key`, `column in entity`, with `and`; or all.",
    )
    rows_first: bool = Field(
        True,
        description="Find the rows in scope before an agent's own conditions look at any row;"
        " false: conditions may use their indexes, and EXPLAIN tells of hidden rows.",
    )
    tell_hidden: list[Literal["deleted", "out_of_scope"]] = Field(
        default_factory=list[Literal["deleted", "out_of_scope"]],
        description="Of which rows that an agent does not see it may be told that there are some.",
    )
    log: LogPolicy | None = Field(None, description="An append-only event log of the entity's state.")
    people_view: TableName | None = Field(
        None, description="A view to make for people (schema.name) that hides soft-deleted rows."
    )

    def column(self, base_name: str) -> ColumnPolicy:
        """Return the policy of a listed column, ``{}`` filled in for an empty entry."""
        return self.columns[base_name] or ColumnPolicy.model_validate({})

    def entity_name(self, base_name: str) -> str:
        """Return the name under which agents see a listed base column."""
        return self.column(base_name).name or base_name

    @property
    def entity_columns(self) -> dict[str, str]:
        """Base name to entity name, in the order of the file."""
        return {base_name: self.entity_name(base_name) for base_name in self.columns}

    @property
    def managed_columns(self) -> tuple[str, ...]:
        """Base columns that pgmoat itself writes when a row is soft-deleted; none if it cannot be."""
        if self.delete.mode != "soft":
            return ()
        return (self.delete.deleted_at, self.delete.deleted_by, self.delete.delete_reason)

    @property
    def row_rules(self) -> RowRules | None:
        """
        What ``rows`` says, None without it.

        Raises:
            RowsSyntaxError: it says nothing that can be read; that of a loaded policy can be.
        """
        return None if self.rows is None else parse_rows(self.rows)

    @property
    def is_scoped(self) -> bool:
        """Whether a task reaches only some rows; those of a loaded policy."""
        rules = self.row_rules
        return rules is not None and not rules.is_all

    def base_name(self, name: str) -> str:
        """Return the base column of an entity column's *name*; another name is a hidden base column's."""
        return next((base for base, shown in self.entity_columns.items() if shown == name), name)

    def resolve(self, columns: ColumnList) -> tuple[str, ...]:
        """
        Return the base names of *columns* (entity names, or all), in the order of the file.

        Raises:
            KeyError: a name that the entity lacks; a loaded policy has none.
        """
        if columns == "all":
            return tuple(self.columns)
        base_names = {entity_name: base_name for base_name, entity_name in self.entity_columns.items()}
        chosen = {base_names[name] for name in columns}
        return tuple(base_name for base_name in self.columns if base_name in chosen)


class EntityAccess(Model):
    """What one agent may do with one entity."""

    select: ColumnList = Field("all", description="Columns the agent reads: all, or a list of entity names.")
    insert: ColumnList = Field(default_factory=list[str], description="Columns it may insert.")
    update: ColumnList = Field(default_factory=list[str], description="Columns it may update.")
    delete: bool = Field(False, description="Whether it may (soft-)delete rows.")


class ParameterPolicy(Model):
    """One parameter of an operation."""

    type: str = Field(min_length=1, max_length=200, description="PostgreSQL's name of the type.")
    doc: str = Field("", description="Docstring: becomes part of the function's comment.")
    optional: bool = Field(False, description="Whether it may be left out; it is NULL then.")


class PreconditionPolicy(Model):
    """What must hold before an operation writes anything."""

    that: str = Field(min_length=1, description="A condition; anything but true refuses the call.")
    message: str = Field(min_length=1, description="What the agent is told when it does not hold.")


class OperationPolicy(Model):
    """A named write with parameters, which agents call instead of writing SQL."""

    doc: str = Field("", description="Docstring: becomes the function's comment.")
    parameters: dict[
        Identifier,
        Annotated[
            ParameterPolicy,
            BeforeValidator(expand_parameter, json_schema_input_type=str | ParameterPolicy),
        ],
    ] = Field(
        default_factory=dict[str, ParameterPolicy],
        description="Parameter to its type, or a mapping; those that are optional come last.",
    )
    entities: dict[Identifier, EntityAccess] = Field(
        default_factory=dict[str, EntityAccess], description="Entity to what the operation may do with it."
    )
    require: list[PreconditionPolicy] = Field(
        default_factory=list[PreconditionPolicy], description="Preconditions, tried in order."
    )
    sql: Annotated[list[str], BeforeValidator(as_list, json_schema_input_type=str | list[str])] = Field(
        default_factory=list[str], description="Statements that write, run in order; one, or a list."
    )
    returns: str | None = Field(None, description="A last statement, whose rows are the result's.")
    affects: Affects = Field(
        "some", description="Rows written in all: a number; some (none is an error); any."
    )
    idempotency: Literal["required", "optional"] = Field(
        "required", description="required: a call without a key is refused."
    )
    expires: Expiry = Field(
        7 * 86_400_000, description="How long a key replays its result; after that it is refused."
    )
    approval: (
        Annotated[
            OperationApproval,
            BeforeValidator(expand_approval, json_schema_input_type=Literal["always"] | OperationApproval),
        ]
        | None
    ) = Field(None, description="When a call needs a person's word: always, or a mapping.")


class AgentPolicy(Model):
    """An agent type: one login role with the least privileges."""

    version: AgentVersion = Field("v1", description="Part of its identity: agent:<name>-<version>.")
    doc: str = Field("", description="What this agent is for: becomes the role's comment.")
    entities: dict[Identifier, EntityAccess] = Field(
        default_factory=dict[str, EntityAccess], description="Entity to what the agent may do with it."
    )
    operations: list[OperationName] = Field(
        default_factory=list[str], description="Operations that the agent may call."
    )
    connections: int = Field(20, gt=0, le=10_000, description="CONNECTION LIMIT of the role.")
    parallel_workers: int = Field(
        0, ge=0, le=64, description="Parallel workers per query; 0 leaves them all to people's queries."
    )
    timeouts: Timeouts = Field(
        default_factory=lambda: Timeouts.model_validate({}), description="Timeouts of the role's sessions."
    )
    limits: Limits = Field(
        default_factory=lambda: Limits.model_validate({}), description="Breakers that PostgreSQL holds."
    )
    guard: GuardPolicy = Field(
        default_factory=lambda: GuardPolicy.model_validate({}),
        description="What pgmoat's own clients look at, before and after a statement.",
    )
    approval: ApprovalPolicy = Field(
        default_factory=lambda: ApprovalPolicy.model_validate({}),
        description="When the agent's own SQL needs a person's word; held by PostgreSQL.",
    )
    pool: PoolPolicy = Field(
        default_factory=lambda: PoolPolicy.model_validate({}),
        description="Connections of one process, and of one PgBouncer.",
    )
    tags: Literal["both", "comment", "application_name", "none"] = Field(
        "both", description="Where agent, task and step stand: comment before the SQL, application_name."
    )
    reads: Literal["primary", "replica"] = Field(
        "primary", description="Where `query` reads; what the task wrote it always sees."
    )
    tasks: Literal["issued", "claimed"] = Field(
        "issued",
        description="issued: only an orchestrator opens its tasks; claimed: it may also name them itself.",
    )
    require_watchdog: bool = Field(
        False, description="Whether its statements on entities are refused while no `pgmoat watch` runs."
    )
    on_trip: Literal["task", "agent", "login"] | None = Field(
        None,
        description="What a breaker of `pgmoat watch` freezes: task, agent, or the agent and its login; "
        "without it the task for repeats, the agent for a surge.",
    )
    log_slow_statements: Milliseconds | None = Field(
        None,
        description="log_min_duration_statement: the server logs slower statements. Set by a superuser.",
    )

    @property
    def writes(self) -> bool:
        """Whether the agent writes: by SQL on an entity, or by an operation."""
        return bool(self.operations) or any(
            access.insert or access.update or access.delete for access in self.entities.values()
        )


class Acceptance(Model):
    """A way round the entities that the owner knows of and accepts."""

    object: str = Field(description="Table (schema.name) or function (schema.name(argument types)).")
    why: str = Field(min_length=1, description="The reason, shown by plan.")


class Settings(Model):
    """Names of what pgmoat makes. Change them to hold two policies on one server."""

    entity_schema: Identifier = Field("agent", description="Schema of the entity views.")
    agent_role_prefix: RolePrefix = Field("agent_", description="Prefix of the agents' role names.")
    system_role_prefix: RolePrefix = Field(
        "pgmoat_",
        description="Prefix of the roles of pgmoat's own: owner, views, monitor and more.",
    )

    def agent_role(self, agent: str) -> str:
        """Return the name of the agent's login role."""
        return self.agent_role_prefix + agent

    def operation_role(self, operation: str) -> str:
        """Return the name of the NOLOGIN role that an operation runs as."""
        return f"{self.system_role_prefix}op_{operation}"

    @property
    def system_roles(self) -> SystemRoles:
        """The names of pgmoat's own roles."""
        return SystemRoles.with_prefix(self.system_role_prefix)


class ReplicaPolicy(Model):
    """A streaming replica that agents may read."""

    host: str = Field(min_length=1, max_length=255, description="Its host, or that of its pooler.")
    port: int = Field(5432, gt=0, lt=65_536, description="Its port.")
    max_wait: Milliseconds = Field(
        500, description="Wait for what the task wrote to arrive; then the primary is read."
    )


class Policy(Model):
    """The whole of ``moat.yaml``."""

    version: Literal[1] = Field(description="Version of the file's format.")
    settings: Settings = Field(
        default_factory=lambda: Settings.model_validate({}), description="Names of what pgmoat makes."
    )
    entities: dict[Identifier, EntityPolicy] = Field(
        default_factory=dict[str, EntityPolicy], description="Tables as agents see them, by entity name."
    )
    operations: dict[OperationName, OperationPolicy] = Field(
        default_factory=dict[str, OperationPolicy], description="Named writes that agents may call, by name."
    )
    agents: dict[AgentName, AgentPolicy] = Field(
        default_factory=dict[str, AgentPolicy], description="Agent types, by name."
    )
    replica: ReplicaPolicy | None = Field(
        None, description="A streaming replica for agents with `reads: replica`."
    )
    accept: list[Acceptance] = Field(
        default_factory=list[Acceptance],
        description="Ways round the entities that plan would refuse, known and accepted.",
    )

    @property
    def logs(self) -> dict[str, str]:
        """Name of each event log to the entity that it belongs to."""
        return {entity.log.name: name for name, entity in self.entities.items() if entity.log is not None}
