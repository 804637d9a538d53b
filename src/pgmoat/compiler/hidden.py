"""
Functions that count hidden rows: what an agent may know of rows that it does not see.

In: Entities. Out: Definitions and Grants. I/O: reads SQL templates of the package.

Only for entities whose policy tells of hidden rows. The conditions are equalities with columns that the
caller itself may select: it learns that rows with values of its own choice are there, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.compiler.entity import Entity, EntityColumn, map_table
from pgmoat.compiler.scope import ScopeKey, Values, find_element_type
from pgmoat.compiler.scope_writes import render_variables
from pgmoat.compiler.templates import load_template
from pgmoat.model.objects import Definition, Grant, Kind
from pgmoat.policy.hidden import name_hidden
from pgmoat.policy.schema import Settings
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Composable, Printed, compose, dollar_quote, join

_TIMES = frozenset(("date", "time", "timestamp", "timestamptz", "float4", "float8"))
_CONDITIONS = 1
"""The number of the parameter that holds the conditions; the values of the task's scope follow."""


def compile_hidden(entity: Entity, settings: Settings) -> Iterator[Definition]:
    """Yield the function that counts an entity's hidden rows, where the policy tells of any."""
    kinds = _list_kinds(entity)
    if not kinds:
        return
    schema = settings.entity_schema
    function = sql.Identifier(schema, name_hidden(entity.name))
    view = sql.Identifier(schema, entity.name).as_string(None)
    body = sql.SQL(load_template("entity/hidden_body").rstrip()).format(
        variables=render_variables(entity.scope),
        entity=sql.Literal(entity.name),
        view=sql.Literal(view),
        tests=join((_render_test(column) for column in entity.columns), ""),
        counts=join((_render_count(entity, kind) for kind in kinds), ""),
    )
    doc = f"Counts rows of {entity.name} that the caller does not see: {', '.join(kinds)}."
    yield Definition(
        kind=Kind.FUNCTION,
        name=_name_function(entity, settings),
        owner=settings.system_roles.views,
        create=(
            compose(
                load_template("entity/hidden").strip().removesuffix(";"),
                function=function,
                body=dollar_quote(body),
            ),
            compose("COMMENT ON FUNCTION {}(jsonb) IS {}", function, sql.Literal(doc)),
        ),
        drop=(compose("DROP FUNCTION {}(jsonb)", function),),
        replaces=True,
    )


def compile_hidden_grants(entity: Entity, settings: Settings) -> Iterator[Grant]:
    """Yield who may call the function: agents that may read the entity."""
    if not _list_kinds(entity):
        return
    for access in entity.access:
        if access.path[0] == "agents" and access.allowed.select:
            yield Grant("function", _name_function(entity, settings), None, "EXECUTE", access.role)


def _list_kinds(entity: Entity) -> tuple[str, ...]:
    """Return which hidden rows there can be and may be told of."""
    can_be = {"deleted": entity.soft_delete is not None, "out_of_scope": bool(entity.scope)}
    return tuple(kind for kind, is_there in can_be.items() if is_there and kind in entity.policy.tell_hidden)


def _name_function(entity: Entity, settings: Settings) -> str:
    return f"{settings.entity_schema}.{name_hidden(entity.name)}(jsonb)"


def _render_test(column: EntityColumn) -> Composable:
    """Return the branch that gives a column's test as text: for NULL, and for a value."""
    value = sql.SQL("(${}::jsonb ->> {})").format(Printed(str(_CONDITIONS)), sql.Literal(column.name))
    is_null, equals = _render_mapped(column, value) if column.values else _render_plain(column, value)
    branch = (
        "\n                WHEN {} THEN CASE jsonb_typeof(conditions -> column_name)"
        " WHEN 'null' THEN {} ELSE {} END"
    )
    return sql.SQL(branch).format(
        sql.Literal(column.name),
        sql.Literal(is_null.as_string(None)),
        sql.Literal(equals.as_string(None)),
    )


def _render_plain(column: EntityColumn, value: Composable) -> tuple[Composable, Composable]:
    source = sql.Identifier("b", column.base.name)
    type_name = find_element_type(column.base)
    if type_name is None and column.base.base_type_name in _TIMES:
        type_name = f"pg_catalog.{column.base.base_type_name}"
    type_name = type_name or "text"
    compared = sql.SQL("{}::text").format(source) if type_name == "text" else source
    equals = sql.SQL("{} OPERATOR(pg_catalog.=) {}::{}").format(compared, value, Printed(type_name))
    return sql.SQL("{} IS NULL").format(source), equals


def _render_mapped(column: EntityColumn, word: Composable) -> tuple[Composable, Composable]:
    """Return tests by the word; a code without one reads as NULL."""
    table, source = map_table(column), sql.Identifier("b", column.base.name)
    is_null = sql.SQL("NOT EXISTS (SELECT FROM {} AS m WHERE m.code::text = {}::text)").format(table, source)
    equals = sql.SQL("EXISTS (SELECT FROM {} AS m WHERE m.word = {} AND m.code::text = {}::text)").format(
        table, word, source
    )
    return is_null, equals


def _render_count(entity: Entity, kind: str) -> Composable:
    active = entity.soft_delete
    conditions: list[Composable] = []
    if active is not None:
        deleted_at = sql.Identifier("b", active.deleted_at)
        gone = sql.SQL("{} IS NOT NULL" if kind == "deleted" else "{} IS NULL").format(deleted_at)
        conditions.append(gone)
    if entity.scope:
        scope = entity.scope.render("b", _read_parameter(entity))
        test = "({}) IS TRUE" if kind == "deleted" else "({}) IS NOT TRUE"
        conditions.append(sql.SQL(test).format(scope))
    query = sql.SQL("SELECT pg_catalog.count(*)::integer FROM (SELECT FROM {} AS b WHERE {}").format(
        entity.base_table, join(conditions, " AND ")
    )
    names = (sql.Identifier(entity.scope.name_values(key)) for key in entity.scope.keys)
    return sql.SQL(load_template("entity/hidden_count").rstrip()).format(
        query=sql.Literal(query.as_string(None)),
        values=join((sql.SQL(", {}").format(name) for name in names), ""),
        kind=sql.Literal(kind),
    )


def _read_parameter(entity: Entity) -> Values:
    def read(key: ScopeKey) -> Composable:
        number = entity.scope.keys.index(key) + _CONDITIONS + 1
        return Printed(f"${number}")

    return read
