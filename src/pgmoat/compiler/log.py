"""
An event log of the policy put together with the entity whose state it keeps.

In: Policy, Entities. Out: Log, what its table, views, functions and grants are compiled from. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from pgmoat.compiler.entity import Entity, EntityColumn
from pgmoat.compiler.templates import load_template
from pgmoat.model.names import LOG_TABLE_PREFIX, SYSTEM_SCHEMA
from pgmoat.model.objects import Kind, ObjectKey
from pgmoat.policy.log_columns import FILLED, GIVEN, name_key_columns
from pgmoat.policy.schema import ColumnList, EntityAccess, LogPolicy, Policy
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Composable, Printed, join


@dataclass(frozen=True, slots=True)
class Log:
    """One event log."""

    policy: LogPolicy
    entity: Entity
    schema: str  # of the entities
    key: tuple[tuple[str, EntityColumn], ...]  # (name in the log, column of the entity)
    state: EntityColumn
    access: tuple[tuple[str, EntityAccess], ...]  # (role, access)

    @property
    def name(self) -> str:
        """Name of the log, as agents see it."""
        return self.policy.name

    @property
    def table_name(self) -> str:
        """Name of the table in the system schema."""
        return LOG_TABLE_PREFIX + self.name

    @property
    def table(self) -> sql.Identifier:
        """The table, quoted."""
        return sql.Identifier(SYSTEM_SCHEMA, self.table_name)

    @property
    def view(self) -> sql.Identifier:
        """The view of agents, quoted."""
        return sql.Identifier(self.schema, self.name)

    @property
    def entity_view(self) -> sql.Identifier:
        """The entity's view, quoted."""
        return sql.Identifier(self.schema, self.entity.name)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the view, in order."""
        return ("event_id", *(name for name, _ in self.key), *GIVEN, *FILLED[1:])

    def insertable(self, columns: ColumnList) -> tuple[str, ...]:
        """Return the columns that a list lets an agent give."""
        given = (*(name for name, _ in self.key), *GIVEN)
        return given if columns == "all" else tuple(name for name in given if name in columns)

    def selected(self, columns: ColumnList) -> tuple[str, ...]:
        """Return the columns that a list lets an agent read."""
        return self.columns if columns == "all" else tuple(n for n in self.columns if n in columns)

    def names(self, alias: str = "") -> Composable:
        """Return the key columns, with an alias before each."""
        return join(_qualify(alias, name) if alias else sql.Identifier(name) for name, _ in self.key)

    def match(self, alias: str, other: str, *, is_other_entity: bool = False) -> Composable:
        """Return the test that both are of one entity row; *other* has the log's names or the entity's."""
        return join(
            (
                sql.SQL("{} OPERATOR(pg_catalog.=) {}").format(
                    _qualify(alias, name), _qualify(other, column.name if is_other_entity else name)
                )
                for name, column in self.key
            ),
            " AND ",
        )

    @property
    def key_types(self) -> tuple[tuple[str, str], ...]:
        """The key columns' names with the types of the base columns."""
        return tuple((name, column.base.type_name) for name, column in self.key)


def _qualify(alias: str, name: str) -> Composable:
    # NEW and OLD are names of plpgsql, and so are not quoted.
    return Printed(f"{alias}.{sql.Identifier(name).as_string(None)}")


def resolve_logs(policy: Policy, entities: Iterable[Entity]) -> tuple[Log, ...]:
    """Return the log of every entity that has one."""
    return tuple(_resolve(policy, entity, entity.policy.log) for entity in entities if entity.policy.log)


def _resolve(policy: Policy, entity: Entity, log: LogPolicy) -> Log:
    names = name_key_columns(log, entity.name, [column.name for column in entity.key])
    return Log(
        policy=log,
        entity=entity,
        schema=policy.settings.entity_schema,
        key=tuple(zip(names, entity.key, strict=True)),
        state=next(column for column in entity.columns if column.name == log.state),
        access=(
            *(
                (policy.settings.agent_role(name), agent.entities[log.name])
                for name, agent in policy.agents.items()
                if log.name in agent.entities
            ),
            *(
                (policy.settings.operation_role(name), operation.entities[log.name])
                for name, operation in policy.operations.items()
                if log.name in operation.entities
            ),
        ),
    )


def needs_entity(log: Log) -> tuple[ObjectKey, ...]:
    """Return the view of the entity: what reads it goes and comes with it."""
    return ((Kind.VIEW, f"{log.schema}.{log.entity.name}"),)


def load_log(name: str) -> LiteralString:
    """Return a statement of ``sql/log``."""
    return load_template(f"log/{name}").strip().removesuffix(";")


def load_log_body(name: str) -> LiteralString:
    """Return a part of PL/pgSQL of ``sql/log``."""
    return load_template(f"log/{name}").rstrip()
