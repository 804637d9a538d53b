"""
Take away what pgmoat made.

In: Actual (with nothing wanted). Out: Plan. I/O: none, but for counting rows that become visible again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from psycopg import Connection

from pgmoat.catalog.actual import read_actual
from pgmoat.catalog.installer import read_installer, read_owners
from pgmoat.compiler.checks.rights import check_installed
from pgmoat.model.action import Action, Cause, Change, Plan
from pgmoat.model.names import SYSTEM_SCHEMA
from pgmoat.model.objects import Actual, AddedColumn, Kind, ObjectKey, Wanted
from pgmoat.plan import quote
from pgmoat.plan.definitions import drop_objects, find_unknown, list_removed
from pgmoat.plan.fit import name_table
from pgmoat.plan.make import fit
from pgmoat.plan.manifest import forget_sql
from pgmoat.plan.roles import end_agent_sql, is_agent, list_removed_roles, remove_roles
from pgmoat.plan.row_policies import drop_row_policy
from pgmoat.plan.rows import remove_row
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import Printed, compose, join

_SYSTEM = (Kind.SCHEMA, SYSTEM_SCHEMA)


def plan_destroy(connection: Connection[Any], *, everything: bool = False) -> Plan:
    """Return the plan that takes pgmoat out of the database that *connection* leads to."""
    installer = read_installer(connection)
    missing = tuple(check_installed(installer))
    if missing:
        return Plan(findings=missing)
    actual = read_actual(connection, Wanted())
    return fit(connection, destroy(actual, everything=everything), actual, installer)


def destroy(actual: Actual, *, everything: bool = False) -> Plan:
    """
    Return what takes away roles, views, functions, triggers, value maps, schemas and privileges.

    Unless *everything* is set, the history stays: pgmoat's tables, which then belong to whoever runs this,
    and the columns of people's tables that keep soft-deleted rows deleted. A later apply takes them over.
    """
    policies = [drop_row_policy(a.policy, has_grants=False) for a in actual.row_policies if a.is_ours]
    if not actual.is_installed:
        columns = [_drop_column(column) for column in actual.added_columns] if everything else []
        return Plan((*policies, *columns), is_first=True)
    removed = set(list_removed(Wanted(), actual))
    unknown = tuple(find_unknown(Wanted(), actual))
    occupied = {
        found.schema
        for key, found in actual.objects.items()
        if key not in actual.recorded and key[0] is not Kind.SCHEMA
    }
    # A schema that holds what pgmoat did not make stays, for whoever runs this.
    staying: set[ObjectKey] = {(Kind.SCHEMA, name) for name in occupied}
    if not everything:
        staying.add(_SYSTEM)
    dropped = removed - staying
    if everything:
        # After an earlier destroy the schema is no longer recorded, but its tables are.
        dropped |= {_SYSTEM} - staying
        dropped |= {key for key, recorded in actual.recorded.items() if _is_system(key, recorded.wanted_hash)}
    roles = list_removed_roles(Wanted(), actual)
    actions = (
        *policies,
        *_end_agents(actual, roles),
        *([] if everything else _close_tasks(actual)),
        *_drop(dropped, actual),
        *remove_roles(roles, actual),
        *([_drop_column(column) for column in actual.added_columns] if everything else []),
    )
    bookkeeping = _forget(actual) if _stays(actual, dropped) else ()
    return Plan(actions, unknown, bookkeeping if actions else ())


def count_hidden_rows(connection: Connection[Any], actual: Actual) -> dict[str, int]:
    """Return per table how many soft-deleted rows people's tables show again once the columns are gone."""
    tables: dict[str, list[AddedColumn]] = defaultdict(list)
    for column in actual.added_columns:
        tables[column.table].append(column)
    installer = read_installer(connection)
    owners = read_owners(connection, map(name_table, tables)) if not installer.is_superuser else {}
    counts: dict[str, int] = {}
    for table, columns in sorted(tables.items()):
        query = compose(
            "SELECT pg_catalog.count(*) FROM {} AS t WHERE pg_catalog.num_nonnulls({}) > 0",
            Printed(columns[0].table_sql),
            join(quote.name("t", column.column) for column in columns),
        )
        with connection.transaction(force_rollback=True):
            owner = owners.get(name_table(table), "")
            if owner and not installer.acts_for(owner):
                connection.execute(compose("SET LOCAL ROLE {}", quote.name(owner)).encode())
            row = connection.execute(query.encode()).fetchone()
        counts[table] = row[0] if row else 0
    return counts


def _end_agents(actual: Actual, roles: list[str]) -> list[Action]:
    """Return what ends the agents' sessions first: their transactions hold the views."""
    return [
        Action(
            Change.CHANGE,
            Cause.POLICY,
            Kind.ROLE,
            role,
            "end its sessions",
            end_agent_sql(role),
        )
        for role in roles
        if is_agent(actual, role) and role in actual.roles
    ]


def _close_tasks(actual: Actual) -> list[Action]:
    """Return what retires agents, closes tasks and makes every token worthless."""
    retired = [remove_row(row) for row in actual.rows if row.table == "agent"]
    if (Kind.TABLE, "pgmoat.task") not in actual.objects or not (retired or actual.roles):
        return retired
    tokens = Action(
        Change.CHANGE,
        Cause.POLICY,
        Kind.TABLE,
        "pgmoat.task",
        "close every task, wipe every token",
        (load_sql("pgmoat.plan", "close_tasks"), load_sql("pgmoat.plan", "replace_token_key")),
    )
    return [*retired, tokens]


def _drop(keys: set[ObjectKey], actual: Actual) -> list[Action]:
    """Return the DROPs; the system tables go in one statement for each kind."""
    system = sorted(
        key for key in keys if key in actual.recorded and _is_system(key, actual.recorded[key].wanted_hash)
    )
    others = drop_objects(keys - set(system), Wanted(), actual)
    statements: list[Action] = []
    for kind in (Kind.VIEW, Kind.TABLE):
        names = [key for key in system if key[0] is kind and key in actual.objects]
        if names:
            listed = join(Printed(actual.objects[key].sql) for key in names)
            text = "drop " + ", ".join(name for _, name in names)
            sql = compose("DROP {} {}", Printed(kind.upper()), listed)
            statements.append(Action(Change.REMOVE, Cause.POLICY, kind, SYSTEM_SCHEMA, text, (sql,)))
    schemas = [action for action in others if action.kind is Kind.SCHEMA]
    return [*(action for action in others if action.kind is not Kind.SCHEMA), *statements, *schemas]


def _drop_column(column: AddedColumn) -> Action:
    return Action(
        Change.REMOVE,
        Cause.POLICY,
        Kind.COLUMN,
        column.name,
        "drop column: rows that it marks as deleted are as visible as all others",
        (compose("ALTER TABLE {} DROP COLUMN {}", Printed(column.table_sql), quote.name(column.column)),),
        on_people_table=column.table,
    )


def _stays(actual: Actual, dropped: set[ObjectKey]) -> bool:
    """Whether the manifest itself is still there afterwards."""
    return (Kind.TABLE, "pgmoat.object") in actual.objects and (Kind.TABLE, "pgmoat.object") not in dropped


def _forget(actual: Actual) -> tuple[str, ...]:
    """Return SQL that leaves in the manifest what is left: the system tables and people's columns."""
    keys = [
        key
        for key, recorded in actual.recorded.items()
        if not (
            key[0] is Kind.COLUMN
            or (key[0] is Kind.ROW and key[1].startswith("entity "))
            or _is_system(key, recorded.wanted_hash)
        )
    ]
    return (forget_sql(keys),) if keys else ()


def _is_system(key: ObjectKey, wanted_hash: str | None) -> bool:
    """Whether a migration made it."""
    return wanted_hash is None and key[0] in (Kind.TABLE, Kind.VIEW)
