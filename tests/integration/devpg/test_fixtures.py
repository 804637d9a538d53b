"""The fixtures that all other integration tests stand on."""

from __future__ import annotations

import secrets

import psycopg
from psycopg import sql

from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix


def read_names(server: PostgresServer) -> set[str]:
    """Every role and database of the server."""
    with psycopg.connect(server.dsn) as connection:
        rows = connection.execute(
            "SELECT rolname FROM pg_catalog.pg_roles UNION ALL SELECT datname FROM pg_catalog.pg_database"
        ).fetchall()
    return {str(name) for (name,) in rows}


def test_database_is_fresh_and_its_own(database: Database, server: PostgresServer) -> None:
    assert database.name in read_names(server)
    with psycopg.connect(database.dsn) as connection:
        assert connection.info.dbname == database.name
        assert connection.info.server_version == server.server_version
        assert connection.execute(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE oid >= 16384"
        ).fetchone() == (0,)


def test_databases_and_tangled_roles_are_gone_afterwards(server: PostgresServer) -> None:
    before = read_names(server)
    with draw_role_prefix(server) as prefix, create_database(server) as fresh:
        first, second = sql.Identifier(f"{prefix}a"), sql.Identifier(f"{prefix}b")
        password = secrets.token_hex(8)
        with psycopg.connect(fresh.dsn) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(first, sql.Literal(password))
            )
            connection.execute(sql.SQL("CREATE ROLE {}").format(second))
            connection.execute(sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(second, first))
            connection.execute(
                sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(fresh.name), first)
            )
        with psycopg.connect(fresh.dsn_for(f"{prefix}a", password), autocommit=True) as agent:
            agent.execute("CREATE SCHEMA own")
            agent.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(f"{prefix}c")))
            agent.execute(sql.SQL("GRANT {} TO {}").format(second, sql.Identifier(f"{prefix}c")))
    assert read_names(server) == before
