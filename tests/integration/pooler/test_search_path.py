"""A verb behind a pooler in transaction mode leaves nothing on the session that the next client gets."""

from __future__ import annotations

from typing import Any

import psycopg

from pgmoat.postgres.connect import connect
from tests.moat_fixtures import Moat


def read_path(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SHOW search_path").fetchone()
    assert row is not None
    return str(row[0])


def test_a_search_path_is_pinned_on_direct_sessions_only(desk: Moat) -> None:
    with connect(desk.database.dsn) as connection:
        assert read_path(connection) == "pg_catalog, pg_temp"
    with desk.connect_pooled("clerk", resets=False) as before:
        own = read_path(before)
    role = desk.role("clerk")
    dsn = desk.start_pooler().dsn(role, desk.passwords[role], desk.database.name, resets=False)
    with connect(dsn) as connection:
        assert read_path(connection) == own
    with desk.connect_pooled("clerk", resets=False) as after:
        assert read_path(after) == own
