"""
Whose database is looked at: the agents' roles and the entities' tables.

In: a connection, a policy or none. Out: Target. I/O: reads pgmoat.agent and pgmoat.entity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.policy.schema import Policy
from pgmoat.postgres.sqlfile import load_sql

PACKAGE = "pgmoat.doctor"


@dataclass(frozen=True, slots=True)
class Target:
    """What the checks are about."""

    database: str
    user: str
    is_installed: bool  # there is a schema pgmoat
    is_readable: bool  # and its tables can be read
    agent_roles: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()  # schema.table
    accepted: frozenset[str] = frozenset()  # objects that the policy accepts to be reached


@dataclass(frozen=True, slots=True)
class _Installed:
    """The row of ``read_installed.sql``."""

    is_installed: bool
    is_readable: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """The row of ``read_known.sql``."""

    agent_roles: list[str]
    tables: list[str]


def read_target(connection: Connection[Any], policy: Policy | None) -> Target:
    """Return what *policy* and the database name together: an agent may be in one of them only."""
    with connection.cursor(row_factory=class_row(_Installed)) as cursor:
        installed = cursor.execute(load_sql(PACKAGE, "read_installed")).fetchall()[0]
    roles: set[str] = set()
    tables: set[str] = set()
    accepted: set[str] = set()
    if installed.is_readable:
        with connection.cursor(row_factory=class_row(_Known)) as cursor:
            known = cursor.execute(load_sql(PACKAGE, "read_known")).fetchall()[0]
        roles.update(known.agent_roles)
        tables.update(known.tables)
    if policy is not None:
        roles.update(policy.settings.agent_role(agent) for agent in policy.agents)
        tables.update(entity.table for entity in policy.entities.values())
        accepted.update(entry.object.strip() for entry in policy.accept)
    return Target(
        database=connection.info.dbname,
        user=connection.info.user,
        is_installed=installed.is_installed,
        is_readable=installed.is_readable,
        agent_roles=tuple(sorted(roles)),
        tables=tuple(sorted(tables)),
        accepted=frozenset(accepted),
    )
