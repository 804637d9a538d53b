"""
What agents' roles changed for themselves: settings and password; and their CONNECTION LIMIT, if others did.

In: a connection. Out: RoleChanges. I/O: reads PostgreSQL.

What is wanted stands in the manifest, as apply left it; no policy file is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row

from pgmoat.postgres.foreign import split_settings
from pgmoat.postgres.sqlfile import load_sql

PACKAGE = "pgmoat.watchdog"
_SECRET_PREFIX = "pgmoat."  # noqa: S105 - settings that may hold a token


class Where(StrEnum):
    """Where a role's own setting stands."""

    EVERYWHERE = "everywhere"
    DATABASE = "database"
    LIMIT = "connection limit"
    PASSWORD = "password"  # noqa: S105 - no password


@dataclass(frozen=True, slots=True)
class RoleChange:
    """One thing that differs from what apply made; *wanted* None: it is to be unset."""

    agent: str
    role: str
    where: Where
    key: str
    wanted: str | None
    found: str | None

    @property
    def shown(self) -> str:
        """What was found, as it may be recorded."""
        hides = self.key.startswith(_SECRET_PREFIX) or self.where is Where.PASSWORD
        return "…" if hides and self.found is not None else str(self.found)


def read_changes(connection: psycopg.Connection[Any], *, sees_passwords: bool) -> list[RoleChange]:
    """Return what agents' roles have otherwise than apply left it; passwords only a superuser sees."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(load_sql(PACKAGE, "read_role_settings")).fetchall()
        changes = [change for row in rows for change in compare_settings(row)]
        if changes:  # seldom, and the list of settings takes longer to read than everything else
            fixed = {name for (name,) in connection.execute(load_sql(PACKAGE, "read_fixed_settings"))}
            changes = [change for change in changes if change.key not in fixed]
        changes += [change for row in rows for change in compare_limit(row)]
        if sees_passwords:
            changed = cursor.execute(load_sql(PACKAGE, "read_changed_passwords")).fetchall()
            changes += [
                RoleChange(row["agent"], row["role"], Where.PASSWORD, "password", "as recorded", "another")
                for row in changed
            ]
    return changes


def compare_settings(row: Mapping[str, Any]) -> Iterator[RoleChange]:
    """Yield the differences in one row of ``read_role_settings.sql``."""
    agent, role = row["agent"], row["role"]
    wanted: dict[str, str] = json.loads(row["wanted"])
    found = split_settings(row["settings"])
    for key in sorted(wanted.keys() | found.keys()):
        if wanted.get(key) != found.get(key):
            yield RoleChange(agent, role, Where.EVERYWHERE, key, wanted.get(key), found.get(key))
    for key, value in sorted(split_settings(row["database_settings"]).items()):
        yield RoleChange(agent, role, Where.DATABASE, key, None, value)


def compare_limit(row: Mapping[str, Any]) -> Iterator[RoleChange]:
    """Yield the CONNECTION LIMIT of one row of ``read_role_settings.sql``, if it is another."""
    wanted, found = row["wanted_limit"], str(row["connection_limit"])
    if wanted is not None and wanted != found:
        yield RoleChange(row["agent"], row["role"], Where.LIMIT, "CONNECTION LIMIT", wanted, found)
