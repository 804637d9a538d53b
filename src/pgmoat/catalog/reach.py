"""
Read what an agent's role reaches without a grant of its own.

In: a connection, the policy's names. Out: Reach. I/O: reads system catalogs.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.catalog.request import CatalogRequest
from pgmoat.catalog.snapshot import Reach
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.catalog"


def read_reach(connection: Connection[Any], policy: CatalogRequest, server_version: int) -> tuple[Reach, ...]:
    """
    Return what PUBLIC reaches, then the memberships of the agents' roles that exist already.

    Needs ``search_path = pg_catalog``, so that functions and argument types come qualified.
    """
    entity_schema = {"entity_schema": policy.settings.entity_schema}
    agent_roles = [policy.settings.agent_role_prefix + agent for agent in policy.agents]
    with connection.cursor(row_factory=class_row(Reach)) as cursor:
        return (
            *cursor.execute(load_sql(_PACKAGE, "read_public_relations"), entity_schema).fetchall(),
            *cursor.execute(load_sql(_PACKAGE, "read_public_functions"), entity_schema).fetchall(),
            *cursor.execute(load_sql(_PACKAGE, "read_public_places"), entity_schema).fetchall(),
            *cursor.execute(
                load_sql(_PACKAGE, "read_memberships", server_version), {"agent_roles": agent_roles}
            ).fetchall(),
            *cursor.execute(
                load_sql(_PACKAGE, "read_chained_memberships"),
                {"agent_roles": agent_roles, "system_roles": list(policy.settings.system_roles)},
            ).fetchall(),
        )
