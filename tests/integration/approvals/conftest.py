"""
The shop, shared by the tests of this folder and put back before each.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.integration.approvals.shop import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Moat, open_moat
from tests.postgres_fixtures import PostgresServer


@pytest.fixture(scope="session")
def installed_approval_shop(server: PostgresServer) -> Generator[Moat]:
    """The shop, installed once for each test worker."""
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield moat


@pytest.fixture
def shop(installed_approval_shop: Moat) -> Moat:
    """The shop as it was loaded, nobody frozen, nothing held."""
    installed_approval_shop.run(RESET)
    return installed_approval_shop
