"""
The parts of row trigger functions that keep what an agent writes inside the task's scope.

In: Scopes, Entities. Out: parts of PL/pgSQL. I/O: none.

A row is tested twice. Before the write, so that no constraint is asked about a value outside the scope: its
answer would tell of hidden rows. And as it was stored: defaults and people's triggers have the last word.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.compiler.entity import Entity, EntityColumn
from pgmoat.compiler.scope import Scope, ScopeKey, Values
from pgmoat.compiler.templates import load_template
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, join

_NOTHING = sql.SQL("")


def render_variables(scope: Scope) -> sql.Composable:
    """Return declarations: the task's values."""
    lines = (
        sql.SQL("\n    {} {}[] := {};").format(
            sql.Identifier(scope.name_values(key)), Printed(key.type), key.render()
        )
        for key in scope.keys
    )
    return join(lines, "")


def render_condition(scope: Scope, alias: str) -> sql.Composable:
    """Return the condition on the base row *alias*, for where the variables are in reach."""
    return scope.render(alias, _read_variable(scope))


def render_check_before(entity: Entity, written: Sequence[EntityColumn], operation: str) -> sql.Composable:
    """Return the statements that refuse a new row whose written columns lie outside the scope."""
    scope, checks = entity.scope, list[sql.Composable]()
    columns = {column.base.name: column for column in written}
    for number, test in enumerate(scope.tests, start=1):
        column = columns.get(test.column.name)
        if column is None:
            continue
        value = sql.SQL("NEW.{}").format(sql.Identifier(column.name))
        condition = test.render(value, _read_variable(scope), f"r{number}")
        # A default that the view cannot carry replaces NULL in the INSERT itself.
        is_filled = operation == "insert" and (
            column.is_sequence_filled
            or (column.base.default is not None and not column.base.default_is_portable)
        )
        if is_filled:
            condition = sql.SQL("{} IS NULL OR {}").format(value, condition)
        checks.append(_render_refusal(entity.name, sql.SQL("({})").format(condition), [test.name]))
    return join(checks, "")


def render_check_after(entity_name: str, scope: Scope) -> sql.Composable:
    """Return the statement that refuses a stored row outside the scope."""
    if not scope:
        return _NOTHING
    return _render_refusal(entity_name, sql.SQL("is_in_scope"), [test.name for test in scope.tests])


def _render_refusal(entity_name: str, condition: sql.Composable, columns: Sequence[str]) -> sql.Composable:
    return sql.SQL(load_template("entity/refuse_row").rstrip()).format(
        condition=condition,
        entity=sql.Literal(entity_name),
        columns=join(map(sql.Literal, columns)),
    )


def _read_variable(scope: Scope) -> Values:
    def read(key: ScopeKey) -> sql.Composable:
        return sql.Identifier(scope.name_values(key))

    return read
