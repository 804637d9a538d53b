"""
What an event log tells: the present state, the state at a time, and the last step taken back.

In: Logs. Out: Definitions. I/O: reads SQL templates of the package.
"""

from __future__ import annotations

import re

from pgmoat.compiler.log import Log, load_log, load_log_body, needs_entity
from pgmoat.model.names import SystemRoles
from pgmoat.model.objects import Definition, Kind
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Composable, Printed, compose, dollar_quote, join

_TYPE_MODIFIER = re.compile(r"\(\d+(,-?\d+)?\)")


def compile_current(log: Log, roles: SystemRoles) -> Definition:
    """Return the view of the present state."""
    view = sql.Identifier(log.schema, f"{log.name}_current")
    state = _render_state(log)
    status = state if log.policy.follow else sql.SQL("COALESCE(n.new_status, {})").format(state)
    text = compose(
        load_log("current"),
        view=view,
        entity_key=_render_entity_key(log),
        status=status,
        entity_view=log.entity_view,
        table=log.table,
        matches=log.match("l", "e", is_other_entity=True),
    )
    doc = f"The present state of every row of {log.entity.name}, with its newest event."
    return Definition(
        kind=Kind.VIEW,
        name=f"{log.schema}.{log.name}_current",
        owner="",
        create=(
            text,
            compose("COMMENT ON VIEW {} IS {}", view, sql.Literal(doc)),
            compose("ALTER VIEW {} OWNER TO {}", view, sql.Identifier(roles.views)),
        ),
        drop=(compose("DROP VIEW {}", view),),
        depends_on=needs_entity(log),
    )


def compile_at(log: Log, roles: SystemRoles) -> Definition:
    """Return the function of the state at a time."""
    function, label = sql.Identifier(log.schema, f"{log.name}_at"), sql.Identifier(f"{log.name}_at")
    query = sql.SQL(load_log_body("at_query")).format(
        entity_key=_render_entity_key(log),
        state=_render_state(log),
        entity_view=log.entity_view,
        table=log.table,
        matches=log.match("l", "e", is_other_entity=True),
    )
    asked = [
        (sql.SQL("{}.{}").format(label, sql.Identifier(f"for_{name}")), column) for name, column in log.key
    ]
    body = sql.SQL(load_log_body("at_body")).format(
        label=label,
        query=query,
        is_keyed=join((sql.SQL("{} IS NOT NULL").format(name) for name, _ in asked), " OR "),
        matches_parameters=join(
            (
                sql.SQL("e.{} OPERATOR(pg_catalog.=) {}").format(sql.Identifier(column.name), name)
                for name, column in asked
            ),
            " AND ",
        ),
    )
    text = compose(
        load_log("at"),
        function=function,
        parameters=join(
            sql.SQL("{} {} DEFAULT NULL").format(sql.Identifier(f"for_{name}"), Printed(_bare(type_name)))
            for name, type_name in log.key_types
        ),
        key_definitions=join(
            sql.SQL("{} {}").format(sql.Identifier(name), Printed(_bare(type_name)))
            for name, type_name in log.key_types
        ),
        body=dollar_quote(body),
    )
    doc = f"The state of {log.entity.name} at a time: of all rows, or of the one whose key is given."
    return _compile_function(name_at(log), text, doc, roles)


def compile_undo(log: Log, roles: SystemRoles) -> Definition:
    """Return the function that takes the last step back."""
    function, label = sql.Identifier(log.schema, f"{log.name}_undo"), sql.Identifier(f"{log.name}_undo")
    given = [(name, sql.SQL("{}.{}").format(label, sql.Identifier(name))) for name, _ in log.key]
    body = sql.SQL(load_log_body("undo_body")).format(
        log=sql.Literal(log.name),
        entity=sql.Literal(log.entity.name),
        entity_view=log.entity_view,
        matches_entity=join(
            (
                sql.SQL("e.{} OPERATOR(pg_catalog.=) {}").format(sql.Identifier(column.name), value)
                for (_, column), (_, value) in zip(log.key, given, strict=True)
            ),
            " AND ",
        ),
        table=log.table,
        view=log.view,
        label=label,
        key_names=log.names(),
        parameter_values=join(value for _, value in given),
        matches_parameters=join(
            (
                sql.SQL("l.{} OPERATOR(pg_catalog.=) {}").format(sql.Identifier(n), value)
                for n, value in given
            ),
            " AND ",
        ),
    )
    text = compose(
        load_log("undo"),
        function=function,
        parameters=join(
            sql.SQL("{} {}").format(sql.Identifier(name), Printed(_bare(type_name)))
            for name, type_name in log.key_types
        ),
        body=dollar_quote(body),
    )
    doc = f"Takes the last step of a row of {log.entity.name} back, as a new event."
    return _compile_function(name_undo(log), text, doc, roles)


def _compile_function(name: str, text: str, doc: str, roles: SystemRoles) -> Definition:
    return Definition(
        kind=Kind.FUNCTION,
        name=name,
        owner=roles.views,
        create=(text, compose("COMMENT ON FUNCTION {} IS {}", Printed(name), sql.Literal(doc))),
        drop=(compose("DROP FUNCTION {}", Printed(name)),),
        replaces=True,
    )


def _render_entity_key(log: Log) -> Composable:
    return join(
        sql.SQL("e.{} AS {}").format(sql.Identifier(column.name), sql.Identifier(name))
        for name, column in log.key
    )


def _render_state(log: Log) -> Composable:
    return sql.SQL("e.{}::text").format(sql.Identifier(log.state.name))


def name_at(log: Log) -> str:
    """Return the name of the function of the state at a time, with argument types."""
    types = ",".join(_bare(type_name) for _, type_name in log.key_types)
    return f"{log.schema}.{log.name}_at(timestamp with time zone,{types})"


def name_undo(log: Log) -> str:
    """Return the name of the function that undoes, with argument types."""
    types = ",".join(_bare(type_name) for _, type_name in log.key_types)
    return f"{log.schema}.{log.name}_undo({types},text,text)"


def _bare(type_name: str) -> str:
    """Return a type as PostgreSQL prints it in a function's arguments: without its length."""
    return _TYPE_MODIFIER.sub("", type_name)
