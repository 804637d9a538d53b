"""
A shop under a policy, and MCP servers before it: real processes, direct and through PgBouncer.

Out: fixtures. I/O: PostgreSQL, PgBouncer, processes.
"""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from tests.integration.mcp.desk import Desk
from tests.integration.mcp.shop import POLICY, RESET, SCHEMA
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import PostgresServer


@pytest.fixture(scope="session")
def installed_desk(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Generator[Desk]:
    """The shop, installed once for each test worker."""
    with open_moat(server, SCHEMA, POLICY) as site:
        settings = site.policy.settings
        folder = tmp_path_factory.mktemp("mcp")
        names = {
            "agent_role_prefix": settings.agent_role_prefix,
            "system_role_prefix": settings.system_role_prefix,
        }
        (folder / "moat.yaml").write_text(f"version: 1\nsettings: {json.dumps(names)}\n{POLICY}")
        yield Desk(site, folder)


@pytest.fixture
def desk(installed_desk: Desk) -> Desk:
    """The shop as it was loaded, nobody frozen, nothing used up."""
    installed_desk.site.run(RESET)
    return installed_desk
