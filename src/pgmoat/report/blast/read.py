"""
Read the privileges of a database into a snapshot.

In: a connection. Out: Snapshot. I/O: reads system catalogs and pgmoat's own tables; changes nothing.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeVar

from psycopg import Connection, errors
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from pgmoat.catalog.arrays import freeze_array
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.blast.snapshot import (
    AgentFact,
    CascadeFact,
    DefaultFact,
    FunctionFact,
    GrantFact,
    HbaFact,
    Manifest,
    ManifestGrant,
    MappingFact,
    MembershipFact,
    ObjectFact,
    PolicyFact,
    RelationFact,
    RewriteFact,
    RoleFact,
    SecretFact,
    Server,
    SettingFact,
    Snapshot,
    TriggerFact,
)

_PACKAGE = "pgmoat.report.blast"

Noun = TypeVar("Noun")


def read_snapshot(connection: Connection[Any]) -> Snapshot:
    """
    Return the privileges of the connection's database, for any role, as one snapshot.

    An open transaction is used as it is and stays open, otherwise a REPEATABLE READ READ ONLY one is. What
    the reader may not see is left out, and said in ``notes``.
    """
    is_own_transaction = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction(force_rollback=True):
        if is_own_transaction:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL search_path = pg_catalog")
        connection.execute("SET LOCAL jit = off")
        return _read_all(connection)


def _read_all(connection: Connection[Any]) -> Snapshot:
    server = _read(connection, "read_server", Server)[0]
    notes: list[str] = []
    mappings = tuple(_read(connection, "read_mappings", MappingFact))
    if any(mapping.has_password is None for mapping in mappings):
        notes.append(
            f"{server.reader} may not see the options of all user mappings: they may store passwords or none"
        )
    own = _read_own(connection, server, notes)
    return Snapshot(
        server=server,
        roles={role.oid: role for role in _read(connection, "read_roles", RoleFact)},
        memberships=tuple(_read(connection, "read_memberships", MembershipFact)),
        grants=tuple(_read(connection, "read_grants", GrantFact)),
        relations={fact.oid: fact for fact in _read(connection, "read_relations", RelationFact)},
        columns=_read_columns(connection),
        functions={fact.oid: fact for fact in _read(connection, "read_functions", FunctionFact)},
        objects=tuple(_read(connection, "read_objects", ObjectFact)),
        rewrites=tuple(_read(connection, "read_rewrites", RewriteFact)),
        triggers=tuple(_read(connection, "read_triggers", TriggerFact)),
        cascades=tuple(_read(connection, "read_cascades", CascadeFact)),
        children=tuple((row["child"], row["parent"]) for row in _rows(connection, "read_children")),
        callers=tuple((row["relation"], row["function"]) for row in _rows(connection, "read_callers")),
        secrets=tuple(_read(connection, "read_secret_views", SecretFact)),
        policies=tuple(_read(connection, "read_policies", PolicyFact)),
        defaults=tuple(_read(connection, "read_defaults", DefaultFact)),
        mappings=mappings,
        settings=tuple(_read(connection, "read_settings", SettingFact)),
        database_settings=tuple(row["setting"] for row in _rows(connection, "read_database_settings")),
        hba=_read_hba(connection, server, notes),
        manifest=own[0],
        agents=own[1],
        entities=own[2],
        notes=tuple(notes),
    )


def _read_own(
    connection: Connection[Any], server: Server, notes: list[str]
) -> tuple[Manifest | None, tuple[AgentFact, ...] | None, Mapping[str, str]]:
    """Return pgmoat's manifest, agents and entities, as far as the reader may see them."""
    if not server.is_installed:
        return None, None, {}
    if not server.is_manifest_readable:
        notes.append(
            f"{server.reader} may not read pgmoat's own tables: what the policy granted is not told apart,"
            " and the agents' limits are unknown; a member of the monitor or owner role, or a superuser, can"
        )
        return None, None, {}
    manifest = _make_manifest(_rows(connection, "read_manifest"))
    try:
        with connection.transaction():
            agents = tuple(_read(connection, "read_agents", AgentFact))
            entities = {row["name"]: row["base_table"] for row in _rows(connection, "read_entities")}
    except errors.InsufficientPrivilege:
        notes.append(f"{server.reader} may not read pgmoat's agents: their limits are unknown")
        return manifest, None, {}
    return manifest, agents, entities


def _make_manifest(rows: list[dict[str, Any]]) -> Manifest:
    grants: set[ManifestGrant] = set()
    for row in rows:
        if row["kind"] != "grant":
            continue
        detail = row["detail"]
        privileges: dict[str, list[str | None]] = json.loads(detail["privileges"])
        for privilege, columns in privileges.items():
            for column in columns:
                grants.add((detail["object_kind"], detail["object"], privilege, column, detail["grantee"]))
    return Manifest(
        grants=frozenset(grants),
        roles=frozenset(row["name"] for row in rows if row["kind"] == "role"),
        objects=frozenset((row["kind"], row["name"]) for row in rows if row["kind"] != "grant"),
    )


def _read_hba(connection: Connection[Any], server: Server, notes: list[str]) -> tuple[HbaFact, ...] | None:
    if not server.is_hba_readable:
        notes.append(
            f"{server.reader} may not read pg_hba_file_rules(): from where roles may log in is not known"
        )
        return None
    return tuple(_read(connection, "read_hba", HbaFact))


def _read_columns(connection: Connection[Any]) -> dict[int, Mapping[int, str]]:
    columns: dict[int, dict[int, str]] = defaultdict(dict)
    for row in _rows(connection, "read_columns"):
        columns[row["relation"]][row["number"]] = row["name"]
    return dict(columns)


def _rows(connection: Connection[Any], name: str) -> list[dict[str, Any]]:
    query = load_sql(_PACKAGE, name, connection.info.server_version)
    with connection.cursor(row_factory=dict_row) as cursor:
        return [
            {column: freeze_array(value) for column, value in row.items()} for row in cursor.execute(query)
        ]


def _read(connection: Connection[Any], name: str, noun: type[Noun]) -> list[Noun]:
    return [noun(**row) for row in _rows(connection, name)]
