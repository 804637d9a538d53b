"""
The policy file's shape: what may stand in ``moat.yaml`` and what it means.

In: plain data (from :mod:`pgmoat.policy.load`). Out: frozen models. I/O: none.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from pgmoat.model.names import SystemRoles
from pgmoat.policy.units import DURATION_PATTERN, SIZE_PATTERN, parse_bytes, parse_milliseconds

IDENTIFIER_PATTERN = r"^[a-z_][a-z0-9_]*$"
ROLE_NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
VERSION_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._]*$"
TABLE_PATTERN = r"^[^.]{1,63}\.[^.]{1,63}$"

"""What ``settings.system_role_prefix`` is put before: the names of pgmoat's own roles."""

Identifier = Annotated[str, Field(pattern=IDENTIFIER_PATTERN, max_length=63)]
"""A name that needs no quotes in SQL, so that an agent can type it as it reads it."""

AgentName = Annotated[str, Field(pattern=ROLE_NAME_PATTERN, max_length=40)]
RolePrefix = Annotated[str, Field(pattern=ROLE_NAME_PATTERN, max_length=20)]
"""With an agent's name at most 60 characters: a role name that PostgreSQL does not cut off."""

OperationName = Annotated[str, Field(pattern=ROLE_NAME_PATTERN, max_length=40)]
"""With ``op_`` and a role prefix at most 63 characters: a role name that PostgreSQL does not cut off."""

AgentVersion = Annotated[str, Field(pattern=VERSION_PATTERN, max_length=20)]
TableName = Annotated[str, Field(pattern=TABLE_PATTERN)]
ColumnName = Annotated[str, Field(min_length=1, max_length=63)]
"""A base column: whatever PostgreSQL allows in quotes."""

Milliseconds = Annotated[
    int,
    BeforeValidator(
        parse_milliseconds, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]
    ),
    Field(gt=0, le=2_147_483_647),
]
Expiry = Annotated[
    int,
    BeforeValidator(
        parse_milliseconds, json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)]
    ),
    Field(gt=0, le=3650 * 86_400_000),
]
Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes, json_schema_input_type=Annotated[str, Field(pattern=SIZE_PATTERN)]),
    Field(gt=0, le=2**63 - 1),
]


def _column_list_form(value: Any) -> str:
    return "list" if isinstance(value, list) else "all"


ColumnList = Annotated[
    Annotated[Literal["all"], Tag("all")] | Annotated[list[Identifier], Tag("list")],
    Discriminator(_column_list_form),
]


def _affects_form(value: Any) -> str:
    return "number" if isinstance(value, int) else "word"


Affects = Annotated[
    Annotated[int, Field(gt=0), Tag("number")] | Annotated[Literal["some", "any"], Tag("word")],
    Discriminator(_affects_form),
]


def _as_list(value: Any) -> Any:
    """Let ``sql: UPDATE …`` stand for a list of one statement."""
    return [value] if isinstance(value, str) else value


def _expand_parameter(value: Any) -> Any:
    """Let ``order_id: bigint`` stand for ``order_id: {type: bigint}``."""
    return {"type": value} if isinstance(value, str) else value


def _expand_delete(value: Any) -> Any:
    """Let ``delete: soft`` stand for ``delete: {mode: soft}``."""
    return {"mode": value} if isinstance(value, str) else value


def _codes_as_text(value: Any) -> Any:
    """Let the codes of a value map be numbers or booleans, as YAML reads ``1`` and ``true``."""
    if not isinstance(value, dict):
        return value
    codes = cast("dict[Any, Any]", value)
    return {str(code).lower() if isinstance(code, bool) else str(code): codes[code] for code in codes}


class Model(BaseModel):
    """Strict and frozen: an unknown key is an error, never ignored, and no value is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ColumnPolicy(Model):
    """One base column as agents see it."""

    name: Identifier | None = Field(None, description="Name in the entity; the base name when left out.")
    doc: str = Field("", description="Docstring: becomes the column's comment.")
    values: Annotated[dict[str, str], BeforeValidator(_codes_as_text)] = Field(
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
        BeforeValidator(_expand_delete, json_schema_input_type=DeleteMode | DeletePolicy),
    ] = Field(
        default_factory=lambda: DeletePolicy.model_validate({}), description="soft, forbid, or a mapping."
    )
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
            BeforeValidator(_expand_parameter, json_schema_input_type=str | ParameterPolicy),
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
    sql: Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = Field(
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


class Timeouts(Model):
    """Role settings: defaults for honest clients; what lifts them meets the gate and the watchdog."""

    statement: Milliseconds = Field(5_000, description="statement_timeout; above it the gate refuses.")
    idle_in_transaction: Milliseconds = Field(10_000, description="idle_in_transaction_session_timeout.")
    transaction: Milliseconds = Field(30_000, description="transaction_timeout (PostgreSQL 17 and later).")
    lock: Milliseconds = Field(2_000, description="lock_timeout.")


class Limits(Model):
    """Breakers that PostgreSQL holds; no setting of the session can change them."""

    rows_per_statement: int = Field(100, gt=0, description="Rows that one statement may write.")
    writes_per_task: int = Field(1_000, gt=0, description="Rows that one task may write in all.")
    writes_per_hour: int = Field(
        10_000, gt=0, description="Rows that all tasks of the agent may write in a clock hour."
    )
    bytes_per_task: Bytes = Field(
        16 * 1024 * 1024, description="History that one task may write, as stored (before and after images)."
    )
    task_duration: Milliseconds = Field(900_000, description="From opening to deadline.")


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
        "pgmoat_", description="Prefix of pgmoat's own roles: owner, views, writer, orchestrator, monitor."
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
    accept: list[Acceptance] = Field(
        default_factory=list[Acceptance],
        description="Ways round the entities that plan would refuse, known and accepted.",
    )
