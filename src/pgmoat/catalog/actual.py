"""
Read what pgmoat made in the database, and what others did to it.

In: a connection, and what is wanted (it names roles, schemas, views and columns). Out: Actual. I/O: reads
PostgreSQL's system catalogs and pgmoat's own tables; changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, tuple_row

from pgmoat.catalog.arrays import freeze_array
from pgmoat.catalog.closures import read_recorded_closures
from pgmoat.catalog.fingerprint import compose_fingerprint
from pgmoat.model.names import ADDED_COLUMN_COMMENT, OWN_SCHEMAS, ROW_POLICY, ROW_POLICY_COMMENT
from pgmoat.model.objects import (
    Actual,
    ActualObject,
    ActualRole,
    ActualRowPolicy,
    AddedColumn,
    Grant,
    Kind,
    Membership,
    ObjectKey,
    Recorded,
    Role,
    Row,
    RowPolicy,
    Wanted,
)
from pgmoat.postgres.foreign import split_settings
from pgmoat.postgres.sqlfile import load_sql

_AGENT_COLUMNS = (
    "role",
    "version",
    "statement_timeout_ms",
    "rows_per_statement",
    "writes_per_task",
    "writes_per_hour",
    "bytes_per_task",
    "task_duration_ms",
    "task_mode",
    "tasks_per_hour",
    "transaction_timeout_ms",
    "idle_timeout_ms",
    "repeats_per_minute",
    "requires_watchdog",
    "max_connections",
    "surge_factor",
    "surge_floor",
    "on_trip",
    "approval_statement_rows",
    "approval_task_rows",
    "approval_expires_ms",
)
_ENTITY_COLUMNS = ("base_table", "key_columns", "doc", "drawn_columns")


@dataclass(frozen=True, slots=True)
class _Installed:
    """What stands in schema pgmoat."""

    recorded: Mapping[ObjectKey, Recorded]
    migrations: frozenset[int]
    rows: tuple[Row, ...]
    password_verifiers: Mapping[str, str]
    hard_frozen: frozenset[str]


def read_actual(connection: Connection[Any], wanted: Wanted) -> Actual:
    """
    Return the part of the database that *wanted* and the manifest are about, as one snapshot of it.

    An empty ``Wanted()`` reads what the manifest names. An open transaction is used as it is and stays open,
    otherwise a REPEATABLE READ READ ONLY one is; deparsing views locks their tables in ACCESS SHARE mode
    until it ends.
    """
    is_own_transaction = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction(force_rollback=True):
        if is_own_transaction:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL search_path = pg_catalog")
        connection.execute("SET LOCAL jit = off")
        place = _read(connection, "read_actual_place")[0]
        installed = _read_installed(connection) if place["is_installed"] else None
        return _assemble(
            connection, wanted, place, installed or _Installed({}, frozenset(), (), {}, frozenset())
        )


def list_schemas(wanted: Wanted, recorded: Mapping[ObjectKey, Recorded]) -> list[str]:
    """Return the schemas in which everything is pgmoat's: as wanted, and as they were."""
    return sorted({*OWN_SCHEMAS, *wanted.own_schemas, *_list_recorded(recorded, Kind.SCHEMA)})


def list_outside_views(wanted: Wanted, recorded: Mapping[ObjectKey, Recorded]) -> list[str]:
    """Return the views that pgmoat makes, or made; those outside its schemas have to be named to be read."""
    views = {definition.name for definition in wanted.definitions if definition.kind is Kind.VIEW}
    schemas = tuple(f"{schema}." for schema in list_schemas(wanted, recorded))
    return sorted(
        name for name in views | set(_list_recorded(recorded, Kind.VIEW)) if not name.startswith(schemas)
    )


def _list_recorded(recorded: Mapping[ObjectKey, Recorded], kind: Kind) -> list[str]:
    return [name for recorded_kind, name in recorded if recorded_kind is kind]


def _assemble(
    connection: Connection[Any], wanted: Wanted, place: Mapping[str, Any], installed: _Installed
) -> Actual:
    recorded = installed.recorded
    schemas = list_schemas(wanted, recorded)
    names = sorted({*(role.name for role in wanted.roles), *_list_recorded(recorded, Kind.ROLE)})
    columns = {column.name for column in wanted.columns} | set(_list_recorded(recorded, Kind.COLUMN))
    found = _read(
        connection, "read_actual_columns", {"columns": sorted(columns), "mark": ADDED_COLUMN_COMMENT}
    )
    grants = _read_grants(connection, {"roles": names, "schemas": schemas})
    return Actual(
        is_installed=place["is_installed"],
        database=place["database"],
        roles=_read_roles(connection, names, has_passwords=place["has_passwords"]),
        migrations=installed.migrations,
        objects=_read_objects(connection, schemas, list_outside_views(wanted, recorded), place["map_tables"]),
        recorded=recorded,
        columns=frozenset(f"{row['table_name']}.{row['column_name']}" for row in found),
        added_columns=tuple(
            AddedColumn(row["table_name"], row["table_sql"], row["column_name"], row["type_name"])
            for row in found
            if row["is_added"]
        ),
        row_policies=_read_row_policies(connection, wanted),
        rows=installed.rows,
        grants=frozenset(grant for grant, _, _ in grants),
        grant_options=frozenset(grant for grant, _, is_grantable in grants if is_grantable),
        grantors=_list_grantors(grants),
        password_verifiers=installed.password_verifiers,
        hard_frozen=installed.hard_frozen,
        closures=read_recorded_closures(connection),
    )


def _read_row_policies(connection: Connection[Any], wanted: Wanted) -> tuple[ActualRowPolicy, ...]:
    parameters = {
        "tables": sorted(policy.table for policy in wanted.row_policies),
        "name": ROW_POLICY,
        "mark": ROW_POLICY_COMMENT,
    }
    return tuple(
        ActualRowPolicy(
            RowPolicy(row["table_name"], row["table_sql"], tuple(row["roles"])),
            is_ours=row["is_ours"],
            is_intact=row["is_intact"],
        )
        for row in _read(connection, "read_actual_row_policies", parameters)
    )


def _read_installed(connection: Connection[Any]) -> _Installed:
    agents = _read(connection, "read_actual_agents")
    entities = _read(connection, "read_actual_entities")
    rows = [
        Row("agent", row["name"], {key: row[key] for key in _AGENT_COLUMNS})
        for row in agents
        if not row["is_retired"]
    ]
    rows += [
        Row("entity", row["name"], {key: freeze_array(row[key]) for key in _ENTITY_COLUMNS})
        for row in entities
    ]
    return _Installed(
        recorded={
            (Kind(row["kind"]), row["name"]): Recorded(row["wanted_hash"], row["actual_hash"], row["detail"])
            for row in _read(connection, "read_actual_manifest")
        },
        migrations=frozenset(row["number"] for row in _read(connection, "read_actual_migrations")),
        rows=tuple(rows),
        password_verifiers={
            row["role"]: row["password_verifier"] for row in agents if row["password_verifier"]
        },
        hard_frozen=frozenset(row["role"] for row in agents if row["is_hard_frozen"]),
    )


def _read_roles(
    connection: Connection[Any], names: Sequence[str], *, has_passwords: bool
) -> dict[str, ActualRole]:
    parameters = {"roles": list(names)}
    verifiers: dict[str, str | None] = {}
    if has_passwords:
        verifiers = {
            row["role"]: row["password_verifier"]
            for row in _read(connection, "read_actual_verifiers", parameters)
        }
    return {
        row["name"]: ActualRole(
            role=Role(
                name=row["name"],
                is_agent=False,
                login=row["login"],
                connection_limit=row["connection_limit"],
                settings=_sort_settings(row["settings"]),
                comment=row["comment"],
            ),
            powers=tuple(row["powers"]),
            member_of=tuple(Membership(role, grantor) for role, grantor in row["member_of"]),
            password_verifier=verifiers.get(row["name"]),
            is_password_visible=has_passwords,
            database_settings=_sort_settings(row["database_settings"]),
        )
        for row in _read(connection, "read_actual_roles", parameters)
    }


def _read_objects(
    connection: Connection[Any], schemas: Sequence[str], views: Sequence[str], map_tables: Sequence[str]
) -> dict[ObjectKey, ActualObject]:
    query = compose_fingerprint(schemas, views, map_tables).encode()
    with connection.cursor(row_factory=dict_row) as cursor:
        return {
            (Kind(row["kind"]), row["name"]): ActualObject(
                row["hash"], row["owner"], row["sql"], row["schema"]
            )
            for row in cursor.execute(query)
        }


def _read(
    connection: Connection[Any], name: str, parameters: Mapping[str, object] | None = None
) -> list[dict[str, Any]]:
    query: LiteralString = load_sql("pgmoat.catalog", name, connection.info.server_version)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _read_grants(
    connection: Connection[Any], parameters: Mapping[str, object]
) -> list[tuple[Grant, str, bool]]:
    """Return each privilege, who gave it, and whether it may be passed on."""
    query = load_sql("pgmoat.catalog", "read_actual_grants", connection.info.server_version)
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [
            (Grant(*row), grantor, is_grantable)
            for *row, grantor, is_grantable in cursor.execute(query, parameters)
        ]


def _list_grantors(grants: Sequence[tuple[Grant, str, bool]]) -> dict[Grant, tuple[str, ...]]:
    """Return who gave each of the privileges that somebody else than the object's owner gave too."""
    foreign = {grant for grant, grantor, _ in grants if grantor}
    grantors: dict[Grant, list[str]] = defaultdict(list)
    for grant, grantor, _ in grants:
        if grant in foreign:
            grantors[grant].append(grantor)
    return {grant: tuple(sorted(names)) for grant, names in grantors.items()}


def _sort_settings(settings: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(split_settings(settings).items()))
