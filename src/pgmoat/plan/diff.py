"""
Wanted minus actual.

In: Wanted, Actual. Out: Plan. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgmoat.model.action import Action, Cause, Change, Plan
from pgmoat.model.names import ADDED_COLUMN_COMMENT
from pgmoat.model.objects import Actual, AddedColumn, Kind, Migration, Wanted
from pgmoat.plan import quote
from pgmoat.plan.data_tables import check_data_tables, make_data_tables
from pgmoat.plan.definitions import DefinitionDiff, diff_definitions, find_unknown
from pgmoat.plan.grants import diff_grants, quote_sequences, read_recorded_grants
from pgmoat.plan.manifest import compose_bookkeeping
from pgmoat.plan.roles import diff_roles, find_foreign_roles, list_removed_roles, remove_roles
from pgmoat.plan.row_policies import diff_row_policies, find_foreign_policies, list_deferred_grants
from pgmoat.plan.rows import diff_rows
from pgmoat.postgres.sqltext import Printed, compose, join


def diff(wanted: Wanted, actual: Actual) -> Plan:
    """
    Return every step from *actual* to *wanted*, in order; empty right after apply.

    Roles and schemas come first, then pgmoat's own tables, then what is dropped and what is made, the rows
    that mirror the policy, the privileges, and last the roles that go.
    """
    wanted = replace(wanted, grants=quote_sequences(wanted.grants))
    migrations = [migration for migration in wanted.migrations if migration.number not in actual.migrations]
    definitions = diff_definitions(wanted, actual)
    removed_roles = list_removed_roles(wanted, actual)
    actions = (
        *_add_columns(wanted.columns, actual),
        *_collect_statistics(wanted.columns, actual),
        *diff_roles(wanted, actual),
        *definitions.schemas,
        *(_migrate(migration, wanted.owner_role) for migration in migrations),
        *make_data_tables(wanted, actual),
        *definitions.drops,
        *definitions.creates,
        *diff_rows(wanted.rows, actual),
        *_diff_grants(wanted, actual, definitions, removed_roles),
        *definitions.schema_drops,
        *remove_roles(removed_roles, actual),
        *diff_row_policies(wanted, actual),
    )
    return Plan(
        actions=actions,
        findings=(
            *find_foreign_roles(wanted, actual),
            *find_foreign_policies(wanted, actual),
            *find_unknown(wanted, actual),
            *check_data_tables(wanted, actual),
        ),
        checks=wanted.checks if any(not action.on_people_table for action in actions) else (),
        bookkeeping=_keep_books(wanted, actual, definitions, has_migrations=bool(migrations))
        if actions
        else (),
        is_first=not actual.is_installed,
    )


def _keep_books(
    wanted: Wanted, actual: Actual, definitions: DefinitionDiff, *, has_migrations: bool
) -> tuple[str, ...]:
    ours = {column.name for column in actual.added_columns}
    ours |= {column.name for column in wanted.columns if column.name not in actual.columns}
    return compose_bookkeeping(
        wanted, actual, sorted(ours), definitions.touched, has_migrations=has_migrations
    )


def _add_columns(columns: Sequence[AddedColumn], actual: Actual) -> list[Action]:
    """Return the ALTERs of people's tables; a column that exists is left as it is."""
    return [
        Action(
            Change.ADD,
            Cause.DRIFT if (Kind.COLUMN, column.name) in actual.recorded else Cause.POLICY,
            Kind.COLUMN,
            column.name,
            f"add column of type {column.type_name}: SELECT * of people shows it",
            (
                compose(
                    "ALTER TABLE {} ADD COLUMN {} {}",
                    Printed(column.table_sql),
                    quote.name(column.column),
                    Printed(column.type_name),
                ),
                compose(
                    "COMMENT ON COLUMN {}.{} IS {}",
                    Printed(column.table_sql),
                    quote.name(column.column),
                    quote.value(ADDED_COLUMN_COMMENT),
                ),
            ),
            on_people_table=column.table,
        )
        for column in columns
        if column.name not in actual.columns
    ]


def _collect_statistics(columns: Sequence[AddedColumn], actual: Actual) -> list[Action]:
    """
    Return an ANALYZE for each table that gets columns.

    Without statistics PostgreSQL takes a new column to be NULL in half a percent of the rows, and plans every
    query over the entity for that few; on a table at rest autovacuum would leave it so.
    """
    tables: dict[str, list[AddedColumn]] = {}
    for column in columns:
        if column.name not in actual.columns:
            tables.setdefault(column.table, []).append(column)
    return [
        Action(
            Change.CHANGE,
            Cause.POLICY,
            Kind.TABLE,
            table,
            "collect statistics of the new columns: blocks no read and no write",
            (
                compose(
                    "ANALYZE {} ({})",
                    Printed(added[0].table_sql),
                    join(quote.name(column.column) for column in added),
                ),
            ),
            on_people_table=table,
        )
        for table, added in tables.items()
    ]


def _migrate(migration: Migration, owner: str) -> Action:
    record = compose(
        "INSERT INTO pgmoat.migration (number, name) VALUES ({}, {})",
        quote.value(migration.number),
        quote.value(migration.name),
    )
    return Action(
        Change.ADD,
        Cause.POLICY,
        Kind.MIGRATION,
        f"{migration.number:04d} {migration.name}",
        "change pgmoat's own tables",
        (migration.sql, record),
        owner,
    )


def _diff_grants(
    wanted: Wanted, actual: Actual, definitions: DefinitionDiff, removed_roles: Sequence[str]
) -> list[Action]:
    """Return grants and revokes; what is dropped takes its privileges along, and so does a role."""
    dropped = {actual.objects[key].sql for key in definitions.dropped}
    # Privileges on what the policy makes anew are given anew; on what drift makes anew, given back.
    renewed = {
        actual.objects[(action.kind, action.name)].sql
        for action in definitions.drops
        if action.cause is Cause.POLICY
    }
    gone = set(removed_roles)

    found = actual.grants
    if dropped or gone:
        found = frozenset(g for g in found if g.object not in dropped and g.grantee not in gone)
    applied = read_recorded_grants(actual.recorded, wanted.grants ^ found)
    return diff_grants(
        wanted.grants - list_deferred_grants(wanted, actual),
        found,
        frozenset(grant for grant in applied if grant.object not in renewed),
        actual.grant_options,
        actual.grantors,
    )
