"""
Entity views: legible names, decoded values, docstrings, base defaults, triggers.

In: Entities. Out: Definitions. I/O: reads SQL templates of the package.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.compiler.entity import Entity, EntityColumn, map_table
from pgmoat.compiler.scope import ScopeKey
from pgmoat.compiler.templates import load_template
from pgmoat.compiler.writes import name_row_function
from pgmoat.model.names import MAP_SCHEMA, SystemRoles
from pgmoat.model.objects import Definition, Kind
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed, compose, join


def compile_view(entity: Entity, schema: str, roles: SystemRoles) -> Definition:
    """Return the entity's view with its docstrings, base defaults and triggers."""
    view = sql.Identifier(schema, entity.name)
    return Definition(
        kind=Kind.VIEW,
        name=f"{schema}.{entity.name}",
        owner="",
        create=(
            _render_view(entity, view),
            compose("COMMENT ON VIEW {view} IS {doc}", view=view, doc=sql.Literal(entity.policy.doc)),
            *_render_comments(entity, view),
            *_render_defaults(entity, view),
            *_render_triggers(entity, view),
            compose("ALTER VIEW {view} OWNER TO {role}", view=view, role=sql.Identifier(roles.views)),
        ),
        drop=(compose("DROP VIEW {view}", view=view),),
        depends_on=tuple((Kind.TABLE, f"{MAP_SCHEMA}.{c.map_table}") for c in entity.columns if c.map_table),
    )


def _render_view(entity: Entity, view: sql.Identifier) -> str:
    columns: list[sql.Composable] = []
    joins: list[sql.Composable] = []
    for number, column in enumerate(entity.columns, start=1):
        source: sql.Composable = sql.Identifier("b", column.base.name)
        if column.map_table:
            alias = sql.Identifier(f"m{number}")
            joins.append(
                sql.SQL("\n  LEFT JOIN {} AS {} ON {}.code = {}").format(
                    map_table(column), alias, alias, source
                )
            )
            source = sql.SQL("{}.word").format(alias)
        columns.append(sql.SQL("{} AS {}").format(source, sql.Identifier(column.name)))
    return compose(
        load_template("entity/view").strip().removesuffix(";"),
        view=view,
        columns=join(columns, ",\n       "),
        table=entity.base_table,
        joins=join(joins, ""),
        is_active=render_active(entity, "b"),
        entity=sql.Literal(entity.name),
        **_render_scope(entity),
    )


def _render_scope(entity: Entity) -> dict[str, sql.Composable]:
    """
    Return the parts of a view that shows only rows in the task's scope; empty ones for any other.

    The values are read once, and asked for even where no row would need them: a task whose scope lacks the
    key gets an error, not an empty result.
    """
    scope = entity.scope
    if not scope:
        return dict.fromkeys(("options", "values", "is_in_scope", "fence"), sql.SQL(""))
    calls = (
        sql.SQL("{} AS {}").format(key.render(), sql.Identifier(scope.name_values(key))) for key in scope.keys
    )

    are_there = (
        sql.SQL("{} IS NOT NULL").format(sql.Identifier("task_scope", scope.name_values(key)))
        for key in scope.keys
    )

    def read_values(key: ScopeKey) -> sql.Composable:
        # Without the cast this would be ANY over the rows of a subquery.
        name = sql.Identifier("task_scope", scope.name_values(key))
        return sql.SQL("(SELECT {} FROM task_scope)::{}[]").format(name, Printed(key.type))

    return {
        "options": sql.SQL(" WITH (security_barrier = true)"),
        "values": sql.SQL("WITH task_scope AS MATERIALIZED (SELECT {})\n").format(join(calls)),
        "is_in_scope": sql.SQL("{}\n   AND (SELECT {} FROM task_scope) AND ").format(
            scope.render("b", read_values), join(are_there, " AND ")
        ),
        "fence": sql.SQL("\nOFFSET 0" if entity.policy.rows_first else ""),
    }


def render_active(entity: Entity, alias: str) -> sql.Composable:
    """Return the test, ending in AND, that a base row is not soft-deleted; nothing if it cannot be."""
    if entity.soft_delete is None:
        return sql.SQL("")
    return sql.SQL("{} IS NULL AND ").format(sql.Identifier(alias, entity.soft_delete.deleted_at))


def _render_comments(entity: Entity, view: sql.Identifier) -> Iterator[str]:
    for column in entity.columns:
        doc = describe_column(column)
        if doc:
            yield compose(
                "COMMENT ON COLUMN {view}.{column} IS {doc}",
                view=view,
                column=sql.Identifier(column.name),
                doc=sql.Literal(doc),
            )


def describe_column(column: EntityColumn) -> str:
    """Return a column's docstring: its doc, the words it can hold, the entity it points to."""
    parts = [column.doc or column.base.comment or ""]
    if column.values:
        parts.append(f"One of: {', '.join(word for _, word in column.values)}.")
    if column.references:
        parts.append(f"References {column.references}.")
    return " ".join(part for part in parts if part)


def _render_defaults(entity: Entity, view: sql.Identifier) -> Iterator[str]:
    # Without these an INSERT that leaves a column out would give the base table an explicit NULL.
    for column in entity.inserted:
        if column.base.default is None or not column.base.default_is_portable:
            continue
        default: sql.Composable = Printed(column.base.default)
        if column.values:
            default = column.decode_expression(sql.SQL("({})").format(default))
        yield compose(
            "ALTER VIEW {view} ALTER COLUMN {column} SET DEFAULT {default}",
            view=view,
            column=sql.Identifier(column.name),
            default=default,
        )


def _render_triggers(entity: Entity, view: sql.Identifier) -> Iterator[str]:
    operations = entity.operations
    if "insert" in operations:
        yield compose(
            "CREATE TRIGGER gate BEFORE INSERT ON {view} FOR EACH STATEMENT"
            " EXECUTE FUNCTION pgmoat.before_insert()",
            view=view,
        )
    for operation in operations:
        yield compose(
            "CREATE TRIGGER {name} INSTEAD OF {operation} ON {view} FOR EACH ROW"
            " EXECUTE FUNCTION {function}()",
            name=sql.Identifier(f"write_{operation}"),
            operation=Printed(operation.upper()),
            view=view,
            function=name_row_function(entity, operation),
        )
    if operations:
        yield compose(
            "CREATE TRIGGER record AFTER {operations} ON {view} FOR EACH STATEMENT"
            " EXECUTE FUNCTION pgmoat.after_write()",
            operations=Printed(" OR ".join(operation.upper() for operation in operations)),
            view=view,
        )
