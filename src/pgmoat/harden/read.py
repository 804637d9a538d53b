"""
Read who holds what PUBLIC holds too, and which roles there are.

In: a connection, whose agents are meant. Out: Things, Roles, Closures. I/O: reads system catalogs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus

from pgmoat.errors import NotFoundError
from pgmoat.harden.areas import ALL_AREAS, Areas
from pgmoat.harden.close import CATALOG_FUNCTIONS, compile_closures
from pgmoat.harden.rights import Held, Roles, ServerRole, Thing
from pgmoat.harden.sharing import Needs, Sharing
from pgmoat.model.closure import Closure
from pgmoat.model.names import OWN_SCHEMAS
from pgmoat.model.objects import Grant
from pgmoat.postgres.sqlfile import load_sql

_PACKAGE = "pgmoat.harden"


@dataclass(frozen=True, slots=True)
class Request:
    """For whom PUBLIC's ways are closed."""

    agents: frozenset[str] = frozenset()  # roles that are to lose them
    own: frozenset[str] = frozenset()  # pgmoat's own roles
    runners: frozenset[str] = frozenset()  # those that run people's triggers and policies, and operations
    base_tables: frozenset[str] = frozenset()  # of the entities, quoted
    views_role: str = ""
    entity_schema: str = "agent"
    areas: Areas = field(default_factory=lambda: ALL_AREAS)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a hardening has to know of the database and its server."""

    things: tuple[Thing, ...]
    roles: Roles
    needs: Needs
    open_databases: tuple[str, ...] = ()  # others that PUBLIC may connect to
    has_lax_large_objects: bool = False  # lo_compat_privileges

    def sharing(self, wanted: Iterable[Grant] = ()) -> Sharing:
        """Return the rule by which privileges are shared out, once *wanted* is granted."""
        return Sharing(self.roles, self.needs, wanted)


def read_closures(connection: Connection[Any], request: Request) -> tuple[Closure, ...]:
    """
    Return how each way is closed that PUBLIC has now, with grants for all roles but the agents'.

    Settings made on the way are undone; an open transaction is used as it is and stays open.
    """
    rights = read_rights(connection, request)
    return compile_closures(rights.things, rights.sharing(), request.areas)


def read_rights(connection: Connection[Any], request: Request, named: Iterable[str] = ()) -> Rights:
    """
    Return who holds what PUBLIC holds too, and what is on objects that *named* names, as one snapshot.

    Settings made on the way are undone; an open transaction is used as it is and stays open.

    Raises:
        NotFoundError: a database that *request* names does not exist.
    """
    is_own_transaction = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction(force_rollback=True):
        if is_own_transaction:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL search_path = pg_catalog")
        connection.execute("SET LOCAL jit = off")
        (around,) = connection.execute(
            load_sql(_PACKAGE, "read_surroundings"), {"databases": sorted(request.areas.databases)}
        ).fetchall()
        if around[2]:
            raise NotFoundError(
                f"there is no database {around[2][0]}", hint="connect:NAME takes its exact name"
            )
        return Rights(
            things=read_things(connection, request, named),
            roles=read_roles(connection, request),
            needs=read_needs(connection, request),
            open_databases=tuple(around[0]),
            has_lax_large_objects=around[1],
        )


def read_made_roles(connection: Connection[Any]) -> frozenset[str]:
    """Return the roles that apply made; none where there is no pgmoat."""
    installed = connection.execute("SELECT pg_catalog.to_regclass('pgmoat.object') IS NOT NULL").fetchone()
    if installed != (True,):
        return frozenset()
    return frozenset(name for (name,) in connection.execute(load_sql(_PACKAGE, "read_made_roles")))


def read_things(
    connection: Connection[Any], request: Request, named: Iterable[str] = ()
) -> tuple[Thing, ...]:
    """
    Return what PUBLIC holds something on, and what *named* names (``function public.f(integer)``).

    Needs ``search_path = pg_catalog``, so that functions and argument types come qualified.
    """
    parameters = {
        "own_schemas": [*OWN_SCHEMAS, request.entity_schema],
        "catalog_functions": sorted(name for names in CATALOG_FUNCTIONS.values() for name in names),
        "databases": sorted(request.areas.databases),
        "named": sorted(set(named)),
    }
    found = connection.execute(load_sql(_PACKAGE, "read_rights"), parameters).fetchall()
    return tuple(_make_thing(head, rows) for head, rows in groupby(found, _head))


def _make_thing(head: tuple[Any, ...], rows: Iterable[tuple[Any, ...]]) -> Thing:
    kind, name, column, owner, owner_is_superuser, trait, is_default, object_id, part_id = head
    return Thing(
        kind,
        name,
        column,
        owner,
        owner_is_superuser,
        trait,
        is_default,
        held=tuple(Held(*row[9:]) for row in rows if row[9] is not None),
        object_id=object_id,
        part_id=part_id,
    )


def _head(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:9]


def read_roles(connection: Connection[Any], request: Request) -> Roles:
    """Return the server's roles as *request* divides them."""
    query = load_sql(_PACKAGE, "read_roles", connection.info.server_version)

    def make_role(*row: Any) -> ServerRole:
        name, is_superuser, is_marked, member_of, inherits = row
        return ServerRole(name, is_superuser, is_marked, tuple(member_of), tuple(inherits))

    rows = connection.execute(query).fetchall()
    return Roles(tuple(make_role(*row) for row in rows), request.agents, request.own)


def read_needs(connection: Connection[Any], request: Request) -> Needs:
    """Return what agents and pgmoat's own roles need of what PUBLIC has."""
    rows = connection.execute(
        load_sql(_PACKAGE, "read_used_functions"), {"entity_schema": request.entity_schema}
    ).fetchall()
    return Needs(
        used_functions=frozenset(name for (name,) in rows),
        runners=request.runners,
        own=request.own,
        agents=request.agents,
        views_role=request.views_role,
        base_tables=request.base_tables,
    )
