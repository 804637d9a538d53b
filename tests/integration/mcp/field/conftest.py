"""
The help desk under its policy, and MCP servers before it.

Out: fixtures. I/O: PostgreSQL, PgBouncer, processes.
"""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from tests.integration.mcp.desk import Desk
from tests.integration.mcp.field.site import POLICY, RESET, SCHEMA
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import PostgresServer


@pytest.fixture(scope="package")
def installed_field(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Generator[Desk]:
    """The help desk, installed once."""
    with open_moat(server, SCHEMA, POLICY) as site:
        folder = tmp_path_factory.mktemp("field")
        prefixes = ("agent_role_prefix", "system_role_prefix")
        names = {name: getattr(site.policy.settings, name) for name in prefixes}
        (folder / "moat.yaml").write_text(f"version: 1\nsettings: {json.dumps(names)}\n{POLICY}")
        yield Desk(site, folder)


@pytest.fixture
def field(installed_field: Desk) -> Desk:
    """The help desk as it was loaded, nobody frozen, nothing used up."""
    installed_field.site.run(RESET)
    return installed_field
