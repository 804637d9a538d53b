"""Where the verifiers come from: PostgreSQL's own for a superuser, recorded ones for others."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from pgmoat.errors import PoolerError
from pgmoat.pooler.auth import make_verifier, read_server, read_verifiers, require_verifiers
from pgmoat.postgres.connect import connect
from tests.moat_fixtures import Moat


def test_a_superuser_reads_postgresqls_own(desk: Moat) -> None:
    roles = [desk.role("clerk"), desk.role("reader"), "nobody_here"]
    with connect(desk.database.dsn) as connection:
        server = read_server(connection)
        assert server.sees_passwords
        assert server.max_connections == 100
        found = read_verifiers(connection, server, roles)
    assert found.missing == {"nobody_here": "there is no such role"}
    assert sorted(found.known) == sorted(roles[:2])
    assert all(verifier.startswith("SCRAM-SHA-256$") for verifier in found.known.values())
    assert "SCRAM" not in repr(found)


def test_others_read_what_apply_recorded_or_nothing(desk: Moat) -> None:
    owner, stranger = (
        f"{desk.policy.settings.agent_role_prefix}{name}" for name in ("installer", "stranger")
    )
    for name in (owner, stranger):
        desk.run(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'x'").format(sql.Identifier(name)))
    member = sql.SQL("GRANT {} TO {}")
    desk.run(member.format(sql.Identifier(desk.system_role("owner")), sql.Identifier(owner)))
    desk.run(
        "UPDATE pgmoat.agent SET password_verifier = (SELECT rolpassword FROM pg_authid WHERE rolname = role)"
        " WHERE name = 'reader'"
    )
    roles = [desk.role("clerk"), desk.role("reader")]
    with connect(desk.database.dsn_for(owner, "x")) as connection:
        server = read_server(connection)
        assert not server.sees_passwords
        found = read_verifiers(connection, server, roles)
    assert list(found.known) == [desk.role("reader")]
    assert found.missing == {desk.role("clerk"): "apply recorded no password of it"}
    desk.run("UPDATE pgmoat.agent SET password_verifier = NULL")
    with (
        connect(desk.database.dsn_for(stranger, "x")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        read_verifiers(connection, read_server(connection), roles)


def test_a_password_by_md5_is_said_to_be_of_no_use(desk: Moat) -> None:
    name = f"{desk.policy.settings.agent_role_prefix}old"
    # As a server with password_encryption = md5 stores it.
    hashed = "md5" + "0" * 32
    statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    desk.run(statement.format(sql.Identifier(name), sql.Literal(hashed)))
    with connect(desk.database.dsn) as connection:
        found = read_verifiers(connection, read_server(connection), [name])
    assert "MD5" in found.missing[name]
    with pytest.raises(PoolerError, match="no agent"):
        require_verifiers(found)


def test_a_verifier_is_made_without_the_server(desk: Moat) -> None:
    with connect(desk.database.dsn) as connection:
        first = make_verifier(connection, "somebody", "pw")
        second = make_verifier(connection, "somebody", "pw")
    assert first.startswith("SCRAM-SHA-256$")
    assert first != second
