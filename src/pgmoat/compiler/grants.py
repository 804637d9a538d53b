"""
Grants on entities and base tables: the smallest set with which the policy works.

In: Entities. Out: Grants. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.compiler.entity import Entity, map_table
from pgmoat.model.names import SystemRoles
from pgmoat.model.objects import Grant
from pgmoat.policy.schema import Settings
from pgmoat.postgres import sqltext as sql

_TYPE_SCHEMA = re.compile(r"""("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)\.""")  # as format_type() prints it


def compile_agent_grants(entity: Entity, settings: Settings) -> Iterator[Grant]:
    """Yield what each holder of an access gets on the entity's view; none gets anything on a base table."""
    view = sql.Identifier(settings.entity_schema, entity.name).as_string(None)
    for holder in entity.access:
        access, role = holder.allowed, holder.role
        if access.select == "all":
            yield Grant("table", view, None, "SELECT", role)
        else:
            for column in entity.selected(access.select):
                yield Grant("table", view, column.name, "SELECT", role)
        for column in entity.insertable(access.insert):
            yield Grant("table", view, column.name, "INSERT", role)
        for column in entity.updatable(access.update):
            yield Grant("table", view, column.name, "UPDATE", role)
        if access.delete and entity.soft_delete is not None:
            yield Grant("table", view, None, "DELETE", role)


def compile_base_grants(entity: Entity, roles: SystemRoles) -> Iterator[Grant]:
    """
    Yield what pgmoat's own roles hold on the base table: columns, and nothing at table level.

    The view owner may only SELECT. So PostgreSQL itself refuses an agent's SELECT FOR UPDATE, and with column
    grants alone also its LOCK TABLE, since both ask for the view owner's rights on the base table.
    """
    table = entity.base_table.as_string(None)
    soft = entity.soft_delete
    readable = [column.base.name for column in entity.columns]
    readable += [soft.deleted_at] if soft is not None else []
    readable += [name for name in entity.scope.read_columns if name not in readable]
    readers = [roles.views] + ([roles.writer] if entity.operations else [])
    for role in readers:
        for schema in _used_schemas(entity):
            yield Grant("schema", sql.Identifier(schema).as_string(None), None, "USAGE", role)
        for name in readable:
            yield Grant("table", table, name, "SELECT", role)
        yield from _compile_parent_grants(entity, role)
    for column in entity.columns:
        if column.map_table:
            yield Grant("table", map_table(column).as_string(None), None, "SELECT", roles.views)
    yield from _compile_writer_grants(entity, roles.writer, table)


def _compile_parent_grants(entity: Entity, role: str) -> Iterator[Grant]:
    """Yield what *role* must read of the tables that the entity's scope leads through."""
    for parent in entity.scope.parents:
        names = [parent.key.name, *(test.column.name for test in parent.tests)]
        names += [parent.deleted_at] if parent.deleted_at is not None else []
        yield Grant("schema", sql.Identifier(parent.table.schema).as_string(None), None, "USAGE", role)
        for name in names:
            yield Grant("table", parent.base_table.as_string(None), name, "SELECT", role)


def _compile_writer_grants(entity: Entity, writer: str, table: str) -> Iterator[Grant]:
    for column in entity.inserted:
        yield Grant("table", table, column.base.name, "INSERT", writer)
    for column in entity.updated:
        yield Grant("table", table, column.base.name, "UPDATE", writer)
    if entity.is_deletable:
        for name in entity.policy.managed_columns:
            yield Grant("table", table, name, "UPDATE", writer)
    if entity.inserted:
        for sequence in {column.sequence for column in entity.table.columns if column.sequence}:
            yield Grant("sequence", sequence, None, "USAGE", writer)


def _used_schemas(entity: Entity) -> set[str]:
    """Return the schemas of the base table and of its columns' types."""
    schemas = {entity.table.schema}
    for column in entity.columns:
        match = _TYPE_SCHEMA.match(column.base.type_name)
        if match is not None:
            schemas.add(match[1].strip('"').replace('""', '"'))
    return schemas
