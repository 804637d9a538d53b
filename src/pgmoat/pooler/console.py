"""
What PgBouncer's admin console says.

In: a DSN that leads through the pooler. Out: PoolerFacts. I/O: reads the console.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from pgmoat.postgres.connect import connect
from pgmoat.postgres.dsn import Dsn

CONSOLE = "pgbouncer"
"""The console's name as a database; no real one can have it behind PgBouncer."""

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PooledDatabase:
    """One row of SHOW DATABASES: where a name leads, and how large each role's pool is."""

    name: str
    database: str
    force_user: str
    pool_size: int
    reserve_pool: int
    pool_mode: str  # empty: as the pooler's
    host: str = ""  # empty: a Unix socket in the usual folder
    port: int = 0


@dataclass(frozen=True, slots=True)
class PooledUser:
    """One row of SHOW USERS; None for what the version does not show, or the user does not have."""

    name: str
    pool_size: int | None = None  # shown since 1.23
    reserve_pool: int | None = None  # shown since 1.24
    max_connections: int | None = None  # shown since 1.23
    max_clients: int | None = None  # shown since 1.24


@dataclass(frozen=True, slots=True)
class PoolerFacts:
    """What the console says."""

    version: Version
    config: Mapping[str, str]
    databases: Sequence[PooledDatabase]
    users: Sequence[PooledUser] = ()
    fixed: frozenset[str] = field(default_factory=frozenset[str])  # what a RELOAD does not change

    def number(self, name: str) -> int:
        """Return a configured number; 0 where there is none."""
        found = re.match(r"-?[0-9]+", self.config.get(name, ""))
        return int(found[0]) if found else 0

    @property
    def version_text(self) -> str:
        """The version as people write it."""
        return render_version(self.version)


def read_pooler(dsn: Dsn) -> PoolerFacts:
    """
    Return what the console of the pooler behind *dsn* says.

    Raises:
        ConnectionFailedError: no way in: no pooler there, or the user may not use the console.
        psycopg.Error: something else than PgBouncer answered.
    """
    with connect(Dsn(make_conninfo(dsn, dbname=CONSOLE)), pins_search_path=False) as console:
        version = _show(console, "SHOW VERSION")
        config = _show(console, "SHOW CONFIG")
        databases = _show(console, "SHOW DATABASES")
        users = _show(console, "SHOW USERS")
    return PoolerFacts(
        version=parse_version(str(version[0]["version"])) if version else (),
        config={str(row["key"]): str(row["value"] or "") for row in config},
        databases=[_read_database(row) for row in databases],
        users=[_read_user(row) for row in users],
        fixed=frozenset(str(row["key"]) for row in config if row.get("changeable") == "no"),
    )


def parse_version(text: str) -> Version:
    """Return the numbers of ``PgBouncer 1.18.0``; empty where there are none."""
    found = re.search(r"[0-9]+(?:\.[0-9]+)+", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def render_version(version: Version) -> str:
    """Return the version as people write it."""
    return ".".join(map(str, version))


def _show(console: Connection[Any], command: LiteralString) -> list[dict[str, Any]]:
    with console.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(command).fetchall()


def _read_database(row: Mapping[str, Any]) -> PooledDatabase:
    return PooledDatabase(
        name=str(row["name"]),
        database=str(row["database"]),
        force_user=str(row.get("force_user") or ""),
        pool_size=int(row.get("pool_size") or 0),
        # It was called reserve_pool before 1.24.
        reserve_pool=int(row.get("reserve_pool_size") or row.get("reserve_pool") or 0),
        pool_mode=str(row.get("pool_mode") or ""),
        host=str(row.get("host") or ""),
        port=int(row.get("port") or 0),
    )


def _read_user(row: Mapping[str, Any]) -> PooledUser:
    return PooledUser(
        name=str(row["name"]),
        pool_size=_read_number(row, "pool_size"),
        reserve_pool=_read_number(row, "reserve_pool_size"),
        max_connections=_read_number(row, "max_user_connections"),
        max_clients=_read_number(row, "max_user_client_connections"),
    )


def _read_number(row: Mapping[str, Any], name: str) -> int | None:
    text = str(row.get(name) if row.get(name) is not None else "").strip()
    return int(text) if text else None
