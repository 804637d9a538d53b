"""
What an agent sees of each entity and may do with it, in the names that it knows.

In: Policy. Out: Access. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pgmoat.policy.rows import TaskRule
from pgmoat.policy.schema import EntityAccess, EntityPolicy, Policy

Columns: TypeAlias = tuple[str, ...] | Literal["all"]
"""Names in the entity; "all" only of an event log, whose key columns the policy need not name."""


@dataclass(frozen=True, slots=True)
class Access:
    """One agent's rights on one entity or event log."""

    name: str
    select: Columns = ()
    insert: Columns = ()
    update: Columns = ()
    delete: bool = False
    columns: tuple[str, ...] = ()  # all that the entity has; none: not known
    table: str = ""  # schema.table below it
    base_names: tuple[tuple[str, str], ...] = ()  # of the table, to the entity's
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()  # column with a value map, to its words
    references: tuple[tuple[str, str], ...] = ()  # column to the entity that it points to
    key: tuple[str, ...] = ()  # where the policy names it
    scope: tuple[tuple[str, str], ...] = ()  # column to the key of the task's scope that it must hold
    is_scoped: bool = False
    is_soft_deleted: bool = False
    tells: tuple[str, ...] = ()  # of which hidden rows the agent may know: deleted, out_of_scope

    @property
    def hides_columns(self) -> bool:
        """Whether the entity has a column that this agent may not read."""
        return self.select != "all" and not set(self.columns) <= set(self.select)


def compile_access(policy: Policy, agent: str) -> tuple[Access, ...]:
    """
    Return what *agent* may do, by entity.

    Raises:
        KeyError: the policy has no such agent.
    """
    return tuple(
        _compile(name, policy.entities.get(name), access)
        for name, access in policy.agents[agent].entities.items()
    )


def compile_tables(policy: Policy, agent: str) -> dict[str, Access]:
    """
    Return which entity each table is to *agent*, which meets some in its operations only.

    A table that is two entities to it is left out: an error of the table does not tell which is meant.
    """
    own = compile_access(policy, agent)
    tables = [access.table for access in own]
    found = {access.table: access for access in own if access.table and tables.count(access.table) == 1}
    for operation in policy.agents[agent].operations:
        for name in policy.operations[operation].entities:
            entity = policy.entities.get(name)
            if entity is not None and entity.table not in tables:
                found.setdefault(entity.table, _compile(name, entity, EntityAccess.model_validate({})))
    return found


def describe_rights(access: Access) -> str:
    """Return what an agent may do: ``read id, what; insert what; delete rows``; empty if nothing."""
    reads = [f"read {_list(access.select)}"] if access.select else []
    return "; ".join([*reads, *_list_writes(access)])


def describe_writes(access: Access) -> str:
    """Return what an agent may write; ``only read it`` if nothing."""
    return "; ".join(_list_writes(access)) or "only read it"


def _list_writes(access: Access) -> list[str]:
    pairs: tuple[tuple[str, Columns], ...] = (("insert", access.insert), ("update", access.update))
    rights = [f"{verb} {_list(columns)}" for verb, columns in pairs if columns]
    return [*rights, "delete rows"] if access.delete else rights


def _list(columns: Columns) -> str:
    return "all columns" if columns == "all" else ", ".join(columns)


def _compile(name: str, entity: EntityPolicy | None, access: EntityAccess) -> Access:
    if entity is None:  # an event log
        return Access(
            name,
            select=_keep(access.select),
            insert=_keep(access.insert),
            update=_keep(access.update),
            delete=access.delete,
        )
    shown = entity.entity_columns
    return Access(
        name,
        select=_rename(entity, access.select),
        insert=_rename(entity, access.insert),
        update=_rename(entity, access.update),
        delete=access.delete,
        columns=tuple(shown.values()),
        table=entity.table,
        base_names=tuple(shown.items()),
        words=tuple(
            (shown[base], tuple(entity.column(base).values.values()))
            for base in entity.columns
            if entity.column(base).values
        ),
        references=tuple(
            (shown[base], entity.column(base).references or "")
            for base in entity.columns
            if entity.column(base).references
        ),
        key=tuple(shown[base] for base in entity.key if base in shown),
        scope=_list_scope(entity),
        is_scoped=entity.is_scoped,
        is_soft_deleted=entity.delete.mode == "soft",
        tells=tuple(entity.tell_hidden) if access.select else (),
    )


def _list_scope(entity: EntityPolicy) -> tuple[tuple[str, str], ...]:
    rules = entity.row_rules
    tasks = () if rules is None else tuple(rule for rule in rules.rules if isinstance(rule, TaskRule))
    return tuple((rule.column, rule.key) for rule in tasks if rule.column in entity.entity_columns.values())


def _keep(columns: list[str] | Literal["all"]) -> Columns:
    return "all" if columns == "all" else tuple(columns)


def _rename(entity: EntityPolicy, columns: list[str] | Literal["all"]) -> Columns:
    return tuple(entity.entity_name(base) for base in entity.resolve(columns))
