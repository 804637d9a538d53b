"""
Row trigger functions: how an agent's INSERT, UPDATE and DELETE on an entity reach the base table.

In: Entities. Out: Definitions of functions in schema pgmoat_write. I/O: reads SQL templates of the package.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.compiler.entity import Entity, EntityColumn
from pgmoat.compiler.scope_writes import (
    render_check_after,
    render_check_before,
    render_condition,
    render_variables,
)
from pgmoat.compiler.templates import load_template
from pgmoat.model.names import WRITE_SCHEMA, SystemRoles
from pgmoat.model.objects import Definition, Kind
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, compose, dollar_quote, join

# Types whose text, and so whose JSON, does not depend on any setting of the session.
_SETTLED = frozenset(
    ("bool", "int2", "int4", "int8", "oid", "numeric", "text", "varchar", "bpchar", "name", "char", "uuid",
     "json", "jsonb", "date", "time", "timestamp")
)  # fmt: skip
PINS = (
    ("extra_float_digits", "1"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    ("xmlbinary", "base64"),
    ("quote_all_identifiers", "off"),
)
"""An agent could change these inside the statement, and what the history records would follow."""


def name_row_function(entity: Entity, operation: str) -> sql.Identifier:
    """Return the row trigger function of an entity and operation (insert, update, delete), quoted."""
    return sql.Identifier(WRITE_SCHEMA, f"{entity.name}_{operation}")


def compile_row_functions(entity: Entity, roles: SystemRoles) -> Iterator[Definition]:
    """Yield a function for each operation that some agent may do."""
    bodies = {"insert": _render_insert, "update": _render_update, "delete": _render_delete}
    for operation in entity.operations:
        body = bodies[operation](entity)
        name = name_row_function(entity, operation)
        yield Definition(
            kind=Kind.FUNCTION,
            name=f"{WRITE_SCHEMA}.{entity.name}_{operation}()",
            owner=roles.writer,
            create=(
                compose(
                    load_template("entity/function").strip().removesuffix(";"),
                    function=name,
                    settings=join(_render_pins(entity), "\n"),
                    body=dollar_quote(body),
                ),
            ),
            drop=(compose("DROP FUNCTION {function}()", function=name),),
            replaces=True,
        )


def _render_pins(entity: Entity) -> Iterator[sql.Composable]:
    # People's own triggers name their tables without a schema, as a rule that of the table they stand on.
    yield sql.SQL("SET search_path = pg_catalog, {}, pg_temp").format(sql.Identifier(entity.table.schema))
    types = {column.base.base_type_name for column in entity.columns if column.base.type_category != "E"}
    if types - _SETTLED:
        yield sql.SQL("SET TimeZone = 'UTC'")
    if types - _SETTLED - {"timestamptz", "timetz"}:
        for name, value in PINS:
            yield sql.SQL("SET {} = {}").format(sql.Identifier(name.lower()), sql.Literal(value))


def _new(column: EntityColumn) -> sql.Composable:
    return sql.SQL("NEW.{}").format(sql.Identifier(column.name))


def _old(column: EntityColumn) -> sql.Composable:
    return sql.SQL("OLD.{}").format(sql.Identifier(column.name))


def _render_parts(entity: Entity) -> dict[str, sql.Composable]:
    """Return what every body needs: the block around the base write, and the early stop."""
    hides = _hides_detail(entity)
    return {
        "block": sql.SQL("\n    BEGIN") if hides else sql.SQL(""),
        "end_block": sql.SQL("\n    {}").format(sql.SQL(load_template("entity/hide_detail").strip()))
        if hides
        else sql.SQL(""),
        "stop_early": sql.SQL(load_template("entity/stop_early").strip()),
        # All columns are qualified: a bare name is a variable's, whatever people call a column.
        "scope_option": sql.SQL("#variable_conflict use_variable\n" if entity.scope else ""),
        "scope_variables": render_variables(entity.scope),
        # The token may change within a statement, and the scope with it: after_write() wants one task.
        "task_column": sql.SQL(", task_id" if entity.scope else ""),
        "task_value": sql.SQL(
            ", (SELECT s.task_id FROM pgmoat.session_event() AS s)" if entity.scope else ""
        ),
    }


def _hides_detail(entity: Entity) -> bool:
    """
    Whether some agent writes without reading every column and row: hiding costs a subtransaction per row.

    A constraint may be broken by a hidden row, an exclusion constraint's detail shows it.
    """
    return bool(entity.scope) or any(access.writes and not access.sees_all for access in entity.access)


def _render_returning(entity: Entity) -> dict[str, sql.Composable]:
    """Return the stored row and where it goes, and the tests that it stays in scope."""
    returning = [column.decode("b") for column in entity.columns]
    targets = [_new(column) for column in entity.columns]
    if entity.scope:
        returning.append(render_condition(entity.scope, "b"))
        targets.append(sql.SQL("is_in_scope"))
    return {
        "returning": join(returning, ",\n              "),
        "targets": join(targets),
        "scope_flag": sql.SQL("\n    is_in_scope boolean;" if entity.scope else ""),
        "scope_after": render_check_after(entity.name, entity.scope),
    }


def _encode(entity: Entity, column: EntityColumn) -> sql.Composable:
    """Return NEW's value as the base column takes it: the code of a word, an error for a word without one."""
    if not column.values:
        return _new(column)
    branches = (
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(word), column.code_literal(code))
        for code, word in column.values
    )
    refusal = sql.SQL("pgmoat.refuse_value({}, {}, {}, {})::{}").format(
        sql.Literal(entity.name),
        sql.Literal(column.name),
        _new(column),
        sql.SQL("ARRAY[{}]").format(join(sql.Literal(word) for _, word in column.values)),
        Printed(column.base.type_name),
    )
    return sql.SQL("CASE WHEN {new} IS NOT NULL THEN CASE {new} {branches} ELSE {refusal} END END").format(
        new=_new(column), branches=join(branches, " "), refusal=refusal
    )


def _render_insert(entity: Entity) -> sql.Composable:
    values: list[sql.Composable] = []
    for column in entity.inserted:
        value = _encode(entity, column)
        if column.base.identity == "d" and column.base.sequence:
            value = sql.SQL("COALESCE({}, pg_catalog.nextval({}))").format(
                value, sql.Literal(column.base.sequence)
            )
        elif column.base.default is not None and not column.base.default_is_portable:
            # The view cannot carry this default: the agent has no right to evaluate it.
            value = sql.SQL("COALESCE({}, {})").format(value, Printed(column.base.default))
        values.append(value)
    names = join(sql.Identifier(column.base.name) for column in entity.inserted)
    return sql.SQL(load_template("entity/insert_body")).format(
        table=entity.base_table,
        columns=names,
        values=join(values, ",\n            "),
        entity=sql.Literal(entity.name),
        scope_before=render_check_before(entity, entity.inserted, "insert"),
        **_render_parts(entity),
        **_render_returning(entity),
    )


def _render_update(entity: Entity) -> sql.Composable:
    assignments = (
        sql.SQL("{} = {}").format(sql.Identifier(column.base.name), _assign(entity, column))
        for column in entity.updated
    )
    return sql.SQL(load_template("entity/update_body")).format(
        table=entity.base_table,
        assignments=join(assignments, ",\n           "),
        is_unchanged=_render_unchanged(entity),
        entity=sql.Literal(entity.name),
        key=_render_key(entity),
        scope_before=render_check_before(entity, entity.updated, "update"),
        **_render_parts(entity),
        **_render_returning(entity),
    )


def _assign(entity: Entity, column: EntityColumn) -> sql.Composable:
    if not column.values:
        return _new(column)
    # A code that the map lacks reads as NULL; a row that keeps it must not lose it.
    return sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(
        column.compare(_new(column), _old(column)),
        sql.Identifier("b", column.base.name),
        _encode(entity, column),
    )


def _render_delete(entity: Entity) -> sql.Composable:
    soft = entity.policy.delete
    needs_reason = sql.SQL(load_template("entity/delete_reason")).format(entity=sql.Literal(entity.name))
    return sql.SQL(load_template("entity/delete_body")).format(
        reason_check=needs_reason if soft.reason == "required" else sql.SQL(""),
        table=entity.base_table,
        deleted_at=sql.Identifier(soft.deleted_at),
        deleted_by=sql.Identifier(soft.deleted_by),
        **_render_parts(entity),
        delete_reason=sql.Identifier(soft.delete_reason),
        is_unchanged=_render_unchanged(entity),
        entity=sql.Literal(entity.name),
        key=_render_key(entity),
    )


def _render_unchanged(entity: Entity) -> sql.Composable:
    """Return the test that the base row is the one that OLD was read from: in scope, not deleted since."""
    tests: list[sql.Composable] = [
        sql.SQL("{} OPERATOR(pg_catalog.=) {}").format(sql.Identifier("b", column.base.name), _old(column))
        for column in entity.key
    ]
    if entity.soft_delete is not None:
        tests.append(sql.SQL("b.{} IS NULL").format(sql.Identifier(entity.soft_delete.deleted_at)))
    tests += [
        column.compare(column.decode("b"), _old(column))
        for column in entity.columns
        if column not in entity.key
    ]
    if entity.scope:
        tests.append(render_condition(entity.scope, "b"))
    return join(tests, "\n       AND ")


def _render_key(entity: Entity) -> sql.Composable:
    pairs = (sql.SQL("{}, {}").format(sql.Literal(column.name), _old(column)) for column in entity.key)
    return sql.SQL("pg_catalog.jsonb_build_object({})").format(join(pairs))
