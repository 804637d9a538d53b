"""
Which rows of an entity a task reaches, as conditions on base rows.

In: Policy, Catalog. Out: Scope, and SQL. I/O: none.

The values come from the task's row, by pgmoat.scope(); where they are kept meanwhile, the caller says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Catalog, Column, Table
from pgmoat.policy.rows import TaskRule
from pgmoat.policy.schema import Policy
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, join

# Types that pg_catalog's own ``=`` compares, and whose text depends on no setting of the session.
_EXACT = frozenset(
    ("bool", "int2", "int4", "int8", "oid", "numeric", "text", "bpchar", "name", "uuid")
)  # fmt: skip
_ENUM = "E"
_TEXT = "S"
_INTEGERS = frozenset(("int2", "int4", "int8"))


@dataclass(frozen=True, slots=True)
class ScopeKey:
    """A key of the task's scope, read as an array of one type."""

    name: str
    type: str  # of its elements, as SQL takes it

    def render(self) -> sql.Composable:
        """Return the call that reads the values; it fails when there are none."""
        return sql.SQL("pgmoat.scope({})::{}[]").format(sql.Literal(self.name), Printed(self.type))


Values = Callable[[ScopeKey], sql.Composable]
"""Gives the expression that holds a key's values."""


@dataclass(frozen=True, slots=True)
class TaskTest:
    """A base column must hold one of the values of a key."""

    column: Column
    name: str  # as agents see it
    key: ScopeKey

    def render(self, row: sql.Composable, values: Values, _: str = "") -> sql.Composable:
        """Return the condition on the value *row* of the column."""
        value = sql.SQL("{}::text").format(row) if self.key.type == "text" else row
        return sql.SQL("{} OPERATOR(pg_catalog.=) ANY ({})").format(value, values(self.key))


@dataclass(frozen=True, slots=True)
class ReferenceTest:
    """A base column must point to a row of another entity that the task reaches."""

    column: Column
    name: str
    parent: ScopedTable

    def render(self, row: sql.Composable, values: Values, alias: str = "r") -> sql.Composable:
        """Return the condition on the value *row* of the column; *alias* begins the names of parents."""
        parent = self.parent
        conditions: list[sql.Composable] = [
            sql.SQL("{} OPERATOR(pg_catalog.=) {}").format(sql.Identifier(alias, parent.key.name), row),
            *(
                test.render(sql.Identifier(alias, test.column.name), values, f"{alias}{number}")
                for number, test in enumerate(parent.tests, start=1)
            ),
        ]
        if parent.deleted_at is not None:
            conditions.append(sql.SQL("{} IS NULL").format(sql.Identifier(alias, parent.deleted_at)))
        return sql.SQL("EXISTS (SELECT FROM {} AS {} WHERE {})").format(
            parent.base_table, sql.Identifier(alias), join(conditions, " AND ")
        )


ScopeTest = TaskTest | ReferenceTest


@dataclass(frozen=True, slots=True)
class ScopedTable:
    """The table of an entity that others point to."""

    entity: str
    table: Table
    key: Column
    deleted_at: str | None
    tests: tuple[ScopeTest, ...]

    @property
    def base_table(self) -> sql.Identifier:
        """The base table, quoted."""
        return sql.Identifier(self.table.schema, self.table.name)


@dataclass(frozen=True, slots=True)
class Scope:
    """All conditions that a row must meet; none for an entity without scope."""

    tests: tuple[ScopeTest, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tests)

    @property
    def keys(self) -> tuple[ScopeKey, ...]:
        """The keys of the task's scope that are asked for, parents' included, each once."""
        return tuple(dict.fromkeys(_list_keys(self.tests)))

    def name_values(self, key: ScopeKey) -> str:
        """Return the name under which SQL keeps a key's values: of a variable, or a column."""
        return f"scope{self.keys.index(key) + 1}"

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The entity's own base columns that must be read."""
        return tuple(dict.fromkeys(test.column.name for test in self.tests))

    @property
    def parents(self) -> tuple[ScopedTable, ...]:
        """The tables of all entities that rows are reached through."""
        return tuple(_list_parents(self.tests))

    def render(self, alias: str, values: Values) -> sql.Composable:
        """Return the condition on the base row *alias*."""
        conditions = (
            test.render(sql.Identifier(alias, test.column.name), values, f"r{number}")
            for number, test in enumerate(self.tests, start=1)
        )
        return join(conditions, "\n       AND ")


def resolve_scope(policy: Policy, entity_name: str, catalog: Catalog) -> Scope:
    """
    Return the scope of an entity of *policy*, which must have passed the checks against *catalog*.

    Raises:
        KeyError: the policy names a table or column that the catalog lacks.
    """
    return Scope(_resolve_tests(policy, entity_name, catalog))


def find_element_type(column: Column) -> str | None:
    """Return the type as which a key's values are compared with *column*; None if they cannot be."""
    if column.type_category == _ENUM:
        return column.type_name if _is_plain_enum(column) else "text"
    if column.base_type_name in _EXACT:
        return f"pg_catalog.{column.base_type_name}"
    return "text" if column.type_category == _TEXT else None


def can_point_to(column: Column, key: Column) -> bool:
    """Whether pg_catalog has an ``=`` for the two."""
    if _ENUM in (column.type_category, key.type_category):
        return column.type_name == key.type_name and _is_plain_enum(column)
    groups = {column.base_type_name, key.base_type_name}
    return len(groups) == 1 or groups <= _INTEGERS or groups <= {"text", "varchar"}


def _is_plain_enum(column: Column) -> bool:
    """Whether the type is an enum itself: a domain over one has no ``=`` without a cast."""
    name = sql.Identifier(column.base_type_name).as_string(None)
    return column.type_name.endswith((f".{column.base_type_name}", f".{name}"))


def _resolve_tests(policy: Policy, entity_name: str, catalog: Catalog) -> tuple[ScopeTest, ...]:
    entity = policy.entities[entity_name]
    table, rules = catalog.tables[entity.table], entity.row_rules
    tests: list[ScopeTest] = []
    for rule in rules.rules if rules is not None else ():
        column = _column(table, entity.base_name(rule.column))
        if isinstance(rule, TaskRule):
            key = ScopeKey(rule.key, find_element_type(column) or "text")
            tests.append(TaskTest(column, rule.column, key))
        else:
            tests.append(ReferenceTest(column, rule.column, _resolve_parent(policy, rule.entity, catalog)))
    return tuple(tests)


def _resolve_parent(policy: Policy, name: str, catalog: Catalog) -> ScopedTable:
    entity = policy.entities[name]
    table = catalog.tables[entity.table]
    (key,) = tuple(entity.key) or table.primary_key
    deleted_at = entity.delete.deleted_at if entity.delete.mode == "soft" else None
    return ScopedTable(name, table, _column(table, key), deleted_at, _resolve_tests(policy, name, catalog))


def _column(table: Table, name: str) -> Column:
    column = table.column(name)
    if column is None:
        raise KeyError(f"{table.qualified_name}.{name}")
    return column


def _list_keys(tests: tuple[ScopeTest, ...]) -> Iterator[ScopeKey]:
    for test in tests:
        if isinstance(test, TaskTest):
            yield test.key
        else:
            yield from _list_keys(test.parent.tests)


def _list_parents(tests: tuple[ScopeTest, ...]) -> Iterator[ScopedTable]:
    for test in tests:
        if isinstance(test, ReferenceTest):
            yield test.parent
            yield from _list_parents(test.parent.tests)
