"""
An entity of the policy put together with the table that it stands for.

In: Policy, Catalog. Out: Entity, what views, triggers and grants are compiled from. I/O: none.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Catalog, Column, Table
from pgmoat.compiler.access import Access, list_accesses
from pgmoat.compiler.scope import Scope, resolve_scope
from pgmoat.model.names import MAP_SCHEMA
from pgmoat.policy.schema import ColumnList, DeletePolicy, EntityPolicy, Policy
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, join

_MAX_NAME = 63
# Left out: interval, where '1 day' = '24:00:00', and yet they are two values.
_EXACT_EQUALITY = frozenset(
    ("bool", "int2", "int4", "int8", "oid", "numeric", "float4", "float8", "text", "bpchar", "name", "char",
     "uuid", "bytea", "jsonb", "date", "time", "timestamp", "timestamptz")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntityColumn:
    """One column as agents see it, with the base column behind it."""

    base: Column
    name: str
    doc: str
    values: tuple[tuple[str, str], ...]  # (code as text, word)
    references: str | None
    map_table: str  # in schema pgmoat_map; "" without a value map

    @property
    def is_sequence_filled(self) -> bool:
        """Whether the database numbers it: identity, or a default that draws from a sequence."""
        return bool(self.base.identity or self.base.sequence)

    @property
    def is_key_drawn(self) -> bool:
        """
        Whether the database draws it where it is a key's: a number, or what a function gives.

        Such as gen_random_uuid(). Not a constant, a time, or a setting, which an agent could choose.
        """
        default = self.base.default or ""
        return self.is_sequence_filled or (
            "(" in default and "current_setting" not in default and self.base.type_category != "D"
        )

    def decode(self, alias: str) -> sql.Composable:
        """Return the entity's value as an expression over the base row *alias*: the word of a code."""
        column = sql.Identifier(alias, self.base.name)
        return self.decode_expression(column) if self.values else column

    def decode_expression(self, code: sql.Composable) -> sql.Composable:
        """Return the CASE that turns the expression *code* into its word."""
        branches = (
            sql.SQL("WHEN {} THEN {}").format(
                self.code_literal(key) if self._has_own_equality else sql.Literal(key), sql.Literal(word)
            )
            for key, word in self.values
        )
        return sql.SQL("CASE {} {} END").format(self._comparable(code), join(branches, " "))

    def code_literal(self, code: str) -> sql.Composable:
        """Return a code as a literal of the base column's type."""
        return sql.SQL("{}::{}").format(sql.Literal(code), Printed(self.base.type_name))

    def compare(self, expression: sql.Composable, other: sql.Composable) -> sql.Composable:
        """Return a test that two values of this column are the same, or both NULL."""
        if not self.values:
            expression, other = self._comparable(expression), self._comparable(other)
        return sql.SQL("{} IS NOT DISTINCT FROM {}").format(expression, other)

    def _comparable(self, expression: sql.Composable) -> sql.Composable:
        return expression if self._has_own_equality else sql.SQL("{}::text").format(expression)

    @property
    def _has_own_equality(self) -> bool:
        """
        Whether pg_catalog has an ``=`` for exactly this type.

        The search_path of a row function holds people's schema too, behind pg_catalog. Were an agent ever
        able to create operators there, the ``=`` of an enum, a domain or an array could be one that it
        planted, run with the writer's rights: an exact match beats the polymorphic one. So text is compared.
        """
        return "." not in self.base.type_name and self.base.base_type_name in _EXACT_EQUALITY


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: its columns in the order of the policy, its key, and who may do what with it."""

    name: str
    policy: EntityPolicy
    table: Table
    columns: tuple[EntityColumn, ...]
    key: tuple[EntityColumn, ...]
    access: tuple[Access, ...]
    scope: Scope

    @property
    def base_table(self) -> sql.Identifier:
        """The base table, quoted."""
        return sql.Identifier(self.table.schema, self.table.name)

    @property
    def soft_delete(self) -> DeletePolicy | None:
        """How rows are soft-deleted, or None when DELETE is forbidden."""
        return self.policy.delete if self.policy.delete.mode == "soft" else None

    def selected(self, columns: ColumnList) -> tuple[EntityColumn, ...]:
        """Return the columns that a list names, in the policy's order."""
        if columns == "all":
            return self.columns
        return tuple(column for column in self.columns if column.name in columns)

    def insertable(self, columns: ColumnList) -> tuple[EntityColumn, ...]:
        """Return the columns that INSERT may name; ``all`` leaves out what the database numbers itself."""
        return tuple(
            column
            for column in self.selected(columns)
            if not column.base.generated
            and column.base.identity != "a"
            and not (columns == "all" and column.is_sequence_filled)
        )

    def updatable(self, columns: ColumnList) -> tuple[EntityColumn, ...]:
        """Return the columns that UPDATE may set: never the key, nothing that the database computes."""
        return tuple(
            column
            for column in self.selected(columns)
            if column not in self.key and not column.base.generated and column.base.identity != "a"
        )

    @property
    def inserted(self) -> tuple[EntityColumn, ...]:
        """Columns that somebody may insert; empty when nobody may insert at all."""
        names = {c.name for access in self.access for c in self.insertable(access.allowed.insert)}
        return tuple(column for column in self.columns if column.name in names)

    @property
    def drawn(self) -> tuple[EntityColumn, ...]:
        """Columns of a new row that the database fills with another value each time, and nobody else may."""
        drawn = (c for c in self.columns if c.is_sequence_filled or (c in self.key and c.is_key_drawn))
        return tuple(column for column in drawn if column not in self.inserted)

    @property
    def updated(self) -> tuple[EntityColumn, ...]:
        """Columns that somebody may update; empty when nobody may update at all."""
        names = {c.name for access in self.access for c in self.updatable(access.allowed.update)}
        return tuple(column for column in self.columns if column.name in names)

    @property
    def is_deletable(self) -> bool:
        """Whether somebody may (soft-)delete rows."""
        return self.soft_delete is not None and any(access.allowed.delete for access in self.access)

    @property
    def operations(self) -> tuple[str, ...]:
        """Which of insert, update, delete somebody may do."""
        allowed = (("insert", self.inserted), ("update", self.updated), ("delete", self.is_deletable))
        return tuple(name for name, is_allowed in allowed if is_allowed)


def resolve_entities(policy: Policy, catalog: Catalog) -> tuple[Entity, ...]:
    """Return every entity of *policy*, which must have passed the checks against *catalog*."""
    return tuple(_resolve(policy, name, catalog) for name in policy.entities)


def _resolve(policy: Policy, name: str, catalog: Catalog) -> Entity:
    entity = policy.entities[name]
    table = catalog.tables[entity.table]
    by_base = {
        column.name: _resolve_column(name, entity, column)
        for column in (table.column(base_name) for base_name in entity.columns)
        if column is not None
    }
    key = tuple(entity.key) or table.primary_key
    columns = tuple(by_base[base_name] for base_name in entity.columns)
    return Entity(
        name,
        entity,
        table,
        columns,
        tuple(by_base[base] for base in key if base in by_base),
        tuple(list_accesses(policy, name)),
        resolve_scope(policy, name, catalog),
    )


def _resolve_column(entity_name: str, entity: EntityPolicy, base: Column) -> EntityColumn:
    column = entity.column(base.name)
    name = column.name or base.name
    return EntityColumn(
        base=base,
        name=name,
        doc=column.doc,
        values=tuple(column.values.items()),
        references=column.references,
        map_table=name_map_table(entity_name, name) if column.values else "",
    )


def name_map_table(entity_name: str, column_name: str) -> str:
    """Return the name of a value map's table in schema pgmoat_map; long names end in a digest."""
    name = f"{entity_name}__{column_name}"
    if len(name) <= _MAX_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _MAX_NAME - 9]}_{digest}"


def map_table(column: EntityColumn) -> sql.Identifier:
    """Return a column's value map, quoted."""
    return sql.Identifier(MAP_SCHEMA, column.map_table)
