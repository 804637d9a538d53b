"""
Who may come in, and with what: the agents' SCRAM verifiers, the console's passwords.

In: a connection, the names of roles. Out: Verifiers, ServerFacts. I/O: reads PostgreSQL.

PgBouncer needs no password: when a client logs in by SCRAM, its answer and the verifier give the key with
which PgBouncer logs in to a server that has the same verifier.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.errors import PoolerError
from pgmoat.pooler.advise import Slots
from pgmoat.postgres.sqlfile import load_sql

PACKAGE = "pgmoat.pooler"

_SCRAM = "SCRAM-SHA-256$"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One row of ``read_server.sql``."""

    max_connections: int
    reserved_connections: int
    notices_gone_clients: bool  # client_connection_check_interval is set
    sees_passwords: bool  # whether the caller reads pg_authid

    @property
    def slots(self) -> Slots:
        """What the server has."""
        return Slots(self.max_connections, self.reserved_connections)


@dataclass(frozen=True, slots=True)
class Verifiers:
    """The roles that can log in through the pooler, and why others cannot."""

    known: Mapping[str, str]
    missing: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Verifiers({sorted(self.known)}, {dict(self.missing)})"


def read_server(connection: Connection[Any]) -> ServerFacts:
    """Return what a pooler before the server has to know."""
    with connection.cursor(row_factory=class_row(ServerFacts)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_server")).fetchall()[0]


def read_verifiers(connection: Connection[Any], facts: ServerFacts, roles: Iterable[str]) -> Verifiers:
    """
    Return the verifiers of *roles*: PostgreSQL's own for a superuser, else those that apply recorded.

    Raises:
        psycopg.Error: no superuser, and no pgmoat here or none that the caller may read.
    """
    wanted = list(roles)
    if facts.sees_passwords:
        query = load_sql("pgmoat.catalog", "read_actual_verifiers")
    else:
        query = load_sql(PACKAGE, "read_recorded_verifiers")
    found: dict[str, str | None] = {
        role: verifier for role, verifier in connection.execute(query, {"roles": wanted})
    }
    known: dict[str, str] = {}
    missing: dict[str, str] = {}
    for role in wanted:
        verifier = found.get(role)
        if verifier and verifier.startswith(_SCRAM):
            known[role] = verifier
        elif verifier:
            missing[role] = "its password is stored by MD5, which PgBouncer cannot use for SCRAM"
        else:
            none = "it has no password" if facts.sees_passwords else "apply recorded no password of it"
            missing[role] = none if role in found else "there is no such role"
    return Verifiers(known, missing)


def require_verifiers(verifiers: Verifiers) -> None:
    """
    Refuse to go on when nobody could log in.

    Raises:
        PoolerError: no agent has a password.
    """
    if not verifiers.known:
        raise PoolerError(
            "no agent of the policy can log in to this database",
            detail="\n".join(f"{role}: {why}" for role, why in verifiers.missing.items()),
            hint="pgmoat apply makes the roles and gives them passwords",
        )


def draw_password() -> str:
    """Return a new random password."""
    return secrets.token_urlsafe(24)


def make_verifier(connection: Connection[Any], role: str, password: str) -> str:
    """Return the SCRAM verifier of *password*, made here by libpq; nothing is sent."""
    return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
