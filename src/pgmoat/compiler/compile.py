"""
Compile a policy into everything that it wants in the database.

In: Policy, Catalog. Out: Wanted. I/O: reads SQL files of the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from pgmoat.catalog.snapshot import Catalog
from pgmoat.compiler.entity import Entity, resolve_entities
from pgmoat.compiler.grants import compile_agent_grants, compile_base_grants
from pgmoat.compiler.hidden import compile_hidden, compile_hidden_grants
from pgmoat.compiler.log import resolve_logs
from pgmoat.compiler.log_objects import compile_log, compile_log_grants, compile_log_row, compile_log_table
from pgmoat.compiler.maps import compile_maps
from pgmoat.compiler.monitor import compile_monitor, compile_monitor_grants
from pgmoat.compiler.operations import (
    compile_checks,
    compile_operation,
    compile_operation_grants,
    compile_operation_role,
    resolve_operations,
)
from pgmoat.compiler.people import compile_columns, compile_people_view, compile_row_policies
from pgmoat.compiler.roles import compile_roles, compile_rows
from pgmoat.compiler.system import (
    compile_functions,
    compile_migrations,
    compile_schemas,
    compile_system_grants,
)
from pgmoat.compiler.views import compile_view
from pgmoat.compiler.writes import compile_row_functions
from pgmoat.model.names import OWN_SCHEMAS, SystemRoles
from pgmoat.model.objects import AddedColumn, Definition, Grant, Row, Wanted
from pgmoat.policy.schema import Policy
from pgmoat.postgres import sqltext as sql


def compile_wanted(policy: Policy, catalog: Catalog) -> Wanted:
    """
    Return all that *policy* wants: the policy must have passed the checks against *catalog*.

    Raises:
        KeyError: the policy names a table or column that the catalog lacks.
    """
    roles = policy.settings.system_roles
    entities = resolve_entities(policy, catalog)
    logs = resolve_logs(policy, entities)
    operations = resolve_operations(policy, catalog)
    columns = {column.name: column for entity in entities for column in compile_columns(entity)}
    return Wanted(
        roles=(*compile_roles(policy, catalog), *map(compile_operation_role, operations)),
        migrations=compile_migrations(),
        definitions=(
            *_compile_definitions(policy, entities, roles),
            *(definition for log in logs for definition in compile_log(log, roles)),
            *map(compile_operation, operations),
        ),
        columns=tuple(_missing(columns, catalog)),
        row_policies=tuple(compile_row_policies(entities, roles)),
        data_tables=tuple(compile_log_table(log, roles) for log in logs),
        rows=(*compile_rows(policy), *map(_compile_entity_row, entities), *map(compile_log_row, logs)),
        grants=frozenset(
            (
                *_compile_grants(policy, catalog, entities, roles),
                *(grant for log in logs for grant in compile_log_grants(log, roles)),
                *chain.from_iterable(map(compile_operation_grants, operations)),
            )
        ),
        checks=tuple(chain.from_iterable(map(compile_checks, operations))),
        owner_role=roles.owner,
        own_schemas=(*OWN_SCHEMAS, policy.settings.entity_schema),
    )


def _compile_definitions(
    policy: Policy, entities: tuple[Entity, ...], roles: SystemRoles
) -> Iterator[Definition]:
    schema = policy.settings.entity_schema
    yield from compile_schemas(roles, schema)
    yield from compile_functions(roles)
    yield from compile_monitor(roles)
    for entity in entities:
        yield from compile_maps(entity, roles)
        yield from compile_row_functions(entity, roles)
        yield compile_view(entity, schema, roles)
        yield from compile_hidden(entity, policy.settings)
        people_view = compile_people_view(entity)
        if people_view is not None:
            yield people_view


def _compile_grants(
    policy: Policy, catalog: Catalog, entities: tuple[Entity, ...], roles: SystemRoles
) -> Iterator[Grant]:
    agents = tuple(policy.settings.agent_role(name) for name in policy.agents)
    yield from compile_system_grants(roles, agents, policy.settings.entity_schema)
    yield from compile_monitor_grants(roles)
    database = sql.Identifier(catalog.database).as_string(None)
    for role in agents:
        yield Grant("database", database, None, "CONNECT", role)
    for entity in entities:
        yield from compile_agent_grants(entity, policy.settings)
        yield from compile_base_grants(entity, roles)
        yield from compile_hidden_grants(entity, policy.settings)


def _missing(columns: dict[str, AddedColumn], catalog: Catalog) -> Iterator[AddedColumn]:
    for column in columns.values():
        if catalog.tables[column.table].column(column.column) is None:
            yield column


def _compile_entity_row(entity: Entity) -> Row:
    return Row(
        table="entity",
        name=entity.name,
        values={
            "base_table": entity.policy.table,
            "key_columns": tuple(column.name for column in entity.key),
            "doc": entity.policy.doc,
            "drawn_columns": tuple(column.name for column in entity.drawn),
        },
    )
