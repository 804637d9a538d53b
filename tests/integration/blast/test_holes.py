"""Every hole of the seeded database is one: the role uses it by its own login, and people work there."""

from __future__ import annotations

import pytest

from tests.holes.world import HOLES, Hole, is_available, open_world
from tests.postgres_fixtures import Database, PostgresServer


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.name)
def test_each_hole_alone_is_open(
    hole: Hole, server: PostgresServer, database: Database, role_prefix: str
) -> None:
    if not is_available(database, hole):
        pytest.skip(f"this server has no {hole.extension}")
    with open_world(server, role_prefix, hole.name) as world:
        world.work(hole)
        assert world.exploit(hole), hole.about


def test_without_a_seed_none_is_open(server: PostgresServer, database: Database, role_prefix: str) -> None:
    with open_world(server, role_prefix, "none") as world:
        assert [hole.name for hole in HOLES if world.exploit(hole)] == []
